"""Batches drawn ahead are those drawn one by one, and a state is that before the next."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.data import Dataset
from nudgegrad.gradient.kernels import threads
from nudgegrad.gradient.kernels.sparse import SparseRows
from nudgegrad.training.feed import AHEAD, SAMPLINGS, Feed
from nudgegrad.training.samples import Samples
from nudgegrad.training.schedules import LinearDecay
from tests.training.small import state_of


def make_bytes(samples: int = 90) -> Dataset:
    """Return a data set of bytes that are mostly zero."""
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (samples + 20, 30)) * (rng.random((samples + 20, 30)) < 0.2)
    t = rng.integers(0, 3, samples + 20)
    x[np.arange(len(x)), t] = 255
    x = x.astype(np.uint8)
    return Dataset("bytes", x[:samples], t[:samples], x[samples:], t[samples:], 3, "made up")


def make_feed(sampling: str, *, ahead: bool, seed: int = 0) -> Feed:
    data = make_bytes()
    samples = Samples(data.x_train, data.t_train, ng.TwoLayerNet(30, 7, 3), kernels=True)
    assert samples.sparse
    return Feed(samples, 20, sampling, np.random.default_rng(seed), ahead=ahead)


def make_trainer(dtype: str = "float32", **settings: Any) -> ng.Trainer:
    network = ng.TwoLayerNet(30, 7, 3, 0.3, seed=1, dtype=dtype)
    return ng.Trainer(network, make_bytes(), **{"batch_size": 20, "seed": 3, **settings})


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_drawing_ahead_changes_nothing(sampling: str) -> None:
    one, many = (make_feed(sampling, ahead=ahead) for ahead in (False, True))
    for _ in range(2 * AHEAD + 3):
        first, second = one.peek(), many.peek()
        np.testing.assert_array_equal(first.rows, second.rows)
        assert isinstance(second.x, SparseRows)
        np.testing.assert_array_equal(first.x.to_dense(), second.x.to_dense())
        slopes = np.ones((len(first.rows), 4))
        np.testing.assert_array_equal(first.x.T @ slopes, second.x.T @ slopes)
        (rng, order), (other_rng, other_order) = one.state(), many.state()
        assert rng.bit_generator.state == other_rng.bit_generator.state
        np.testing.assert_array_equal(order, other_order)
        one.advance()
        many.advance()


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("used", [0, 1, 7, AHEAD, AHEAD + 1, 3 * AHEAD])
def test_a_feed_goes_on_from_a_state(used: int, sampling: str) -> None:
    feed = make_feed(sampling, ahead=True)
    for _ in range(used):
        feed.peek()
        feed.advance()
    feed.peek()  # looking does not advance
    other = make_feed(sampling, ahead=True, seed=99)
    other.restore(*feed.state(), used)
    for _ in range(AHEAD + 2):
        np.testing.assert_array_equal(feed.peek().rows, other.peek().rows)
        feed.advance()
        other.advance()


@pytest.mark.parametrize("sampling", SAMPLINGS)
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("method", ["weight", "node", "backprop"])
def test_a_resumed_run_equals_one_never_stopped(
    method: str, optimizer: str, sampling: str, tmp_path: Path
) -> None:
    settings = {"method": method, "optimizer": optimizer, "sampling": sampling}
    whole, first, second = (make_trainer(**settings) for _ in range(3))
    assert whole.train_samples.sparse
    whole.run(23)
    first.run(10)
    first.save(tmp_path / "checkpoint.npz")
    second.restore(tmp_path / "checkpoint.npz")
    second.run(13)
    assert state_of(second) == state_of(whole)


def test_decay_falls_in_a_straight_line_and_goes_on_after_a_stop(tmp_path: Path) -> None:
    whole, first, second = (
        make_trainer(schedule=LinearDecay(20), learning_rate=0.5) for _ in range(3)
    )
    rates: list[float] = []
    before = {name: array.copy() for name, array in whole.network.params.items()}
    for _ in range(20):
        gradient = whole.network.gradient(
            whole.train_samples.take(whole.feed.peek().rows),
            whole.train_samples.t[whole.feed.peek().rows],
            method="node",
        )
        whole.step()
        moved = before["b2"] - whole.network.params["b2"]
        rates.append(float(np.abs(moved).max() / np.abs(gradient["b2"]).max()))
        before = {name: array.copy() for name, array in whole.network.params.items()}
    np.testing.assert_allclose(rates, 0.5 * (1 - np.arange(20) / 20), rtol=1e-3)
    assert whole.optimizer.learning_rate == 0.5
    whole.step()
    assert np.array_equal(before["b2"], whole.network.params["b2"])
    first.run(7)
    first.save(tmp_path / "checkpoint.npz")
    second.restore(tmp_path / "checkpoint.npz")
    second.run(14)
    for name, array in second.network.params.items():
        assert array.tobytes() == whole.network.params[name].tobytes()


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-6), ("float64", 1e-13)])
def test_kernels_train_to_the_numbers_of_the_array_lines(dtype: str, tolerance: float) -> None:
    runs = []
    for kernels in (True, False):
        trainer = make_trainer(dtype, kernels=kernels, learning_rate=0.5)
        history = trainer.run(200)
        runs.append((history.train_loss, history.test_accuracy, trainer.network.params["W1"]))
    assert runs[0][0][-1] < 0.5 * runs[0][0][0]
    np.testing.assert_allclose(runs[0][0], runs[1][0], rtol=0, atol=tolerance)
    assert runs[0][1] == pytest.approx(runs[1][1], abs=0.06)
    np.testing.assert_allclose(runs[0][2], runs[1][2], rtol=0, atol=10 * tolerance)


def test_one_core_gathers_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    several = make_trainer()
    monkeypatch.setattr(threads, "available_threads", lambda: 1)
    one = make_trainer()
    several.run(9)
    one.run(9)
    assert state_of(one) == state_of(several)


@pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:.*fork.*:RuntimeWarning")  # of JAX, if another test took it in
def test_a_forked_trainer_goes_on() -> None:
    trainer = make_trainer()
    trainer.run(3)
    context = multiprocessing.get_context("fork")
    parent, child = context.Pipe()

    def go_on() -> None:
        child.send(trainer.run(AHEAD + 3).train_loss)

    process = context.Process(target=go_on)
    process.start()
    assert parent.poll(60), "the forked trainer waits for a thread that it does not have"
    losses = parent.recv()
    process.join()
    assert losses == trainer.run(AHEAD + 3).train_loss
