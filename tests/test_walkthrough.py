"""The walk's facts against independent computations of the same batch."""

from __future__ import annotations

import importlib
import math
from typing import Any

import numpy as np
import pytest

from nudgegrad.layers import Affine, Layer, ReLU, Sigmoid, Tanh
from nudgegrad.losses import CrossEntropy, MeanSquaredError
from nudgegrad.network import Network
from nudgegrad.training import Trainer
from nudgegrad.validation import ParameterError
from nudgegrad.walkthrough import Step, hand_example, walk


def facts(steps: list[Step], number: int) -> dict[str, str]:
    assert steps[number].number == number
    return dict(steps[number].facts)


def batch(features: int = 5, classes: int = 3) -> tuple[Any, Any]:
    rng = np.random.default_rng(7)
    return rng.random((20, features)), np.eye(classes)[rng.integers(0, classes, 20)]


def two_layers(dtype: str = "float64") -> Network:
    return Network([Affine(5, 4), Sigmoid(), Affine(4, 3)], seed=3, dtype=dtype)


def loss_with(
    network: Network, x: Any, t: Any, name: str, entry: tuple[int, ...], by: float
) -> float:
    nudged = network.copy()
    nudged.params[name][entry] += by
    return nudged.loss(x, t)


def test_eleven_steps_with_text_and_real_functions() -> None:
    steps = walk(two_layers(), *batch(), data_name="random")
    assert [step.number for step in steps] == list(range(11))
    for step in steps:
        assert step.title
        assert step.explanation.endswith(".")
        assert step.formula
        assert step.facts
        assert all(label and value for label, value in step.facts)
        _resolve(step.function)


def _resolve(dotted: str) -> Any:
    parts = dotted.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:cut]))
        except ModuleNotFoundError:
            continue
        for part in parts[cut:]:
            found = getattr(found, part)
        return found
    raise AssertionError(dotted)


def test_shapes_and_settings() -> None:
    x, t = batch()
    steps = walk(two_layers(), x, t, data_name="random", learning_rate=0.25, h=1e-3)
    start = facts(steps, 0)
    assert start["data set"] == "random"
    assert start["inputs x"] == "(20, 5)"
    assert start["labels t"] == "(20, 3)"
    assert start["W1"] == "(5, 4)"
    assert start["b1"] == "(4,)  [0, 0, 0, 0]"
    assert (start["learning rate η"], start["nudge h"]) == ("0.25", "0.001")
    assert facts(steps, 1)["values in all parameters"] == str(20 + 4 + 12 + 3)


@pytest.mark.parametrize(
    ("name", "entry"), [("W1", (2, 1)), ("b1", (3,)), ("W2", (0, 2)), ("b2", (1,))]
)
def test_differences_of_any_parameter(name: str, entry: tuple[int, ...]) -> None:
    network, (x, t), h = two_layers(), batch(), 1e-3
    steps = walk(network, x, t, data_name="", parameter=name, index=entry, h=h)
    value = float(network.params[name][entry])
    upper, lower = (loss_with(network, x, t, name, entry, by) for by in (h, -h))
    assert float(facts(steps, 2)["before"]) == pytest.approx(value, rel=1e-14)
    assert float(facts(steps, 2)["raised"]) == pytest.approx(value + h, rel=1e-14)
    assert float(facts(steps, 3)["loss with nothing changed"]) == pytest.approx(network.loss(x, t))
    assert float(facts(steps, 5)["f₊, the mean error"]) == pytest.approx(upper, rel=1e-14)
    assert float(facts(steps, 6)["lowered"]) == pytest.approx(value - h, rel=1e-14)
    assert float(facts(steps, 6)["f₋, the mean error"]) == pytest.approx(lower, rel=1e-14)
    assert float(facts(steps, 6)["restored"]) == pytest.approx(value, rel=1e-14)
    slopes = facts(steps, 7)
    assert float(slopes["f₊ − f₋"]) == pytest.approx(upper - lower, rel=1e-9)
    quotient = (upper - lower) / (2 * h)
    assert float(slopes["(f₊ − f₋) / 2h"]) == pytest.approx(quotient, rel=1e-9)
    assert float(slopes["by weight"]) == pytest.approx(quotient, rel=1e-9)
    exact = float(network.gradient(x, t)[name][entry])
    assert float(slopes["by backpropagation"]) == pytest.approx(exact, rel=1e-13)
    assert float(slopes["by node"]) == pytest.approx(exact, rel=1e-5)


def test_steepest_entry_without_an_index() -> None:
    network, (x, t) = two_layers(), batch()
    slopes = np.abs(network.gradient(x, t)["W2"])
    steps = walk(network, x, t, data_name="", parameter="W2")
    row, column = divmod(int(slopes.argmax()), slopes.shape[1])
    assert facts(steps, 1)["the value we follow"].startswith(f"W2[{row}, {column}] = ")


def test_forward_and_error_of_the_raised_network() -> None:
    network, (x, t) = two_layers(), batch()
    steps = walk(network, x, t, data_name="", index=(0, 0), h=0.5)
    nudged = network.copy()
    nudged.params["W1"][0, 0] += 0.5
    forward = facts(steps, 4)
    assert forward["x·W1 + b1"] == "(20, 5) → (20, 4)"
    assert forward["sigmoid(…)"] == "(20, 4) → (20, 4)"
    assert forward["…·W2 + b2"] == "(20, 4) → (20, 3)"
    assert steps[4].formula == "y = softmax(sigmoid(x·W1 + b1)·W2 + b2)"
    shown = [float(p) for p in forward["first sample's probabilities"].strip("[]").split(",")]
    probabilities = nudged.predict(x)[0]
    assert shown == pytest.approx(list(probabilities), rel=1e-5)
    label = int(t[0].argmax())
    error = facts(steps, 5)
    assert error["first sample's correct label"] == str(label)
    assert float(error["its probability"]) == pytest.approx(probabilities[label], rel=1e-14)
    assert float(error["first sample's error"]) == pytest.approx(
        -math.log(probabilities[label] + 1e-7), rel=1e-14
    )


def test_update_and_loss_after_it_are_those_of_training() -> None:
    network, (x, t) = two_layers(), batch()
    steps = walk(network, x, t, data_name="", index=(1, 1), learning_rate=0.5)
    gradient = network.numerical_gradient(x, t)
    updated = network.copy()
    for name, values in updated.params.items():
        values -= 0.5 * gradient[name]
    after = float(facts(steps, 8)["W1[1, 1]"].split(" = ")[1])
    assert after == pytest.approx(updated.params["W1"][1, 1], rel=1e-14)
    largest = float(facts(steps, 8)["largest change in b2"])
    assert largest == pytest.approx(0.5 * np.abs(gradient["b2"]).max(), rel=1e-5)
    losses = facts(steps, 9)
    assert float(losses["loss before"]) == pytest.approx(network.loss(x, t), rel=1e-14)
    assert float(losses["loss after"]) == pytest.approx(updated.loss(x, t), rel=1e-14)
    assert float(losses["change"]) == pytest.approx(
        updated.loss(x, t) - network.loss(x, t), rel=1e-5
    )


def test_accuracies_before_and_after() -> None:
    network, (x, t) = two_layers(), batch()
    train, test = (x[:15], t[:15]), (x[15:], t[15:].argmax(axis=1))
    steps = walk(network, x, t, data_name="", learning_rate=5.0, train=train, test=test)
    updated = network.copy()
    gradient = network.numerical_gradient(x, t)
    for name, values in updated.params.items():
        values -= 5.0 * gradient[name]
    assert facts(steps, 10) == {
        f"{name}, {len(data[0])} samples": (
            f"{network.accuracy(*data):.4f} → {updated.accuracy(*data):.4f}"
        )
        for name, data in (("training data", train), ("test data", test))
    }
    alone = facts(walk(network, x, t, data_name=""), 10)
    assert list(alone) == ["this batch, 20 samples"]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_network_is_left_as_it_was(dtype: str) -> None:
    network, (x, t) = two_layers(dtype), batch()
    before = {name: array.tobytes() for name, array in network.params.items()}
    arrays = dict(network.params)
    walk(network, x, t, data_name="")
    with pytest.raises(ParameterError):
        walk(network, x, t, data_name="", h=1e-40)
    assert {name: array.tobytes() for name, array in network.params.items()} == before
    assert all(network.params[name] is array for name, array in arrays.items())


def test_float32_numbers_tell_the_two_errors_apart() -> None:
    steps = walk(two_layers("float32"), *batch(), data_name="", h=1e-2)
    upper, lower = facts(steps, 5)["f₊, the mean error"], facts(steps, 6)["f₋, the mean error"]
    assert upper != lower
    assert np.float32(upper) != np.float32(lower)


def test_deeper_network_and_integer_labels() -> None:
    layers = [Affine(5, 6), Tanh(), Affine(6, 4), ReLU(), Affine(4, 4), Affine(4, 3)]
    network, (x, t) = Network(layers, seed=1), batch()
    steps = walk(network, x, t.argmax(axis=1), data_name="", parameter="W3")
    assert steps[4].formula == "y = softmax((relu(tanh(x·W1 + b1)·W2 + b2)·W3 + b3)·W4 + b4)"
    assert facts(steps, 0)["W4"] == "(4, 3)  " + facts(steps, 0)["W4"].partition("  ")[2]
    assert facts(steps, 0)["labels t"] == "(20,)"
    slopes = facts(steps, 7)
    assert float(slopes["by weight"]) == pytest.approx(float(slopes["(f₊ − f₋) / 2h"]), rel=1e-6)
    assert float(slopes["by backpropagation"]) == pytest.approx(float(slopes["by node"]), rel=1e-5)


class Scale(Layer):
    """A user's layer: a forward pass and no more."""

    def initialize(self, rng: np.random.Generator) -> None:
        self.params["g"] = np.ones(4)

    def forward(self, x: Any) -> Any:
        return x * self.params["g"]


def test_users_layer_without_backprop_and_another_loss() -> None:
    network = Network([Affine(5, 4), Scale(), Affine(4, 3)], MeanSquaredError(), seed=1)
    x, t = batch()
    steps = walk(network, x, t, data_name="", parameter="g1", index=(2,))
    assert steps[4].formula == "y = scale(x·W1 + b1, g1)·W2 + b2"
    assert "first sample's outputs" in facts(steps, 4)
    assert steps[5].function == "nudgegrad.losses.mean_squared_error.MeanSquaredError.samples"
    assert float(facts(steps, 5)["first sample's error"]) > 0
    slopes = facts(steps, 7)
    assert "by backpropagation" not in slopes
    assert float(slopes["by weight"]) == pytest.approx(float(slopes["(f₊ − f₋) / 2h"]), rel=1e-7)


def test_hand_example_by_hand() -> None:
    """All of the hand example with `math` alone, as one would with a calculator."""
    w1, b1 = [[0.1, 0.2], [0.3, -0.1], [-0.2, 0.4]], [0.1, -0.1]
    w2, b2 = [[0.5, -0.3], [0.2, 0.4]], [0.0, 0.1]

    def loss(first: float) -> float:
        weights = [[0.1, first], *w1[1:]]
        total = 0.0
        for x, label in (([1.0, 0.0, 2.0], 0), ([0.0, 1.0, 1.0], 1)):
            sums = [sum(x[i] * weights[i][j] for i in range(3)) + b1[j] for j in range(2)]
            hidden = [1 / (1 + math.exp(-a)) for a in sums]
            out = [sum(hidden[j] * w2[j][k] for j in range(2)) + b2[k] for k in range(2)]
            powers = [math.exp(a) for a in out]
            total -= math.log(powers[label] / sum(powers) + 1e-7)
        return total / 2

    network, x, t = hand_example()
    assert network.loss(x, t) == pytest.approx(loss(0.2), rel=1e-14)
    steps = walk(network, x, t, data_name="by hand", index=(0, 1))
    assert facts(steps, 0)["inputs x"] == "(2, 3)  [1, 0, 2], [0, 1, 1]"
    assert facts(steps, 0)["W1"] == "(3, 2)  [0.1, 0.2], [0.3, -0.1], [-0.2, 0.4]"
    upper, lower = loss(0.2 + 1e-4), loss(0.2 - 1e-4)
    assert float(facts(steps, 5)["f₊, the mean error"]) == pytest.approx(upper, rel=1e-14)
    assert float(facts(steps, 6)["f₋, the mean error"]) == pytest.approx(lower, rel=1e-14)
    slope = float(facts(steps, 7)["(f₊ − f₋) / 2h"])
    assert slope == pytest.approx((upper - lower) / 2e-4, rel=1e-9)


def test_first_step_of_training_is_the_walk() -> None:
    rng = np.random.default_rng(0)
    data = (
        (rng.random((50, 5)), rng.integers(0, 3, 50)),
        (rng.random((9, 5)), rng.integers(0, 3, 9)),
    )
    network = two_layers()
    drawn = np.random.default_rng([4, 1]).integers(0, 50, 10)
    steps = walk(network, data[0][0][drawn], data[0][1][drawn], data_name="")
    trainer = Trainer(network, data, method="node", batch_size=10, learning_rate=0.1, seed=4)
    assert trainer.step() == pytest.approx(float(facts(steps, 9)["loss before"]), rel=1e-13)


def test_pure_cross_entropy_formula() -> None:
    network = Network([Affine(5, 3)], CrossEntropy(epsilon=0), seed=0)
    assert walk(network, *batch(), data_name="")[5].formula == "L = −1/N · Σₙ log(y[n, tₙ])"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"parameter": "W9"}, "parameter must be one of W1, b1, W2, b2, got 'W9'"),
        ({"index": (1,)}, "index must have 2 numbers, one for each axis of W1"),
        ({"index": (5, 0)}, r"index\[0\] of W1 \(5, 4\) must be between 0 and 4, got 5"),
        ({"index": (0, -1)}, r"index\[1\] of W1 \(5, 4\) must be between 0 and 3, got -1"),
        ({"learning_rate": 0.0}, "learning_rate must be a finite number, above 0"),
        ({"h": -1.0}, "h must be a finite number, above 0"),
    ],
)
def test_wrong_arguments(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        walk(two_layers(), *batch(), data_name="", **options)


def test_single_sample_is_refused() -> None:
    x, t = batch()
    with pytest.raises(ParameterError, match=r"x must be a batch, \(samples, features\), got"):
        walk(two_layers(), x[0], t[0], data_name="")
