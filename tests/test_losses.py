"""Losses' difference rules against plain subtraction in extended precision."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import nudgegrad as ng
from nudgegrad.validation import ParameterError

Array = NDArray[Any]

LOSSES = [ng.CrossEntropy(), ng.CrossEntropy(0), ng.CrossEntropy(0.1), ng.MeanSquaredError()]


def exact(loss: ng.Loss, y: Array, t: Array, d: Array) -> Any:
    y, d = y.astype(np.longdouble), d.astype(np.longdouble)

    def value(z: Array) -> Any:
        if isinstance(loss, ng.MeanSquaredError):
            return np.mean((z - t) ** 2, axis=-1)
        assert isinstance(loss, ng.CrossEntropy)
        p = np.exp(z - z.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        return -np.log(np.take_along_axis(p, t[..., None], -1)[..., 0] + loss.epsilon)

    return value(y + d) - value(y)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@given(seed=st.integers(0, 10**6), spread=st.floats(0.1, 8), size=st.floats(-9, 0.5))
def test_rules_are_exact(loss: ng.Loss, seed: int, spread: float, size: float) -> None:
    rng = np.random.default_rng(seed)
    for dtype in (np.float32, np.float64):
        y = rng.normal(scale=spread, size=(3, 4)).astype(dtype)
        d = (10**size * rng.uniform(-1, 1, size=(3, 4))).astype(dtype)
        t = loss.targets(y, np.array([0, 2, 1]))
        change = loss.difference(y, t, d)
        assert change.dtype == dtype
        scale = loss.magnitude(y, t, np.abs(d))
        oracle = 1e-18 * (1 + loss.samples(y, t))  # what the long doubles' subtraction loses
        error = np.abs(change - exact(loss, y, t, d))
        assert np.all(error <= 20 * np.finfo(dtype).eps * scale + oracle)


@pytest.mark.parametrize("epsilon", [0.0, 1e-7])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy_survives_extreme_changes(epsilon: float, dtype: Any) -> None:
    loss = ng.CrossEntropy(epsilon)
    y = np.array([[0.0, 3.0, -2.0], [1000.0, 0.0, 0.0]], dtype=dtype)
    t = np.array([0, 1])
    d = np.array([[-2000.0, 0.0, 1000.0], [-1500.0, 0.5, 900.0]], dtype=dtype)
    expected = loss.samples(y + d, t) - loss.samples(y, t)
    np.testing.assert_allclose(loss.difference(y, t, d), expected, rtol=1e-6)
    small_beside_large = np.stack([d, 1e-4 * np.ones_like(d)], axis=1)
    change = loss.difference(y[:, None], t[:, None], small_beside_large)
    np.testing.assert_allclose(change[:, 0], expected, rtol=1e-6)
    np.testing.assert_allclose(change[:, 1], 0, atol=1e-10)  # all logits alike: nothing changes


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_gradient_is_the_limit_of_the_rule(loss: ng.Loss) -> None:
    rng = np.random.default_rng(1)
    y, d = rng.normal(size=(5, 3)), rng.normal(size=(5, 3))
    t = loss.targets(y, np.array([0, 1, 2, 2, 0]))
    slope = np.mean(loss.difference(y, t, 1e-7 * d)) / 1e-7
    assert slope == pytest.approx(np.sum(loss.gradient(y, t) * d), rel=1e-5)


def test_a_loss_with_only_samples_is_differenced_plainly() -> None:
    class Absolute(ng.Loss):
        def samples(self, y: Array, t: Array) -> Array:
            assert y.ndim == 2
            return np.asarray(np.sum(np.abs(y - t), axis=1))

    rng = np.random.default_rng(2)
    loss, y, t = Absolute(), rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    d = rng.normal(size=(4, 5, 3))
    change = loss.difference(y[:, None], t[:, None], d)
    for k in range(5):
        expected = loss.samples(y + d[:, k], t) - loss.samples(y, t)
        np.testing.assert_allclose(change[:, k], expected, atol=1e-14)


def test_mean_squared_error_targets() -> None:
    loss = ng.MeanSquaredError()
    y = np.zeros((2, 3))
    np.testing.assert_array_equal(loss.targets(y, np.array([2, 0])), [[0, 0, 1], [1, 0, 0]])
    np.testing.assert_array_equal(loss.targets(y[:, :1], np.array([2, 5])), [[2], [5]])
    # ((1−0)² + 0 + (3−0)²)/3 = 10/3
    assert loss.value(np.array([[1.0, 0, 3]]), np.zeros((1, 3))) == pytest.approx(10 / 3)
    with pytest.raises(ParameterError, match=r"must have the shape \(2, 3\)"):
        loss.targets(y, np.zeros((2, 2)))


def test_epsilon_must_not_be_negative() -> None:
    with pytest.raises(ParameterError, match="epsilon must be"):
        ng.CrossEntropy(-1e-7)
