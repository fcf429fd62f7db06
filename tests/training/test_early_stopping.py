"""Samples held out, the best parameters kept, and runs that end early."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.training import EpochRecord
from nudgegrad.training.early_stopping import EarlyStopping, hold_out
from nudgegrad.validation import ParameterError
from tests.training.small import make_data, make_trainer


def overfitting(**settings: Any) -> ng.Trainer:
    """Return a trainer on noisy labels, which it learns by heart: the held-out loss turns up."""
    data = make_data(60)
    noise = np.random.default_rng(4)
    wrong = noise.random(60) < 0.3
    data.t_train[wrong] = noise.integers(0, 3, int(wrong.sum()))
    network = ng.TwoLayerNet(6, 40, 3, weight_init_std=0.1, seed=1)
    return ng.Trainer(
        network, data, batch_size=10, seed=3, optimizer="adam", learning_rate=0.02,
        validation_fraction=0.25, **settings,
    )  # fmt: skip


def test_what_is_held_out_is_drawn_by_the_seed_and_never_trained_on() -> None:
    data = make_data()
    first, same, other = (make_trainer(validation_fraction=0.2, seed=seed) for seed in (3, 3, 4))
    assert first.validation_samples is not None
    held = first.validation_samples.x
    assert len(held) == 12
    assert len(first.train_samples) == 48
    together = np.concatenate([held, first.train_samples.x])
    assert np.array_equal(np.unique(together, axis=0), np.unique(data.x_train, axis=0))
    assert same.validation_samples is not None
    assert other.validation_samples is not None
    assert np.array_equal(held, same.validation_samples.x)
    assert not np.array_equal(held, other.validation_samples.x)
    assert first.iterations_per_epoch == 5


def test_records_measure_what_is_held_out() -> None:
    trainer = make_trainer(validation_fraction=0.2)
    history = trainer.run(10)
    held = trainer.validation_samples
    assert held is not None
    best = history.kept
    assert best is not None
    assert best.validation_loss == pytest.approx(trainer.network.loss(held.x, held.t), rel=1e-12)
    assert best.validation_accuracy == trainer.network.accuracy(held.x, held.t)
    assert best.test_accuracy == trainer.accuracy()
    plain = make_trainer().run(10)
    assert {record.validation_loss for record in plain.epochs} == {None}
    assert plain.kept == plain.epochs[-1]


@pytest.mark.parametrize("monitor", ["loss", "accuracy"])
def test_the_network_ends_with_the_best(monitor: str) -> None:
    trainer = overfitting(monitor=monitor)
    seen: dict[int, dict[str, bytes]] = {}

    def note(record: EpochRecord) -> None:
        params = trainer.network.params
        seen[record.iteration] = {name: array.tobytes() for name, array in params.items()}

    history = trainer.run(300, on_epoch=note)
    values = [
        record.validation_loss if monitor == "loss" else -(record.validation_accuracy or 0)
        for record in history.epochs
    ]
    best = int(np.argmin(np.array(values, dtype=float)))  # the first of equals
    assert 0 < best < len(values) - 1
    assert history.best_iteration == history.epochs[best].iteration
    left = {name: array.tobytes() for name, array in trainer.network.params.items()}
    assert left == seen[history.best_iteration]
    assert left != seen[300]
    assert history.outcome == "completed"


@pytest.mark.parametrize("patience", [1, 3])
def test_patience(patience: int) -> None:
    whole, early = overfitting(), overfitting(patience=patience)
    whole.run(300)
    history = early.run(300)
    losses = [record.validation_loss or math.inf for record in whole.history.epochs]
    waited, best, stop = 0, math.inf, 0
    for k, loss in enumerate(losses):
        waited = 0 if loss < best else waited + 1
        best = min(best, loss)
        if waited == patience:
            stop = k
            break
    assert stop
    assert history.epochs == whole.history.epochs[: stop + 1]
    assert history.outcome == "completed"
    assert history.message.startswith("stopped early: the validation loss has not improved for ")
    again = early.run(50)  # nothing is left to do
    assert len(again.train_loss) == len(whole.history.train_loss[: again.epochs[-1].iteration])
    assert again.outcome == "completed"


def test_small_improvements_do_not_count_but_are_kept() -> None:
    network = ng.TwoLayerNet(2, 2, 2, seed=0)
    watch = EarlyStopping("loss", patience=3, min_delta=0.1)
    for k, loss in enumerate([1.0, 0.95, 0.92, 0.75, 0.74, 0.73]):
        network.params["b1"] = np.full(2, float(k))
        watch.take(EpochRecord(k, k, None, None, loss), network)
    assert (watch.waited, watch.value, watch.iteration) == (2, 0.73, 5)
    assert watch.parameters["b1"][0] == 5
    assert not watch.exhausted
    watch.take(EpochRecord(6, 6, None, None, None), network)  # one that overflowed
    assert watch.exhausted
    assert watch.iteration == 5


def test_a_run_within_an_epoch_keeps_its_end_if_that_is_better() -> None:
    trainer = make_trainer(validation_fraction=0.2, method="backprop", learning_rate=0.5)
    before = trainer.network.params["W1"].copy()
    history = trainer.run(3)
    assert history.best_iteration == 3
    assert not np.array_equal(before, trainer.network.params["W1"])
    worse = make_trainer(validation_fraction=0.2, method="backprop", learning_rate=1e3)
    assert worse.run(1).best_iteration == 0
    assert np.array_equal(before, worse.network.params["W1"])


def test_what_diverges_leaves_its_best() -> None:
    trainer = make_trainer(validation_fraction=0.2, optimizer="momentum", learning_rate=0.2)

    def spoil(trainer: ng.Trainer) -> None:
        if trainer.iteration == 12:
            trainer.network.params["b2"] = np.full(3, np.nan)

    history = trainer.run(30, on_step=spoil)
    assert history.outcome == "diverged"
    assert history.best_iteration in (0, 5, 10)
    assert all(np.isfinite(array).all() for array in trainer.network.params.values())


def test_steps_by_hand_go_on_from_the_latest() -> None:
    one, other = overfitting(), overfitting()
    one.run(150)
    other.run(100)
    for _ in range(50):
        other.step()
    assert one.history.train_loss == other.history.train_loss


@pytest.mark.parametrize(
    ("samples", "fraction", "count"), [(10, 0.25, 2), (10, 0.01, 1), (10, 0.99, 9), (7, 0, 0)]
)
def test_how_many_are_held_out(samples: int, fraction: float, count: int) -> None:
    rows = hold_out(samples, fraction, np.random.default_rng(0))
    assert len(rows) == count
    assert np.array_equal(rows, np.unique(rows))


def test_errors() -> None:
    with pytest.raises(ParameterError, match="validation_fraction must be above 0 where patience"):
        make_trainer(patience=2)
    with pytest.raises(ParameterError, match="validation_fraction must be a finite number, at le"):
        make_trainer(validation_fraction=1)
    with pytest.raises(
        ParameterError, match="batch_size must be between 1 and 30 training samples, got 40"
    ):
        make_trainer(validation_fraction=0.5, batch_size=40)
    with pytest.raises(ParameterError, match="monitor must be one of loss, accuracy, got 'acc'"):
        make_trainer(validation_fraction=0.5, monitor="acc")
    x, t = np.zeros((4, 6)), np.full((4, 3), 0.5)
    settings: dict[str, Any] = {"loss": ng.MeanSquaredError(), "batch_size": 2}
    with pytest.raises(ParameterError, match="monitor must be 'loss' if targets are no classes"):
        make_trainer(((x, t), (x, t)), validation_fraction=0.5, monitor="accuracy", **settings)
    with pytest.raises(ParameterError, match="validation_fraction must be 0 for 1 training sample"):
        make_trainer(((x[:1], t[:1]), (x, t)), validation_fraction=0.5, **settings)


def test_history_keeps_them(tmp_path: Path) -> None:
    history = overfitting().run(60)
    history.save(tmp_path / "history.json")
    read = ng.History.load(tmp_path / "history.json")
    assert read.epochs == history.epochs
    assert read.best_iteration == history.best_iteration
