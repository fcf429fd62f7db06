"""A 3-2-2 network worked by hand: one sample, x = (1, 0, 2), class 1, h = 0.1."""

from math import exp, log

import numpy as np
import pytest

import nudgegrad as ng

X = np.array([[1.0, 0.0, 2.0]])
T = np.array([1])
H = 0.1


@pytest.fixture
def net() -> ng.TwoLayerNet:
    net = ng.TwoLayerNet(3, 2, 2)
    net.params["W1"] = np.array([[0.1, -0.2], [0.3, 0.4], [-0.1, 0.2]])
    net.params["b1"] = np.array([0.1, -0.2])
    net.params["W2"] = np.array([[1.0, -1.0], [0.5, 2.0]])
    net.params["b2"] = np.array([0.0, 0.5])
    return net


def sigma(a: float) -> float:
    return 1 / (1 + exp(-a))


def cross_entropy(a1: float, a2: float, w: float = 1.0, b: float = 0.5) -> float:
    """Return the loss from the two input sums; w is W2[0, 0], b is b2[1]."""
    z1, z2 = sigma(a1), sigma(a2)
    y0 = w * z1 + 0.5 * z2
    y1 = -1.0 * z1 + 2.0 * z2 + b
    p1 = exp(y1) / (exp(y0) + exp(y1))
    return -log(p1 + 1e-7)


def test_forward_and_both_losses(net: ng.TwoLayerNet) -> None:
    # a1 = 1·0.1 + 0·0.3 + 2·(−0.1) + 0.1 = 0.0         z1 = σ(0) = 0.5
    # a2 = 1·(−0.2) + 0·0.4 + 2·0.2 − 0.2 = 0.0         z2 = σ(0) = 0.5
    # y0 = 0.5·1 + 0.5·0.5 + 0 = 0.75
    # y1 = 0.5·(−1) + 0.5·2 + 0.5 = 1.0
    np.testing.assert_allclose(net.forward(X), [[0.75, 1.0]], rtol=1e-15)
    # p1 = e^1 / (e^0.75 + e^1) = 1 / (1 + e^−0.25) = 0.562176…
    np.testing.assert_allclose(net.predict(X), [[1 - sigma(0.25), sigma(0.25)]], rtol=1e-15)
    # −log(0.562176… + 1e-7) = 0.575939…
    assert net.loss(X, T) == pytest.approx(0.5759392, abs=1e-7)
    assert net.loss(X, T) == pytest.approx(cross_entropy(0.0, 0.0), rel=1e-14)
    # mean squared error of the outputs against (0, 1): ((0.75 − 0)² + (1 − 1)²) / 2 = 0.28125
    squares = net.copy()
    squares.loss_function = ng.MeanSquaredError()
    assert squares.loss(X, T) == pytest.approx(0.28125, rel=1e-14)


@pytest.mark.parametrize("method", ["naive", "weight"])
def test_the_quotient_for_a_weight_of_each_parameter(net: ng.TwoLayerNet, method: str) -> None:
    gradient = net.numerical_gradient(X, T, method=method, h=H)
    # W1[2, 0]: x_2 = 2, so ±0.1 moves a1 by ±0.2
    quotient = (cross_entropy(0.2, 0) - cross_entropy(-0.2, 0)) / 0.2
    assert gradient["W1"][2, 0] == pytest.approx(quotient, rel=1e-12)
    # W1[1, 1]: x_1 = 0, nothing moves
    assert gradient["W1"][1, 1] == 0
    # b1[1]: a2 moves by ±0.1
    quotient = (cross_entropy(0, 0.1) - cross_entropy(0, -0.1)) / 0.2
    assert gradient["b1"][1] == pytest.approx(quotient, rel=1e-12)
    # W2[0, 0]: 1.0 becomes 1.1 and 0.9
    quotient = (cross_entropy(0, 0, w=1.1) - cross_entropy(0, 0, w=0.9)) / 0.2
    assert gradient["W2"][0, 0] == pytest.approx(quotient, rel=1e-12)
    # b2[1]: 0.5 becomes 0.6 and 0.4
    quotient = (cross_entropy(0, 0, b=0.6) - cross_entropy(0, 0, b=0.4)) / 0.2
    assert gradient["b2"][1] == pytest.approx(quotient, rel=1e-12)


def test_node_nudges_the_input_sum(net: ng.TwoLayerNet) -> None:
    gradient = net.numerical_gradient(X, T, method="node", h=H)
    # D = (ℓ(a1 + 0.1) − ℓ(a1 − 0.1)) / 0.2, and W1[2, 0] gets x_2·D = 2·D
    difference = (cross_entropy(0.1, 0) - cross_entropy(-0.1, 0)) / 0.2
    assert gradient["W1"][2, 0] == pytest.approx(2 * difference, rel=1e-12)
    assert gradient["b1"][0] == pytest.approx(difference, rel=1e-12)


def test_backprop(net: ng.TwoLayerNet) -> None:
    gradient = net.gradient(X, T)
    # dℓ/dy = p1/(p1 + ε)·(p − (0, 1)) = (0.437823…, −0.437823…)
    # dℓ/da1 = (0.437823·1 + (−0.437823)·(−1))·0.5·0.5 = 0.218911…; W1[2, 0]: ·x_2 = 2
    d = (1 - sigma(0.25)) * sigma(0.25) / (sigma(0.25) + 1e-7)
    assert gradient["W1"][2, 0] == pytest.approx(2 * 2 * d * 0.25, rel=1e-14)
    assert gradient["b2"][1] == pytest.approx(-d, rel=1e-14)
