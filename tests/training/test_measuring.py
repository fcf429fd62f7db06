"""Accuracies while a run goes on: told of, cut short, measured elsewhere; and its clock."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest

import nudgegrad as ng
from nudgegrad.training import EpochRecord
from nudgegrad.training.configuration import Configuration
from nudgegrad.training.run import Run
from nudgegrad.training.stopwatch import CoreStopwatch
from tests.cli.processes import write_data
from tests.training.small import make_trainer, state_of


def stopping_after(trainer: ng.Trainer, iteration: int, stops: int) -> Any:
    """Return an `on_measure` that stops so many times while accuracies are measured then."""

    def told(done: int, total: int) -> None:
        if trainer.iteration == iteration:
            while trainer.stops < stops:
                trainer.stop()

    return told


@pytest.mark.parametrize("held_out", [0.0, 0.2])
def test_measuring_is_told_of(held_out: float) -> None:
    trainer, told = make_trainer(validation_fraction=held_out), []
    trainer.run(0, on_measure=lambda *counts: told.append(counts))
    total = 90 if not held_out else 48 + 30 + 2 * 12  # train, test, and loss and accuracy
    assert told[-1] == (total, total)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.parametrize("how", ["stop", "signal"])
def test_a_stop_abandons_measuring_the_start(how: str, tmp_path: Path) -> None:
    trainer, file = make_trainer(), tmp_path / "checkpoint.npz"

    def told(done: int, total: int) -> None:
        trainer.stop() if how == "stop" else signal.raise_signal(signal.SIGINT)

    history = trainer.run(9, on_measure=told, checkpoint=file)
    assert (history.outcome, history.iterations, history.epochs) == ("interrupted", 0, [])
    assert history.kept is None
    resumed = make_trainer()
    resumed.restore(file)
    resumed.run(9)
    whole = make_trainer()
    whole.run(9)
    assert state_of(resumed) == state_of(whole)


def test_one_stop_leaves_time_for_the_accuracies_of_the_end() -> None:
    trainer = make_trainer()
    history = trainer.run(
        60, on_step=lambda t: t.stop() if t.iteration == 8 else None,
        on_measure=stopping_after(trainer, 8, 1),
    )  # fmt: skip
    assert [record.iteration for record in history.epochs] == [0, 6, 8]


def test_two_stops_leave_the_accuracies_of_the_end_out(tmp_path: Path) -> None:
    trainer, file = make_trainer(), tmp_path / "checkpoint.npz"
    saved_before = []

    def told(done: int, total: int) -> None:
        if trainer.iteration == 8:
            saved_before.append(file.exists())
            trainer.stop()

    history = trainer.run(
        60, on_step=lambda t: t.stop() if t.iteration == 8 else None, on_measure=told,
        checkpoint=file, checkpoint_seconds=1e6,
    )  # fmt: skip
    assert history.outcome == "interrupted"
    assert [record.iteration for record in history.epochs] == [0, 6]
    assert saved_before == [True]  # so that nothing is lost if it is killed meanwhile


@pytest.mark.parametrize("settings", [{}, {"validation_fraction": 0.2, "patience": 9}])
def test_the_record_of_an_epoch_that_was_cut_short_is_taken_later(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    trainer, file = make_trainer(**settings), tmp_path / "checkpoint.npz"
    epoch = trainer.iterations_per_epoch
    history = trainer.run(30, on_measure=stopping_after(trainer, epoch, 2), checkpoint=file)
    assert (history.outcome, history.iterations) == ("interrupted", epoch)
    assert [record.iteration for record in history.epochs] == [0]
    resumed, whole = make_trainer(**settings), make_trainer(**settings)
    resumed.restore(file)
    resumed.run(30 - epoch)
    whole.run(30)
    assert state_of(resumed) == state_of(whole)


def test_a_summary_has_no_accuracies_of_other_weights(tmp_path: Path) -> None:
    data = write_data(tmp_path / "data.npz")
    settings = Configuration(data=str(data), hidden_sizes=(5,), iterations=30, batch_size=10)
    run = Run.begin(settings, settings.load_data(), runs=tmp_path)
    run.go(
        on_step=lambda t: t.stop() if t.iteration == 8 else None,
        on_measure=stopping_after(run.trainer, 8, 2),
    )
    assert run.facts()["iterations"] == 8
    assert run.facts()["test_accuracy"] is None
    run.go()
    assert run.facts()["test_accuracy"] == run.trainer.history.test_accuracy is not None


def test_the_start_may_be_measured_elsewhere() -> None:
    whole = make_trainer().run(9)
    trainer = make_trainer()
    trainer.measure_start = False
    early: list[EpochRecord] = []

    def take(record: EpochRecord) -> None:
        if not early:
            early.append(record)
            trainer.history.epochs.insert(0, whole.epochs[0])

    history = trainer.run(9, on_epoch=take)
    assert early[0].iteration == 6
    assert history.epochs == whole.epochs
    other = make_trainer()
    other.measure_start = False
    assert other.run(0).epochs == []
    assert [record.iteration for record in other.run(3).epochs] == [3]


def test_a_core_stopwatch_counts_work_and_no_waiting() -> None:
    watch = CoreStopwatch()
    begun = watch.now()
    time.sleep(0.3)
    assert watch.now() - begun < 0.2
    with watch.stopped():
        pass
    until = time.thread_time() + 0.05
    while time.thread_time() < until:
        pass
    assert watch.now() - begun >= 0.05
