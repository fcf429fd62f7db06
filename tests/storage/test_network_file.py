"""Networks and parameters in files: what comes back is what was saved, or says why not."""

from __future__ import annotations

import builtins
import importlib.util
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nudgegrad as ng
from nudgegrad.files import FileError
from nudgegrad.storage.arrays import write_arrays
from nudgegrad.storage.description import LAYERS_BY_NAME, LOSSES_BY_NAME
from nudgegrad.validation import ParameterError
from tests.networks import TrainingCase, picture_cases

ENDINGS = [
    ".npz",
    pytest.param(
        ".safetensors",
        marks=pytest.mark.skipif(
            importlib.util.find_spec("safetensors") is None, reason="needs safetensors"
        ),
    ),
]
ending = pytest.mark.parametrize("ending", ENDINGS)


def small(dtype: str = "float64") -> ng.Network:
    layers = [ng.Affine(3, 4), ng.BatchNorm(4), ng.Dropout(0.2), ng.ReLU(), ng.Affine(4, 2)]
    return ng.Network(layers, seed=1, dtype=dtype)


def same(one: ng.Network, other: ng.Network) -> None:
    assert repr(one.layers) == repr(other.layers)
    assert repr(one.loss_function) == repr(other.loss_function)
    assert (one.dtype, one.input_shape) == (other.dtype, other.input_shape)
    for ours, theirs in ((one.params, other.params), (one.buffers, other.buffers)):
        assert list(ours) == list(theirs)
        for name, array in ours.items():
            np.testing.assert_array_equal(theirs[name], array, strict=True)


@ending
@given(data=st.data(), dtype=st.sampled_from(["float32", "float64"]))
@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
def test_random_networks_come_back(ending: str, data: st.DataObject, dtype: str) -> None:
    case: TrainingCase = data.draw(picture_cases(dtype))
    network, x, t, step = case
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"network{ending}"
        network.save(path)
        again = ng.load_network(path)
        assert [file.name for file in Path(folder).iterdir()] == [path.name]
    same(network, again)
    np.testing.assert_array_equal(again.predict(x), network.predict(x))
    assert again.loss(x, t, training_step=step) == network.loss(x, t, training_step=step)
    found = again.gradient(x, t, "node", training_step=step)
    for name, array in network.gradient(x, t, "node", training_step=step).items():
        np.testing.assert_array_equal(found[name], array)
    for array in again.params.values():
        array += 1  # they are writable


@ending
def test_every_argument_comes_back(tmp_path: Path, ending: str) -> None:
    layers = [
        ng.Conv2D(2, 3, (2, 3), stride=2, padding=1, weight_init_std=0.25),
        ng.BatchNorm(3, momentum=0.3, epsilon=1e-3),
        ng.LeakyReLU(0.125),
        ng.MaxPool2D((2, 1), stride=1),
        ng.Flatten(),
        ng.Dropout(0.25, seed=7),
        ng.Affine(12, 2, weight_init_std="he"),
    ]
    loss = ng.CrossEntropy(1e-3, label_smoothing=0.125)
    network = ng.Network(layers, loss, dtype="float32", input_shape=(2, 5, 4))
    network.save(tmp_path / f"a{ending}")
    again = ng.load_network(tmp_path / f"a{ending}")
    for one, other in zip(network.layers, again.layers, strict=True):
        skipped = "params", "buffers", "_place", "_others"
        ours, theirs = (
            {key: value for key, value in vars(layer).items() if key not in skipped}
            for layer in (one, other)
        )
        assert ours == theirs
    assert vars(again.loss_function) == vars(loss)


@ending
def test_a_two_layer_net_comes_back_as_a_network(tmp_path: Path, ending: str) -> None:
    network = ng.TwoLayerNet(4, 3, 2, seed=0)
    network.save(tmp_path / f"a{ending}")
    again = ng.load_network(tmp_path / f"a{ending}")
    assert type(again) is ng.Network
    same(network, again)


@ending
def test_parameters_alone(tmp_path: Path, ending: str) -> None:
    network, other = small(), small()
    path = tmp_path / f"a{ending}"
    for array in network.params.values():
        array += 1
    network.buffers["running_mean1"] = np.arange(4.0)
    network.save_parameters(path)
    other.load_parameters(path)
    same(network, other)
    with pytest.raises(FileError, match=r"does not say what network .* build the network in"):
        ng.load_network(path)
    network.save(path)  # a whole network's file has them too
    network.params["W1"] += 1
    other.params["W1"] += 2
    other.load_parameters(path)
    np.testing.assert_array_equal(other.params["W1"] + 1, network.params["W1"])


class Doubling(ng.Layer):
    """A layer of one's own, with a parameter."""

    def __init__(self) -> None:
        self.params["scale"] = np.array([2.0])

    def forward(self, x: Any) -> Any:
        return x * self.params["scale"]


class Own(ng.Loss):
    """A loss of one's own."""


@ending
def test_layers_and_losses_of_ones_own(tmp_path: Path, ending: str) -> None:
    network = ng.Network([ng.Affine(2, 2), Doubling()], seed=0)
    path = tmp_path / f"a{ending}"
    with pytest.raises(
        ParameterError, match=r"^layer 2 must be .* Doubling\(\); .*save_parameters"
    ):
        network.save(path)
    assert list(tmp_path.iterdir()) == []
    network.save_parameters(path)
    other = ng.Network([ng.Affine(2, 2), Doubling()], seed=1)
    other.load_parameters(path)
    same(network, other)
    with pytest.raises(ParameterError, match=r"^loss must be .* got Own\(\)"):
        ng.Network([ng.Affine(2, 2)], Own()).save(path)


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"parameter.W1": None}, r"parameter W1 must be float64 of shape \(3, 4\), the file has none"),
    ({"parameter.W1": np.zeros((4, 3))}, r"W1 must be .* the file has float64 of shape \(4, 3\)$"),
    ({"buffer.running_var1": np.ones(3)}, r"buffer running_var1 must be .* shape \(4,\)"),
    (
        {"parameter.b1": np.zeros(4, np.float32)},
        r"b1 must be float64 .*; make the network with dtype='float32', .* network\.copy\('float64",
    ),
    ({"parameter.b1": np.zeros(4, np.int64)}, r"has int64 of shape \(4,\)$"),
    ({"parameter.W3": np.zeros(4)}, "holds parameter W3, which .* it has W1, b1, gamma1, "),
]


@ending
@pytest.mark.parametrize(("change", "message"), WRONG, ids=[m[:20] for _, m in WRONG])
def test_names_and_shapes_that_do_not_fit(
    tmp_path: Path, ending: str, change: dict[str, Any], message: str
) -> None:
    network = small()
    arrays = {f"parameter.{name}": array for name, array in network.params.items()}
    arrays |= {f"buffer.{name}": array for name, array in network.buffers.items()}
    arrays |= change
    path = tmp_path / f"a{ending}"
    write_arrays(path, {name: array for name, array in arrays.items() if array is not None})
    before = network.copy()
    network.params["W2"] += 1
    before.params["W2"] += 1
    with pytest.raises(FileError, match=message):
        network.load_parameters(path)
    same(before, network)


def test_a_checkpoint_holds_parameters_too(tmp_path: Path) -> None:
    network = small()
    rng = np.random.default_rng(0)
    part = rng.normal(size=(8, 3)), rng.integers(0, 2, 8)
    trainer = ng.Trainer(network, (part, part), batch_size=4, learning_rate=0.1, seed=0)
    trainer.step()
    trainer.save(tmp_path / "checkpoint.npz")
    other = small()
    other.load_parameters(tmp_path / "checkpoint.npz")
    same(network, other)
    with pytest.raises(FileError, match="does not say what network it is of"):
        ng.load_network(tmp_path / "checkpoint.npz")


def test_all_layers_and_losses_can_be_described() -> None:
    for kinds, described in ((ng.Layer, LAYERS_BY_NAME), (ng.Loss, LOSSES_BY_NAME)):
        values = [getattr(ng, name) for name in ng.__all__]
        ours = {v.__name__ for v in values if isinstance(v, type) and issubclass(v, kinds)}
        assert set(described) == ours - {kinds.__name__}


def test_paths() -> None:
    for name in ("net", "net.pt", "net.npz.zip"):
        with pytest.raises(ParameterError, match=r"path must end in \.npz or \.safetensors, got"):
            small().save(name)
        with pytest.raises(ParameterError, match=r"path must end in \.npz or \.safetensors, got"):
            ng.load_network(name)


@ending
def test_files_that_are_not_there(tmp_path: Path, ending: str) -> None:
    with pytest.raises(FileError, match=r"cannot be read \(No such file"):
        ng.load_network(tmp_path / f"none{ending}")
    (tmp_path / f"folder{ending}").mkdir()
    with pytest.raises(FileError, match=f"folder{ending}: "):
        ng.load_network(tmp_path / f"folder{ending}")
    with pytest.raises(OSError, match="No such file"):
        small().save(tmp_path / "none" / f"a{ending}")


def test_without_the_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    importing = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name.startswith("safetensors"):
            raise ImportError(name)
        return importing(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    for use in (small().save, ng.load_network, small().load_parameters):
        with pytest.raises(ImportError, match=r'pip install "nudgegrad\[safetensors\]", or let'):
            use(tmp_path / "a.safetensors")
    small().save(tmp_path / "a.npz")
