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

LOSSES = [
    ng.CrossEntropy(),
    ng.CrossEntropy(0),
    ng.CrossEntropy(0.1),
    ng.CrossEntropy(label_smoothing=0.1),
    ng.CrossEntropy(0, label_smoothing=0.3),
    ng.CrossEntropy(0.1, label_smoothing=0.9),
    ng.MeanSquaredError(),
    ng.BinaryCrossEntropy(),
]


def labels_for(loss: ng.Loss, t: Array, classes: int) -> Array:
    """Labels, or as numbers between 0 and 1 where a loss takes these."""
    binary = isinstance(loss, ng.BinaryCrossEntropy)
    return np.eye(classes)[t] * 0.75 + 0.125 * (t[:, None] > 0) if binary else t


def exact(loss: ng.Loss, y: Array, t: Array, d: Array) -> Any:
    y, d = y.astype(np.longdouble), d.astype(np.longdouble)

    def value(z: Array) -> Any:
        if isinstance(loss, ng.MeanSquaredError):
            return np.mean((z - t) ** 2, axis=-1)
        if isinstance(loss, ng.BinaryCrossEntropy):
            return np.mean(t * np.logaddexp(0, -z) + (1 - t) * np.logaddexp(0, z), axis=-1)
        assert isinstance(loss, ng.CrossEntropy)
        p = np.exp(z - z.max(-1, keepdims=True))
        p /= p.sum(-1, keepdims=True)
        smooth = np.longdouble(loss.label_smoothing)
        q = (1 - smooth) * (t[..., None] == np.arange(p.shape[-1])) + smooth / p.shape[-1]
        return -np.sum(q * np.log(p + loss.epsilon), axis=-1)

    return value(y + d) - value(y)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@given(seed=st.integers(0, 10**6), spread=st.floats(0.1, 8), size=st.floats(-9, 0.5))
def test_rules_are_exact(loss: ng.Loss, seed: int, spread: float, size: float) -> None:
    rng = np.random.default_rng(seed)
    for dtype in (np.float32, np.float64):
        y = rng.normal(scale=spread, size=(3, 4)).astype(dtype)
        d = (10**size * rng.uniform(-1, 1, size=(3, 4))).astype(dtype)
        t = loss.targets(y, labels_for(loss, np.array([0, 2, 1]), 4))
        change = loss.difference(y, t, d)
        assert change.dtype == dtype
        scale = loss.magnitude(y, t, np.abs(d))
        oracle = 1e-18 * (1 + loss.samples(y, t))  # what the long doubles' subtraction loses
        error = np.abs(change - exact(loss, y, t, d))
        assert np.all(error <= 20 * np.finfo(dtype).eps * scale + oracle)


@pytest.mark.parametrize("epsilon", [0.0, 1e-7])
@pytest.mark.parametrize("smooth", [0.0, 0.1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy_survives_extreme_changes(epsilon: float, smooth: float, dtype: Any) -> None:
    loss = ng.CrossEntropy(epsilon, label_smoothing=smooth)
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
    t = loss.targets(y, labels_for(loss, np.array([0, 1, 2, 2, 0]), 3))
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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_binary_cross_entropy_survives_extreme_changes(dtype: Any) -> None:
    loss = ng.BinaryCrossEntropy()
    y = np.array([[0.0, 900.0, -900.0, 3.0]], dtype=dtype)
    t = np.array([[1.0, 0.0, 1.0, 0.5]], dtype=dtype)
    for size in (-2000.0, -60.0, -1.0, 1.0, 60.0, 2000.0):
        d = np.full_like(y, size)
        change = loss.difference(y, t, d)
        assert change.dtype == dtype
        expected = exact(loss, y, t, d)
        np.testing.assert_allclose(change, expected.astype(np.float64), rtol=1e-6)


def test_binary_cross_entropy_targets_and_hits() -> None:
    loss, y = ng.BinaryCrossEntropy(), np.array([[2.0], [-1.0], [0.5]])
    t = np.array([1, 0, 0])
    np.testing.assert_array_equal(loss.targets(y, t), [[1], [0], [0]])
    np.testing.assert_array_equal(loss.hits(y, t), [True, True, False])
    wide = np.array([[2.0, -1.0], [2.0, 1.0]])
    np.testing.assert_array_equal(loss.hits(wide, np.array([[1, 0], [1, 0]])), [True, False])
    # (log(1 + e⁻²) + log(1 + e⁻¹)) / 2
    expected = (np.log1p(np.exp(-2)) + np.log1p(np.exp(-1))) / 2
    assert loss.samples(wide, np.array([[1.0, 0], [1, 1]]))[0] == pytest.approx(expected)
    with pytest.raises(
        ParameterError, match=r"shape \(3, 1\) of the outputs, or \(3,\), got \(2,\)"
    ):
        loss.targets(y, t[:2])
    with pytest.raises(ParameterError, match="between 0 and 1, got numbers from 0 to 2"):
        loss.targets(y, np.array([0, 1, 2]))


def test_label_smoothing_must_be_a_share() -> None:
    for share in (-0.1, 1.0):
        with pytest.raises(ParameterError, match="label_smoothing must be"):
            ng.CrossEntropy(label_smoothing=share)
    assert repr(ng.CrossEntropy()) == "CrossEntropy(epsilon=1e-07)"
    assert "label_smoothing=0.1" in repr(ng.CrossEntropy(label_smoothing=0.1))
