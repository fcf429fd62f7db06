"""The ready models, in Python, in a run's configuration and from the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.models import MODELS
from nudgegrad.training.configuration import MODEL_SETTINGS, Configuration
from nudgegrad.training.run_folder import RunFolder
from nudgegrad.validation import ParameterError
from tests.cli.processes import call


def shapes(network: ng.Network) -> dict[str, tuple[int, ...]]:
    return {name: tuple(array.shape) for name, array in network.params.items()}


def test_the_books_shapes() -> None:
    assert shapes(ng.TwoLayerNet(784, 100, 10)) == {
        "W1": (784, 100), "b1": (100,), "W2": (100, 10), "b2": (10,),
    }  # fmt: skip
    deep = shapes(ng.MultiLayerNet(784, [100] * 6, 10))
    assert [deep[f"W{k}"] for k in range(1, 8)] == [(784, 100), *[(100, 100)] * 5, (100, 10)]
    assert shapes(ng.SimpleConvNet()) == {
        "W1": (30, 1, 5, 5), "b1": (30,), "W2": (4320, 100), "b2": (100,), "W3": (100, 10),
        "b3": (10,),
    }  # fmt: skip


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_four_ways_through_a_simple_convnet(dtype: str) -> None:
    net = ng.SimpleConvNet(
        (2, 6, 6), filters=3, kernel_size=3, hidden_size=5, output_size=4, seed=1, dtype=dtype
    )
    rng = np.random.default_rng(0)
    for name, array in net.params.items():
        if name[0] == "b":
            array[...] = rng.normal(scale=0.3, size=array.shape)
    x, t = rng.normal(size=(6, 2, 6, 6)), rng.integers(0, 4, 6)
    analytic = net.gradient(x, t)
    rough = 1e-7 if dtype == "float64" else 2e-5
    for method in ("weight", "node"):
        found = net.numerical_gradient(x, t, method=method, h=1e-5 if dtype == "float64" else 1e-4)
        for name in analytic:
            np.testing.assert_allclose(found[name], analytic[name], rtol=0, atol=rough)


def test_a_configuration_builds_what_its_model_says() -> None:
    assert Configuration(hidden_sizes=(5, 5)).model == "multi-layer"
    assert set(MODEL_SETTINGS) == set(MODELS)
    for model, settings in MODEL_SETTINGS.items():
        configuration = Configuration(model=model, **settings)
        network = configuration.build_network(64, 3, (8, 8))
        assert configuration.model == model
        assert network.predict(np.zeros((2, 64))).shape == (2, 3)
    with pytest.raises(ParameterError, match="model must be one of"):
        Configuration(model="three-layer")
    convolutional = Configuration(model="simple-convnet")
    with pytest.raises(ParameterError, match="must be given pictures, but 'mnist' has rows of 16"):
        convolutional.build_network(16, 3)
    with pytest.raises(ParameterError, match="must have one hidden size"):
        Configuration(model="simple-convnet", hidden_sizes=(3, 3)).build_network(64, 3, (8, 8))


def test_a_simple_convnet_is_trained_resumed_and_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    options: list[Any] = ["--model", "simple-convnet", "--hidden-size", 6, "--train-limit", 60]
    done = call(
        capsys, "train", *options, "--iterations", 4, "--batch-size", 10, "--out", run, "--json"
    )
    assert done.code == 0
    assert json.loads(done.out)["iterations"] == 4
    network = RunFolder.open(run).network()
    assert isinstance(network, ng.SimpleConvNet)
    assert RunFolder.open(run).configuration().optimizer == "adam"
    assert call(capsys, "train", "--resume", run, "--quiet").code == 0
    refused = call(capsys, "train", "--model", "lenet")
    assert refused.code == 2
    assert "model must be one of two-layer, multi-layer, simple-convnet" in refused.err


@pytest.mark.parametrize("shape", [(1, 5, 5), (28, 28), (1, 28, 5), "28", None])
def test_pictures_that_the_convnet_cannot_take(shape: Any) -> None:
    with pytest.raises(ParameterError, match=r"^input_shape must be .*, got .*"):
        ng.SimpleConvNet(shape)


def test_small_pictures_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    x = np.zeros((4, 5, 5))
    t = np.array([0, 1, 0, 1])
    np.savez(tmp_path / "small.npz", x_train=x, t_train=t, x_test=x, t_test=t)
    options = ["--data", str(tmp_path / "small.npz"), "--model", "simple-convnet"]
    done = call(capsys, "train", *options, "--batch-size", "2", "--out", str(tmp_path / "run"))
    assert done.code == 2
    assert "must be (channels, height, width) of pictures of at least 6 × 6" in done.err
    assert "--image-size" in done.err
    assert not (tmp_path / "run").exists()
