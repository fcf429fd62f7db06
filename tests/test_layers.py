"""Difference rules against plain subtraction in extended precision."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import nudgegrad as ng
from nudgegrad.layers import named_parameters
from nudgegrad.validation import ParameterError

Array = NDArray[Any]

DTYPES = st.sampled_from([np.float32, np.float64])


def exact(layer: ng.Layer, x: Array, d: Array) -> Any:
    """f(x + d) − f(x) in long double, where the subtraction loses digits that we do not need."""
    x, d = x.astype(np.longdouble), d.astype(np.longdouble)
    if isinstance(layer, ng.Sigmoid):
        return 1 / (1 + np.exp(-(x + d))) - 1 / (1 + np.exp(-x))
    if isinstance(layer, ng.Tanh):
        return np.tanh(x + d) - np.tanh(x)
    if isinstance(layer, ng.LeakyReLU):
        return np.where(x + d > 0, x + d, layer.negative_slope * (x + d)) - layer.forward(x)
    if isinstance(layer, ng.GELU):
        return gelu(x + d) - gelu(x)
    return np.maximum(x + d, 0) - np.maximum(x, 0)


def gelu(x: Array) -> Any:
    c = np.sqrt(2 / (4 * np.arctan(np.longdouble(1))))
    return x * (1 + np.tanh(c * (x + np.longdouble("0.044715") * x**3))) / 2


ACTIVATIONS = [ng.Sigmoid(), ng.Tanh(), ng.ReLU(), ng.LeakyReLU(0.25), ng.GELU()]


@pytest.mark.parametrize("layer", ACTIVATIONS, ids=repr)
@given(
    x=st.floats(-6, 6),
    size=st.floats(-9, 1),
    sign=st.sampled_from([-1, 1]),
    dtype=DTYPES,
)
def test_rules_are_exact_for_nudges_of_any_size(
    layer: ng.Layer, x: float, size: float, sign: int, dtype: Any
) -> None:
    xs, d = np.array([[x]], dtype=dtype), np.array([[sign * 10**size]], dtype=dtype)
    change = layer.difference(xs, layer.forward(xs), d)
    assert change.dtype == dtype
    expected = exact(layer, xs, d)
    # The subtraction of the oracle itself loses about 1e-19.
    size = np.abs(expected)
    if isinstance(layer, ng.GELU):  # which is no monotonic function: its two terms may cancel
        size = layer.magnitude(xs, layer.forward(xs), np.abs(d))
    tolerance = 40 * np.finfo(dtype).eps * size + 1e-18
    assert np.abs(change - expected) <= tolerance


@pytest.mark.parametrize("layer", ACTIVATIONS, ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rules_survive_extreme_nudges(layer: ng.Layer, dtype: Any) -> None:
    x, d = (a.ravel().astype(dtype) for a in np.meshgrid([-900, -50, 0, 50, 900], [-2e3, 0, 2e3]))
    change = layer.difference(x, layer.forward(x), d)
    np.testing.assert_allclose(change, layer.forward(x + d) - layer.forward(x), atol=1e-6)


@pytest.mark.parametrize("layer", [*ACTIVATIONS, ng.Affine(3, 3)], ids=repr)
def test_backward_is_the_limit_of_the_rule(layer: ng.Layer) -> None:
    rng = np.random.default_rng(0)
    layer.initialize(rng)
    x = rng.normal(size=(4, 3))
    y = layer.forward(x)
    direction = rng.normal(size=(4, 3))
    dy = rng.normal(size=(4, 3))
    h = 1e-7
    slope = np.sum(layer.difference(x, y, h * direction) * dy) / h
    assert slope == pytest.approx(np.sum(layer.backward(x, y, dy) * direction), rel=1e-5)


def test_affine_difference_fan_out_and_gradient() -> None:
    layer = ng.Affine(2, 3)
    layer.params.update(W=np.array([[1.0, 2, 3], [4, 5, 6]]), b=np.array([1.0, 1, 1]))
    x, d = np.array([[1.0, -1.0]]), np.array([[0.5, 2.0]])
    y = layer.forward(x)
    np.testing.assert_array_equal(y, [[-2, -2, -2]])  # 1·(1,2,3) − 1·(4,5,6) + 1
    np.testing.assert_array_equal(layer.difference(x, y, d), [[8.5, 11, 13.5]])
    rows = layer.fan_out(x, y, d, slice(None), "difference")
    np.testing.assert_array_equal(rows, [[[0.5, 1, 1.5], [8, 10, 12]]])
    one_unit = layer.fan_out(x, y, d[:, 1:], slice(1, 2), "difference")
    np.testing.assert_array_equal(one_unit, rows[:, 1:])
    gradient = layer.parameter_gradient(x, y, np.array([[1.0, 0, 2]]))
    np.testing.assert_array_equal(gradient["W"], [[1, 0, 2], [-1, 0, -2]])
    np.testing.assert_array_equal(gradient["b"], [1, 0, 2])


def test_the_default_rule_is_plain_subtraction_for_rows_and_for_nudges() -> None:
    class Rotate(ng.Layer):
        def forward(self, x: Array) -> Array:
            return x[:, [1, 2, 0]] ** 2

    rng = np.random.default_rng(0)
    layer, x = Rotate(), rng.normal(size=(4, 3))
    y = layer.forward(x)
    d = rng.normal(size=(4, 5, 3))
    change = layer.difference(x[:, None], y[:, None], d)
    for k in range(5):
        np.testing.assert_allclose(change[:, k], layer.forward(x + d[:, k]) - y, atol=1e-14)
    separate = rng.normal(size=(4, 3))
    rows = layer.fan_out(x, y, separate, slice(None), "difference")
    for j in range(3):
        alone = np.where(np.arange(3) == j, separate, 0.0)
        np.testing.assert_allclose(rows[:, j], layer.forward(x + alone) - y, atol=1e-14)


def test_parameters_are_numbered_by_name() -> None:
    class Scale(ng.Layer):
        def __init__(self) -> None:
            self.params["gamma"] = np.ones(3)

    layers: list[ng.Layer] = [ng.Affine(2, 3), Scale(), ng.Sigmoid(), ng.Affine(3, 3), Scale()]
    for layer in layers:
        layer.initialize(np.random.default_rng(0))
    assert list(named_parameters(layers)) == ["W1", "b1", "gamma1", "W2", "b2", "gamma2"]


@pytest.mark.parametrize("sizes", [(0, 1), (1, -1), (1.5, 1), ("3", 1), (True, 1)])
def test_wrong_sizes(sizes: tuple[int, int]) -> None:
    with pytest.raises(ParameterError, match="_size must be"):
        ng.Affine(*sizes)
