"""The training loop."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.data import Dataset, one_hot
from nudgegrad.training import EpochRecord
from nudgegrad.training.feed import Batch
from nudgegrad.validation import ParameterError
from tests.training.small import make_data, make_trainer, state_of


@pytest.mark.parametrize("method", ["naive", "weight", "node", "backprop"])
def test_steps_equal_a_loop_by_hand(method: str) -> None:
    trainer, data = make_trainer(method=method, learning_rate=0.3), make_data()
    network = ng.TwoLayerNet(6, 5, 3, weight_init_std=0.5, seed=1)
    rng = np.random.default_rng([3, 1])
    for _ in range(4):
        rows = rng.integers(0, 60, 10)
        x, t = data.x_train[rows], data.t_train[rows]
        loss = network.loss(x, t)
        gradient = network.gradient(x, t, method=method)
        for name in network.params:
            network.params[name] -= 0.3 * gradient[name]
        # The fused step adds up in another order; the others do the very same.
        exact = method in ("naive", "backprop")
        assert trainer.step() == (loss if exact else pytest.approx(loss, rel=1e-13))
    assert trainer.iteration == 4
    for name, array in network.params.items():
        tolerance = 0 if exact else 1e-13
        np.testing.assert_allclose(trainer.network.params[name], array, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    ("batch_size", "per_epoch"), [(1, 60), (7, 9), (10, 6), (25, 3), (59, 2), (60, 1)]
)
def test_epochs_are_whole_iterations(batch_size: int, per_epoch: int) -> None:
    trainer = make_trainer(batch_size=batch_size)
    assert trainer.iterations_per_epoch == per_epoch
    seen: list[EpochRecord] = []
    history = trainer.run(2 * per_epoch + 1, on_epoch=seen.append)
    iterations = [0, per_epoch, 2 * per_epoch, 2 * per_epoch + 1]
    assert [record.iteration for record in history.epochs] == iterations
    assert [record.epoch for record in history.epochs] == [0, 1, 2, iterations[-1] / per_epoch]
    assert seen == history.epochs


def test_an_end_on_an_epoch_is_recorded_once() -> None:
    history = make_trainer().run(12)
    assert [(record.epoch, record.iteration) for record in history.epochs] == [
        (0, 0),
        (1, 6),
        (2, 12),
    ]
    assert make_trainer().run(0).epochs == history.epochs[:1]


def test_records_are_the_accuracies_of_the_moment() -> None:
    trainer, data = make_trainer(), make_data()
    history = trainer.run(9)
    assert history.train_accuracy == trainer.network.accuracy(data.x_train, data.t_train)
    assert history.test_accuracy == trainer.network.accuracy(data.x_test, data.t_test)
    assert trainer.accuracy() == trainer.accuracy("test") == history.test_accuracy
    assert trainer.accuracy("train") == history.train_accuracy
    with pytest.raises(ParameterError, match="part must be one of train, test, got 'tset'"):
        trainer.accuracy("tset")


def drawn_rows(trainer: ng.Trainer, iterations: int) -> list[list[int]]:
    """Run, and return the numbers of the samples that each step took."""
    rows: list[list[int]] = []
    peek = trainer.feed.peek

    def note() -> Batch:
        batch = peek()
        rows.append(batch.rows.tolist())
        return batch

    trainer.feed.peek = note  # type: ignore[method-assign]
    trainer.run(iterations)
    return rows


@pytest.mark.parametrize("batch_size", [7, 10, 60])
def test_shuffle_visits_every_sample_once_an_epoch(batch_size: int) -> None:
    trainer = make_trainer(batch_size=batch_size, sampling="shuffle", method="backprop")
    per_epoch = trainer.iterations_per_epoch
    rows = drawn_rows(trainer, 3 * per_epoch)
    epochs = [list(chain(*rows[per_epoch * k : per_epoch * (k + 1)])) for k in range(3)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(60))] * 3
    assert epochs[0] != epochs[1] != epochs[2]


def test_replacement_draws_from_all_samples() -> None:
    rows = list(chain(*drawn_rows(make_trainer(method="backprop"), 100)))
    assert set(rows) == set(range(60))
    assert len(rows) == 1000


@pytest.mark.parametrize("sampling", ["replacement", "shuffle"])
@pytest.mark.parametrize("method", ["node", "backprop"])
def test_same_seed_same_numbers(method: str, sampling: str) -> None:
    first, second, other = (
        make_trainer(method=method, sampling=sampling, seed=seed) for seed in (5, 5, 6)
    )
    for trainer in (first, second, other):
        trainer.run(14)
    assert state_of(first) == state_of(second)
    assert first.history.train_loss != other.history.train_loss


def test_without_a_seed_batches_differ() -> None:
    first, second = make_trainer(seed=None), make_trainer(seed=None)
    assert first.run(5).train_loss != second.run(5).train_loss


def test_running_twice_equals_once() -> None:
    twice, once = make_trainer(), make_trainer()
    twice.run(8)
    twice.run(9)
    once.run(17)
    assert state_of(twice) == state_of(once)


def as_tuple(data: Dataset) -> Any:
    return (data.x_train, data.t_train), (data.x_test, data.t_test)


def test_data_in_other_forms() -> None:
    data = make_data()
    (x_train, t_train), (x_test, t_test) = as_tuple(data)
    forms = [
        as_tuple(data),
        [[x_train.tolist(), t_train.tolist()], [x_test.tolist(), t_test.tolist()]],
        ((x_train, one_hot(t_train, 3)), (x_test, one_hot(t_test, 3))),
        ((x_train, one_hot(t_train, 3, "float32")), (x_test, t_test)),
        ((x_train.reshape(60, 2, 3), t_train), (x_test.reshape(30, 2, 3), t_test)),
    ]
    expected = make_trainer(data)
    expected.run(7)
    for form in forms:
        trainer = make_trainer(form)
        trainer.run(7)
        assert state_of(trainer) == state_of(expected)


def test_bytes_are_divided_by_255() -> None:
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, (60, 6), dtype=np.uint8)
    t = rng.integers(0, 3, 60)
    of_bytes, of_floats = make_trainer(((x, t), (x, t))), make_trainer(((x / 255, t), (x / 255, t)))
    of_bytes.run(5)
    of_floats.run(5)
    assert state_of(of_bytes) == state_of(of_floats)


def test_regression_has_no_accuracies() -> None:
    x = np.linspace(-1, 1, 40)[:, None]
    network = ng.Network(
        [ng.Affine(1, 8, weight_init_std=1), ng.Tanh(), ng.Affine(8, 1, weight_init_std=1)],
        ng.MeanSquaredError(),
        seed=0,
    )
    part = (x, x[:, 0] ** 2)
    history = ng.train(
        network, (part, part), iterations=400, batch_size=20, learning_rate=0.2, seed=0
    )
    assert {record.test_accuracy for record in history.epochs} == {None}
    assert np.mean(history.train_loss[-20:]) < 0.2 * np.mean(history.train_loss[:20])


@pytest.mark.parametrize("method", ["naive", "weight", "node", "backprop"])
def test_learning(method: str) -> None:
    iterations = 100 if method == "naive" else 300
    trainer = make_trainer(method=method, learning_rate=3.0)
    history = trainer.run(iterations)
    assert history.outcome == "completed"
    assert history.method == method
    assert history.train_accuracy is not None
    assert history.train_accuracy > 0.9
    assert np.mean(history.train_loss[-10:]) < 0.5 * history.train_loss[0]


def test_loss_evaluations_are_counted() -> None:
    # 6·5 + 5 + 5·3 + 3 = 53 parameters; (5 + 3)·10 = 80 nodes.
    expected = {"naive": 106, "weight": 106, "node": 160, "backprop": 1}
    for method, evaluations in expected.items():
        assert make_trainer(method=method).run(3).loss_evaluations == 3 * evaluations
    # Shuffled batches of 25, 25 and 10: 8 nodes a sample.
    assert make_trainer(batch_size=25, sampling="shuffle").run(3).loss_evaluations == 2 * 8 * 60


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch_size": 0}, "batch_size must be between 1 and 60 training samples, got 0"),
        ({"batch_size": 61}, "batch_size must be between 1 and 60 training samples, got 61"),
        (
            {"batch_size": 2.5},
            "batch_size must be a whole number between 1 and 60 training samples, got 2.5",
        ),
        ({"method": "nodes"}, "got 'nodes'; did you mean 'node'?"),
        ({"h": 0}, "h must be a finite number, above 0, got 0"),
        ({"learning_rate": -1}, "learning_rate must be a finite number, above 0, got -1"),
        ({"optimizer": "sdg"}, "did you mean 'sgd'?"),
        ({"sampling": "shufle"}, "did you mean 'shuffle'?"),
        ({"seed": -1}, "seed must be at least 0, got -1"),
        ({"data": 3}, "data must be a Dataset or"),
        (
            {"data": ((np.ones((3, 6)), [0, 1]), (np.ones((1, 6)), [0]))},
            "must be as long, got shapes (3, 6) and (2,)",
        ),
        ({"data": ((np.ones((0, 6)), []), (np.ones((1, 6)), [0]))}, "at least one sample"),
        ({"data": (([[1.0] * 6], [3]), ([[1.0] * 6], [0]))}, "labels must be between 0 and 2"),
        ({"data": (([[1.0] * 6], [0]), ([[1.0] * 6], [3])), "batch_size": 1}, "between 0 and 2"),
        ({"data": (([[1.0] * 4], [0]), ([[1.0] * 4], [0])), "batch_size": 1}, "6"),
    ],
)
def test_wrong_settings(settings: dict[str, Any], message: str) -> None:
    if "data" in settings:
        settings = {"batch_size": 1, **settings}
    with pytest.raises(ParameterError) as caught:
        make_trainer(**settings)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [{"iterations": -1}, {"checkpoint_every": 0}, {"checkpoint_seconds": 0}, {"iterations": 1.5}],
)
def test_wrong_run(options: dict[str, Any]) -> None:
    trainer = make_trainer()
    before = state_of(trainer)
    with pytest.raises(ParameterError, match=next(iter(options))):
        trainer.run(**{"iterations": 3, **options})
    assert state_of(trainer) == before


def test_learning_rate_may_fall_during_the_run() -> None:
    def slow_down(trainer: ng.Trainer) -> None:
        if trainer.iteration == 10:
            trainer.optimizer.learning_rate = 1e-12

    trainer = make_trainer()
    trainer.run(10)
    at_ten = {name: array.copy() for name, array in trainer.network.params.items()}
    again = make_trainer()
    again.run(30, on_step=slow_down)
    for name, array in at_ten.items():
        np.testing.assert_allclose(again.network.params[name], array, rtol=0, atol=1e-9)


@pytest.mark.parametrize("within", ["on_step", "on_progress"])
def test_time_does_not_pass_while_a_callback_stops_the_watch(
    within: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    trainer = make_trainer(method="weight", kernels=False)

    def wait(*_: Any) -> None:
        clock[0] += 1
        with trainer.stopwatch.stopped():
            clock[0] += 1000

    callbacks: dict[str, Any] = {within: wait}
    history = trainer.run(2, **callbacks)
    assert history.seconds == clock[0] % 1000
    assert history.step_seconds == (history.seconds if within == "on_progress" else 0)


def test_train_is_a_trainer_and_a_run() -> None:
    trainer = make_trainer()
    trainer.run(9)
    network = ng.TwoLayerNet(6, 5, 3, weight_init_std=0.5, seed=1)
    history = ng.train(network, make_data(), iterations=9, batch_size=10, seed=3)
    assert history.train_loss == trainer.history.train_loss
    with pytest.raises(ParameterError, match="checkpoint must name a file when resume is True"):
        ng.train(network, make_data(), batch_size=10, resume=True)
    with pytest.raises(TypeError, match="batchsize"):
        ng.train(network, make_data(), batchsize=10)


def test_train_resumes(tmp_path: Path) -> None:
    def run(iterations: int, **options: Any) -> ng.History:
        network = ng.TwoLayerNet(6, 5, 3, weight_init_std=0.5, seed=1)
        return ng.train(
            network, make_data(), iterations=iterations, batch_size=10, seed=3, **options
        )

    whole = run(20)
    files: dict[str, Any] = {"checkpoint": tmp_path / "checkpoint.npz", "resume": True}
    run(8, **files)
    resumed = run(20, **files)
    assert (resumed.train_loss, resumed.epochs) == (whole.train_loss, whole.epochs)
    assert run(20, **files).train_loss == whole.train_loss


def test_node_and_backprop_learn_alike_on_mnist() -> None:
    data = ng.data.load("mnist").limit(10_000)
    data = Dataset(
        "part", data.x_train, data.t_train, data.x_test[:2000], data.t_test[:2000], 10, "mnist"
    )
    histories = {
        method: ng.train(
            ng.TwoLayerNet(784, 30, 10, seed=0), data, iterations=200, method=method, seed=0
        )
        for method in ("node", "backprop")
    }
    node, backprop = histories["node"], histories["backprop"]
    np.testing.assert_allclose(node.train_loss, backprop.train_loss, rtol=0, atol=1e-5)
    for a, b in zip(node.epochs, backprop.epochs, strict=True):
        assert a.train_accuracy == pytest.approx(b.train_accuracy, abs=1e-3)
        assert a.test_accuracy == pytest.approx(b.test_accuracy, abs=1e-3)
    assert node.train_loss[-1] < node.train_loss[0] - 0.05


def test_pictures_are_as_the_network_takes_them() -> None:
    rng = np.random.default_rng(0)
    t = rng.integers(0, 2, 12)

    def train(shape: tuple[int, ...], *given: int) -> ng.Trainer:
        layers = [ng.Conv2D(shape[0], 2, 3), ng.ReLU(), ng.Affine(8, 2)]
        x = rng.random((12, *given))
        return ng.Trainer(ng.Network(layers, input_shape=shape), ((x, t), (x, t)), batch_size=4)

    for given in ((16,), (4, 4), (1, 4, 4), (4, 4, 1)):
        train((1, 4, 4), *given).run(1)
    train((3, 4, 4), 3, 4, 4).run(1)
    with pytest.raises(
        ParameterError, match=r"input_shape \(3, 4, 4\), .* got \(4, 4, 3\); x.tran"
    ):
        train((3, 4, 4), 4, 4, 3)
    with pytest.raises(ParameterError, match=r"input_shape \(1, 4, 4\), or be rows, got \(2, 8\)$"):
        train((1, 4, 4), 2, 8)
