"""How a run ends before its time: by divergence, a callback, a signal or an error."""

from __future__ import annotations

import math
import signal
import threading
from pathlib import Path

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.training import EpochRecord
from nudgegrad.validation import ParameterError
from tests.training.small import make_trainer, state_of


@pytest.mark.parametrize("method", ["weight", "node", "backprop"])
def test_divergence_is_an_outcome(method: str, tmp_path: Path) -> None:
    checkpoint = tmp_path / "checkpoint.npz"
    trainer = make_trainer(method=method, learning_rate=1e20, loss=ng.MeanSquaredError())
    history = trainer.run(1000, checkpoint=checkpoint, checkpoint_every=1)
    assert history.outcome == "diverged"
    assert 1 < history.iterations < 1000
    assert not math.isfinite(history.train_loss[-1])
    assert all(math.isfinite(loss) for loss in history.train_loss[:-1])
    assert (
        f"at iteration {history.iterations}; learning_rate is 1e+20, try 1e+19" in history.message
    )
    assert history.epochs[-1].iteration == history.iterations
    # The last good checkpoint stays.
    before = make_trainer(method=method, learning_rate=1e20, loss=ng.MeanSquaredError())
    before.restore(checkpoint)
    assert before.history.train_loss == history.train_loss[:-1]
    history.save(tmp_path / "history.json")
    assert ng.History.load(tmp_path / "history.json").outcome == "diverged"


def test_naive_diverges_too() -> None:
    history = make_trainer(method="naive", learning_rate=1e20, loss=ng.MeanSquaredError()).run(50)
    assert history.outcome == "diverged"
    assert "h must be large enough to change" in history.message
    assert "try 1e+19" in history.message


def test_naive_with_a_hopeless_nudge_is_refused_before_the_run() -> None:
    with pytest.raises(ParameterError, match=r"h must be large enough to change parameter W1\["):
        make_trainer(method="naive", h=1e-20)
    make_trainer(method="node", h=1e-20)


def test_a_last_update_that_ends_in_infinity_is_no_completion(tmp_path: Path) -> None:
    trainer = make_trainer()

    def spoil(trainer: ng.Trainer) -> None:
        trainer.network.params["b1"][...] = np.inf

    history = trainer.run(1, on_step=spoil, checkpoint=tmp_path / "checkpoint.npz")
    assert history.outcome == "diverged"
    assert "the parameters are no longer finite at iteration 1" in history.message
    assert not (tmp_path / "checkpoint.npz").exists()


def test_a_step_with_a_loss_that_is_not_finite_updates_nothing() -> None:
    trainer = make_trainer(method="backprop")
    trainer.network.params["b2"] = np.array([np.nan, 0.0, 0.0])
    before = {name: array.tobytes() for name, array in trainer.network.params.items()}
    assert trainer.run(10).outcome == "diverged"
    assert trainer.iteration == 1
    assert {name: array.tobytes() for name, array in trainer.network.params.items()} == before


def test_stop_from_a_callback() -> None:
    stopped, whole = make_trainer(), make_trainer()

    def on_step(trainer: ng.Trainer) -> None:
        if trainer.iteration == 8:
            trainer.stop()

    history = stopped.run(20, on_step=on_step)
    assert (history.outcome, history.iterations) == ("interrupted", 8)
    assert "resume" in history.message
    assert stopped.stopped_by is None
    assert history.epochs[-1] == EpochRecord(
        8 / 6, 8, stopped.accuracy("train"), stopped.accuracy()
    )
    assert stopped.run(12).outcome == "completed"
    whole.run(20)
    assert state_of(stopped) == state_of(whole)


def test_stop_in_the_last_step_is_no_interruption() -> None:
    history = make_trainer().run(3, on_step=lambda trainer: trainer.stop())
    assert (history.outcome, history.iterations) == ("interrupted", 1)
    history = make_trainer().run(1, on_step=lambda trainer: trainer.stop())
    assert history.outcome == "completed"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_finishes_the_step(number: signal.Signals) -> None:
    previous = signal.getsignal(number)
    trainer = make_trainer()

    def on_step(trainer: ng.Trainer) -> None:
        if trainer.iteration == 5:
            signal.raise_signal(number)

    history = trainer.run(20, on_step=on_step)
    assert (history.outcome, history.iterations) == ("interrupted", 5)
    assert trainer.stopped_by == number
    assert signal.getsignal(number) is previous
    assert trainer.run(15).outcome == "completed"
    assert trainer.stopped_by is None


@pytest.mark.parametrize(
    ("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)]
)
def test_a_second_signal_leaves_at_once(number: signal.Signals, error: type[BaseException]) -> None:
    previous = signal.getsignal(number)

    def on_step(_: ng.Trainer) -> None:
        signal.raise_signal(number)
        signal.raise_signal(number)

    with pytest.raises(error):
        make_trainer().run(20, on_step=on_step)
    assert signal.getsignal(number) is previous


def test_a_signal_abandons_a_step_of_naive_without_a_trace() -> None:
    for sampling in ("replacement", "shuffle"):
        trainer, other = (make_trainer(method="naive", sampling=sampling) for _ in range(2))

        def on_progress(done: int, _: int, trainer: ng.Trainer = trainer) -> None:
            if trainer.iteration == 2 and done == 50:
                trainer.stop()

        history = trainer.run(8, on_progress=on_progress)
        assert (history.outcome, history.iterations) == ("interrupted", 2)
        other.run(2)
        assert state_of(trainer) == state_of(other)
        trainer.run(6)
        other.run(6)
        assert state_of(trainer) == state_of(other)


def test_in_another_thread_a_run_leaves_signals_alone() -> None:
    trainer = make_trainer()
    thread = threading.Thread(target=trainer.run, args=(3,))
    thread.start()
    thread.join()
    assert trainer.history.outcome == "completed"


@pytest.mark.parametrize("sampling", ["replacement", "shuffle"])
@pytest.mark.parametrize("method", ["node", "weight", "backprop"])
def test_a_failing_step_leaves_everything_as_it_was(
    method: str, sampling: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = make_trainer(method=method, sampling=sampling)
    before = state_of(trainer)
    with monkeypatch.context() as patch:
        patch.setattr(ng.Affine, "forward", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            trainer.step()
    assert state_of(trainer) == before
