"""Weight decay: its gradient is that of the loss with the penalty in it, by the oracle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.validation import ParameterError
from tests.training.small import make_data, make_trainer


@pytest.mark.parametrize("method", ["naive", "weight", "node", "backprop"])
@pytest.mark.parametrize("optimizer", ["sgd", "momentum"])
def test_a_step_goes_against_the_gradient_of_loss_and_penalty(method: str, optimizer: str) -> None:
    data, decay = make_data(), 0.03
    trainer = make_trainer(method=method, optimizer=optimizer, weight_decay=decay, learning_rate=1)
    network = trainer.network.copy()
    rows = trainer.feed.peek().rows
    x, t = data.x_train[rows], data.t_train[rows]

    def loss() -> float:
        squares = sum((network.params[name] ** 2).sum() for name in ("W1", "W2"))
        return network.loss(x, t) + 0.5 * decay * float(squares)

    assert trainer.step() == pytest.approx(loss(), rel=1e-13)
    for name, array in network.params.items():
        slope = ng.numerical_gradient(lambda _: loss(), array)
        np.testing.assert_allclose(array - trainer.network.params[name], slope, atol=1e-8)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_kernels_and_array_lines_agree(optimizer: str, dtype: str) -> None:
    settings: dict[str, Any] = {
        "optimizer": optimizer,
        "dtype": dtype,
        "weight_decay": 0.05,
        "learning_rate": 0.1,
    }
    fast, slow = (make_trainer(kernels=kernels, **settings) for kernels in (True, False))
    for trainer in (fast, slow):
        trainer.run(30)
    tolerance = 1e-3 if dtype == "float32" else 1e-7
    for name, array in fast.network.params.items():
        assert array.dtype == dtype
        np.testing.assert_allclose(array, slow.network.params[name], atol=tolerance)


def test_weights_become_smaller_and_biases_are_left_alone() -> None:
    free, held = make_trainer(), make_trainer(weight_decay=0.1)
    for trainer in (free, held):
        trainer.run(200)
    size = [float((t.network.params["W1"] ** 2).sum()) for t in (free, held)]
    assert size[1] < 0.5 * size[0]
    # A step at which all samples' slopes vanish would shrink W by the factor 1 − rate·λ exactly.
    network = ng.Network([ng.Affine(2, 1)], ng.MeanSquaredError(), seed=0)
    network.params["b1"] = np.ones(1)
    x, t = np.zeros((4, 2)), np.ones((4, 1))
    before = network.params["W1"].copy()
    trainer = ng.Trainer(
        network, ((x, t), (x, t)), batch_size=4, learning_rate=0.5, weight_decay=0.1
    )
    trainer.step()
    np.testing.assert_allclose(network.params["W1"], before * (1 - 0.5 * 0.1), rtol=1e-14)
    assert network.params["b1"][0] == pytest.approx(1, abs=1e-12)


def test_no_decay_is_the_lesson_to_the_bit() -> None:
    plain, zero = make_trainer(), make_trainer(weight_decay=0)
    assert plain.run(20).train_loss == zero.run(20).train_loss


def test_errors() -> None:
    with pytest.raises(ParameterError, match="weight_decay must be a finite number, at least 0"):
        make_trainer(weight_decay=-0.1)
