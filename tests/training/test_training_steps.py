"""Layers that do something else in training, in a trainer."""

from pathlib import Path

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.files import FileError, read_npz
from nudgegrad.training.checkpoint import load_parameters
from nudgegrad.training.update import is_fused
from tests.training.small import make_data, make_trainer, state_of


def convolutional(seed: int, dtype: str = "float64") -> ng.Network:
    layers = [
        ng.Conv2D(1, 2, 2, padding=1), ng.BatchNorm(2), ng.ReLU(), ng.MaxPool2D(2), ng.Flatten(),
        ng.Affine(2 * 1 * 2, 5), ng.GELU(), ng.Dropout(0.3), ng.Affine(5, 3),
    ]  # fmt: skip
    return ng.Network(layers, seed=seed, dtype=dtype, input_shape=(1, 2, 3))


def with_dropout(seed: int) -> ng.Network:
    layers = [ng.Affine(6, 5), ng.Tanh(), ng.Dropout(0.3), ng.Affine(5, 3)]
    return ng.Network(layers, seed=seed)


@pytest.mark.parametrize("method", ["naive", "weight", "node", "backprop"])
@pytest.mark.parametrize("make", [convolutional, with_dropout])
def test_resumed_equals_never_stopped(tmp_path: Path, method: str, make: type) -> None:
    whole = make_trainer(network=make(1), method=method)
    whole.run(8)
    trainer = make_trainer(network=make(1), method=method)
    trainer.run(3, checkpoint=tmp_path / "checkpoint.npz")
    # All of the seeds is in the file, those of the masks too.
    trainer = make_trainer(network=make(7), method=method, seed=99)
    trainer.restore(tmp_path / "checkpoint.npz")
    trainer.run(5)
    assert state_of(trainer) == state_of(whole)


@pytest.mark.parametrize("make", [convolutional, with_dropout])
def test_methods_and_kernels_train_alike(make: type) -> None:
    trained = {}
    for method, kernels in [("backprop", True), ("node", True), ("node", False), ("weight", True)]:
        trainer = make_trainer(network=make(1), method=method, kernels=kernels)
        assert is_fused(trainer) == (make is with_dropout and method == "node" and kernels)
        trainer.run(6)
        trained[method, kernels] = trainer.network
    for network in trained.values():
        for name, array in trained["backprop", True].params.items():
            np.testing.assert_allclose(network.params[name], array, atol=1e-6)
        for name, array in trained["backprop", True].buffers.items():
            np.testing.assert_allclose(network.buffers[name], array, atol=1e-6)


def test_masks_are_drawn_anew_at_every_step() -> None:
    network = ng.Network([ng.Dropout(0.5), ng.Affine(6, 3)], seed=0)
    trainer = make_trainer(network=network, learning_rate=1e-12, batch_size=60, sampling="shuffle")
    trainer.run(3)  # of the same samples, with weights as good as equal
    assert len(np.unique(np.round(trainer.history.train_loss, 6))) == 3


def test_buffers_are_saved_and_asked_for(tmp_path: Path) -> None:
    trainer = make_trainer(network=convolutional(1))
    trainer.run(4, checkpoint=tmp_path / "checkpoint.npz")
    arrays, _ = read_npz(tmp_path / "checkpoint.npz")
    names = {name for name in arrays if name.startswith("buffer.")}
    assert names == {"buffer.running_mean1", "buffer.running_var1", "buffer.seed1"}
    network = convolutional(2)
    load_parameters(tmp_path / "checkpoint.npz", network)
    x = make_data().x_test
    np.testing.assert_array_equal(network.predict(x), trainer.network.predict(x))
    with pytest.raises(FileError, match="buffer running_mean1 must be float32"):
        load_parameters(tmp_path / "checkpoint.npz", _only_buffers_differ())


def _only_buffers_differ() -> ng.Network:
    network = convolutional(2)
    for layer in network.layers:
        for name, array in layer.buffers.items():
            layer.buffers[name] = array.astype("float32")
    return network


def test_a_loss_that_is_not_finite_changes_no_running_mean() -> None:
    trainer = make_trainer(network=convolutional(1))
    trainer.network.params["W2"] *= np.nan
    before = state_of(trainer)["buffers"]
    with np.errstate(all="ignore"):
        assert not np.isfinite(trainer.step())
    assert state_of(trainer)["buffers"] == before


def test_accuracy_of_a_single_output() -> None:
    data = make_data()
    parts = [(x, (t == 0).astype(int)) for x, t in ((data.x_train, data.t_train),
                                                     (data.x_test, data.t_test))]  # fmt: skip
    network = ng.Network([ng.Affine(6, 1)], ng.BinaryCrossEntropy(), seed=0)
    history = ng.train(network, (parts[0], parts[1]), iterations=200, batch_size=20,
                       learning_rate=1.0, seed=0)  # fmt: skip
    assert history.epochs[-1].test_accuracy is not None
    assert history.epochs[-1].test_accuracy > 0.8
    assert network.accuracy(*parts[1]) == history.epochs[-1].test_accuracy
