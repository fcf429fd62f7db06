"""Checkpoints: to the bit, whole or not at all, and never trusted."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nudgegrad as ng
from nudgegrad.files import FileError, read_npz, write_npz
from nudgegrad.training.checkpoint import load_parameters
from nudgegrad.training.schedules import CosineDecay, LinearDecay, StepDecay
from tests.training.small import make_data, make_trainer, state_of

SETTINGS = {
    "method": st.sampled_from(["weight", "node", "backprop"]),
    "optimizer": st.sampled_from(["sgd", "momentum", "adam"]),
    "sampling": st.sampled_from(["replacement", "shuffle"]),
    "dtype": st.sampled_from(["float32", "float64"]),
    "batch_size": st.sampled_from([7, 10, 60]),
}
MORE = {
    "weight_decay": st.sampled_from([0.0, 0.01]),
    "schedule": st.sampled_from([None, CosineDecay(25, warm_up=4), StepDecay(9, 0.5)]),
    "validation_fraction": st.sampled_from([0.1, 0.4]),
    "patience": st.sampled_from([None, 1, 2]),
    "min_delta": st.sampled_from([0.0, 0.05]),
    "monitor": st.sampled_from(["loss", "accuracy"]),
    "batch_size": st.sampled_from([7, 10, 36]),
}


@given(st.fixed_dictionaries(SETTINGS), st.lists(st.integers(0, 25), max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_resumed_equals_never_stopped(
    tmp_path: Path, chosen: dict[str, Any], stops: list[int]
) -> None:
    whole = make_trainer(**chosen)
    whole.run(25)
    checkpoint = tmp_path / "checkpoint.npz"
    trainer = make_trainer(**chosen)
    for stop in sorted(stops):
        trainer.run(stop - trainer.iteration, checkpoint=checkpoint)
        trainer = make_trainer(**{**chosen, "seed": 99})  # all of the seed is in the file
        trainer.restore(checkpoint)
        assert trainer.iteration == stop
    trainer.run(25 - trainer.iteration)
    assert state_of(trainer) == state_of(whole)


@given(st.fixed_dictionaries({**SETTINGS, **MORE}), st.lists(st.integers(0, 25), max_size=3))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
def test_resumed_equals_never_stopped_with_samples_held_out(
    tmp_path: Path, chosen: dict[str, Any], stops: list[int]
) -> None:
    whole = make_trainer(**chosen)
    whole.run(25)
    checkpoint = tmp_path / "checkpoint.npz"
    trainer = make_trainer(**chosen)
    for stop in sorted(stops):
        trainer.run(max(0, stop - trainer.iteration), checkpoint=checkpoint)
        left = ng.TwoLayerNet(6, 5, 3, dtype=chosen["dtype"])
        load_parameters(checkpoint, left)  # what the run's folder has is what the network has
        for name, array in trainer.network.params.items():
            assert left.params[name].tobytes() == array.tobytes()
        trainer = make_trainer(**{**chosen, "seed": 99})
        trainer.restore(checkpoint)
    trainer.run(max(0, 25 - trainer.iteration))
    assert state_of(trainer) == state_of(whole)


def test_checkpoints_of_before_there_was_weight_decay(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.npz"
    trainer = make_trainer(schedule=LinearDecay(20))
    trainer.run(5, checkpoint=path)
    arrays, document = read_npz(path)
    for name in ("weight_decay", "schedule", "validation_samples", "monitor", "patience"):
        del document["settings"][name]
    del document["settings"]["min_delta"]
    document["settings"]["decay_iterations"] = 20
    write_npz(path, arrays, document)
    other = make_trainer(schedule=LinearDecay(20))
    other.restore(path)
    assert other.run(3).train_loss == trainer.run(3).train_loss
    with pytest.raises(FileError, match="was made with schedule"):
        make_trainer().restore(path)


@pytest.mark.parametrize("rows", [[0, 0, 1], [5, 3, 4], [58, 59, 60], [1, 2], [-1, 2, 3]])
def test_held_out_samples_that_cannot_be(tmp_path: Path, rows: list[int]) -> None:
    path = tmp_path / "checkpoint.npz"
    settings: dict[str, Any] = {"validation_fraction": 0.05}
    make_trainer(**settings).run(7, checkpoint=path)
    arrays, document = read_npz(path)
    arrays["held_out"] = np.array(rows)
    write_npz(path, arrays, document)
    trainer = make_trainer(**settings)
    before = state_of(trainer)
    with pytest.raises(FileError, match="held_out must be 3 of 60 training samples"):
        trainer.restore(path)
    assert state_of(trainer) == before


def test_a_best_that_does_not_fit(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.npz"
    make_trainer(validation_fraction=0.1).run(6, checkpoint=path)  # an epoch
    arrays, document = read_npz(path)
    arrays["best.W1"] = arrays["best.W1"][:-1]
    write_npz(path, arrays, document)
    trainer = make_trainer(validation_fraction=0.1)
    with pytest.raises(FileError, match=r"parameter W1 must be float64 of shape \(6, 5\)"):
        trainer.restore(path)
    with pytest.raises(FileError, match="parameter W1"):
        load_parameters(path, trainer.network)


def test_checkpoints_come_when_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer, saved = make_trainer(), []
    monkeypatch.setattr(trainer, "save", lambda _: saved.append(trainer.iteration))
    trainer.run(11, checkpoint=tmp_path / "c", checkpoint_every=4)
    assert saved == [4, 8, 11]
    saved.clear()
    trainer.run(3, checkpoint=tmp_path / "c", checkpoint_seconds=1e-9)
    assert saved == [12, 13, 14, 14]
    saved.clear()
    trainer.run(3)
    assert saved == []


def test_a_changed_learning_rate_is_kept(tmp_path: Path) -> None:
    trainer = make_trainer(learning_rate=0.5)
    trainer.optimizer.learning_rate = np.float32(0.25)  # type: ignore[assignment]
    trainer.run(5, checkpoint=tmp_path / "checkpoint.npz")
    other = make_trainer(learning_rate=0.5)
    other.restore(tmp_path / "checkpoint.npz")
    assert other.optimizer.learning_rate == 0.25
    assert other.run(5).train_loss == trainer.run(5).train_loss


def test_the_file_is_readable_by_others(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.npz"
    trainer = make_trainer(optimizer="momentum")
    trainer.run(7, checkpoint=path)
    with np.load(path) as archive:
        np.testing.assert_array_equal(archive["parameter.W1"], trainer.network.params["W1"])
        np.testing.assert_array_equal(archive["train_loss"], trainer.history.train_loss)
        assert "optimizer.velocity.W1" in archive
    with zipfile.ZipFile(path) as archive_file:
        document = json.loads(archive_file.read("checkpoint.json"))
    assert document["iteration"] == 7
    assert document["settings"]["method"] == "node"


OTHER: dict[str, Any] = {
    "method": "weight",
    "h": 1e-3,
    "batch_size": 12,
    "sampling": "shuffle",
    "dtype": "float32",
    "optimizer": "adam",
    "learning_rate": 0.2,
    "weight_decay": 0.1,
    "schedule": LinearDecay(9),
    "loss": ng.CrossEntropy(0),
    "data": make_data(70),
}


@pytest.mark.parametrize("name", OTHER)
def test_other_settings(tmp_path: Path, name: str) -> None:
    path = tmp_path / "checkpoint.npz"
    make_trainer().run(3, checkpoint=path)
    trainer = make_trainer(**{name: OTHER[name]})
    before = state_of(trainer)
    named = {"learning_rate": "optimizer", "data": "train_samples"}.get(name, name)
    with pytest.raises(FileError, match=rf"checkpoint\.npz: was made with {named} "):
        trainer.restore(path)
    assert state_of(trainer) == before


def test_other_layers(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.npz"
    make_trainer().run(3, checkpoint=path)
    network = ng.TwoLayerNet(6, 4, 3, seed=0)
    with pytest.raises(FileError, match="was made with layers"):
        ng.Trainer(network, make_data(), batch_size=10).restore(path)
    with pytest.raises(FileError, match=r"parameter W1 must be float64 of shape \(6, 4\)"):
        load_parameters(path, network)
    other = ng.TwoLayerNet(6, 5, 3, seed=9)
    load_parameters(path, other)
    trainer = make_trainer()
    trainer.restore(path)
    np.testing.assert_array_equal(other.params["W1"], trainer.network.params["W1"])


def expect_refusal(path: Path, message: str | None = None) -> None:
    """Restore into a trainer that has done some steps: FileError, and nothing is changed."""
    trainer = make_trainer(optimizer="adam", sampling="shuffle")
    trainer.run(2)
    before = state_of(trainer)
    with pytest.raises(FileError, match=message) as caught:
        trainer.restore(path)
    assert str(path) in str(caught.value)
    assert state_of(trainer) == before


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("real") / "checkpoint.npz"
    make_trainer(optimizer="adam", sampling="shuffle").run(8, checkpoint=path)
    return path.read_bytes()


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_damage_is_refused_or_harmless(tmp_path: Path, real: bytes, data: st.DataObject) -> None:
    damaged = bytearray(real)
    if data.draw(st.booleans(), label="cut"):
        del damaged[data.draw(st.integers(0, len(real) - 1)) :]
    else:
        # The directory at the end, where few bytes mean much, as often as all the rest.
        low = data.draw(st.sampled_from([0, len(real) - 1500]))
        for place in data.draw(st.lists(st.integers(low, len(real) - 1), min_size=1, max_size=4)):
            damaged[place] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "checkpoint.npz"
    path.write_bytes(damaged)
    trainer = make_trainer(optimizer="adam", sampling="shuffle")
    before = state_of(trainer)
    try:
        trainer.restore(path)
    except FileError:
        assert state_of(trainer) == before
    else:
        good = make_trainer(optimizer="adam", sampling="shuffle")
        path.write_bytes(real)
        good.restore(path)
        assert state_of(trainer) == state_of(good)


@pytest.mark.parametrize("content", [b"", b"PK\x05\x06" + b"\0" * 18, b"garbage" * 100])
def test_files_of_another_kind(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "checkpoint.npz"
    path.write_bytes(content)
    expect_refusal(path)


def test_missing_files_and_folders(tmp_path: Path) -> None:
    expect_refusal(tmp_path / "none.npz", "No such file")
    expect_refusal(tmp_path, "directory")


def test_other_npz_files(tmp_path: Path) -> None:
    path = tmp_path / "checkpoint.npz"
    np.savez(path, a=np.ones(3))
    expect_refusal(path, "is not a checkpoint of format 1")
    np.savez(path, a=np.array([{}], dtype=object))
    expect_refusal(path, "holds Python objects, which are never loaded")
    write_npz(path, {}, [1, 2])
    expect_refusal(path, "is not a checkpoint of format 1")
    write_npz(path, {}, {"format": 2})
    expect_refusal(path, "is not a checkpoint of format 1")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("checkpoint.json", "{")
    expect_refusal(path, "is not a complete npz archive")


Change = Callable[[dict[str, Any], dict[str, Any]], Any]
CHANGES: dict[str, Change] = {
    "settings missing": lambda a, d: d.pop("settings"),
    "settings no mapping": lambda a, d: d.update(settings=[1]),
    "no parameter": lambda a, d: a.pop("parameter.b2"),
    "parameter's shape": lambda a, d: a.update({"parameter.b2": np.ones(4)}),
    "parameter's dtype": lambda a, d: a.update({"parameter.b2": np.ones(3, np.float32)}),
    "optimizer's shape": lambda a, d: a.update({"optimizer.mean.W1": np.ones(4)}),
    "no order": lambda a, d: a.pop("order"),
    "order empty amid an epoch": lambda a, d: a.update(order=np.empty(0, np.int64)),
    "order too short": lambda a, d: a.update(order=np.arange(59)),
    "order out of range": lambda a, d: a.update(order=np.arange(1, 61)),
    "order of floats": lambda a, d: a.update(order=np.arange(60.0)),
    "no losses": lambda a, d: a.pop("train_loss"),
    "losses in a table": lambda a, d: a.update(train_loss=np.ones((2, 4))),
    "a single loss": lambda a, d: a.update(train_loss=np.float64(1)),
    "losses of text": lambda a, d: a.update(train_loss=np.array(["a"] * 8)),
    "seconds of text": lambda a, d: d.update(seconds="x"),
    "evaluations infinite": lambda a, d: d.update(loss_evaluations=float("inf")),
    "learning rate": lambda a, d: d.update(learning_rate=None),
    "epochs missing": lambda a, d: d.pop("epochs"),
    "epochs of text": lambda a, d: d.update(epochs="ab"),
    "an epoch of text": lambda a, d: d["epochs"][0].update(epoch="x"),
    "random state missing": lambda a, d: d.pop("random_state"),
    "random state of another kind": lambda a, d: d["random_state"].update(bit_generator="MT19937"),
    "random state of text": lambda a, d: d["random_state"].update(state="x"),
    "random state too large": lambda a, d: d["random_state"]["state"].update(state=2**200),
    "random state negative": lambda a, d: d["random_state"]["state"].update(state=-1),
}


@pytest.mark.parametrize("change", CHANGES)
def test_wrong_content(tmp_path: Path, real: bytes, change: str) -> None:
    path = tmp_path / "checkpoint.npz"
    path.write_bytes(real)
    arrays, document = read_npz(path)
    CHANGES[change](arrays, document)
    document["arrays"] = list(arrays)
    write_npz(path, arrays, document)
    expect_refusal(path)


def test_missing_arrays(tmp_path: Path, real: bytes) -> None:
    path = tmp_path / "checkpoint.npz"
    path.write_bytes(real)
    arrays, document = read_npz(path)
    del arrays["optimizer.mean.b1"]  # which an optimizer that starts has not yet
    write_npz(path, arrays, document)
    expect_refusal(path, "does not hold the arrays that it was written with")


def test_a_failure_while_writing_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "checkpoint.npz"
    trainer = make_trainer()
    trainer.run(3, checkpoint=path)
    before = path.read_bytes()
    written: list[None] = []
    write_array = np.lib.format.write_array

    def fail_at_the_third(*arguments: Any, **options: Any) -> None:
        written.append(write_array(*arguments, **options))
        if len(written) == 3:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("nudgegrad.files.npy_format.write_array", fail_at_the_third)
    with pytest.raises(OSError, match="No space left"):
        trainer.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("stop", [3, 6, 20])
def test_the_best_has_its_buffers(tmp_path: Path, stop: int) -> None:
    def make(seed: int) -> ng.Trainer:
        layers = [ng.Affine(6, 5), ng.BatchNorm(5), ng.Tanh(), ng.Affine(5, 3)]
        network = ng.Network(layers, seed=1)
        return ng.Trainer(
            network, make_data(), batch_size=10, seed=seed, learning_rate=3, validation_fraction=0.1
        )

    whole, first, second = make(3), make(3), make(9)
    whole.run(30)
    first.run(stop, checkpoint=tmp_path / "checkpoint.npz")
    left = make(0).network
    load_parameters(tmp_path / "checkpoint.npz", left)
    for of in ("params", "buffers"):
        for name, array in getattr(first.network, of).items():
            assert getattr(left, of)[name].tobytes() == array.tobytes()
    second.restore(tmp_path / "checkpoint.npz")
    second.run(30 - stop)
    assert state_of(second) == state_of(whole)
    held = whole.validation_samples
    assert held is not None
    assert whole.history.kept is not None
    assert whole.history.kept.validation_loss == pytest.approx(whole.network.loss(held.x, held.t))
