from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from nudgegrad.functions import (
    class_indices,
    cross_entropy_error,
    log_sum_exp,
    sigmoid,
    sigmoid_grad,
    softmax,
)
from nudgegrad.validation import ParameterError

Array = NDArray[Any]

FLOATS = [np.float16, np.float32, np.float64]


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("function", [sigmoid, sigmoid_grad, softmax])
def test_extreme_values_give_no_warning_and_keep_the_dtype(function: Any, dtype: Any) -> None:
    x = np.array([-1000.0, -1.0, 0.0, 1.0, 1000.0], dtype=dtype)
    y = function(x)
    assert y.dtype == dtype
    assert y.shape == x.shape
    assert np.all(np.isfinite(y))
    assert np.all((y >= 0) & (y <= 1))


def test_sigmoid_values() -> None:
    np.testing.assert_array_equal(sigmoid(np.array([-1000.0, 0.0, 1000.0])), [0.0, 0.5, 1.0])
    # σ(1) = 1/(1+e^-1)
    np.testing.assert_allclose(sigmoid([1, -1]), [0.7310585786300049, 0.2689414213699951], 1e-15)


def test_sigmoid_is_accurate_where_one_minus_sigmoid_would_cancel() -> None:
    np.testing.assert_allclose(sigmoid_grad(np.array(40.0)), np.exp(-40.0), rtol=1e-14)


def test_softmax_of_a_row_and_of_a_batch() -> None:
    row = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(softmax(row), np.exp(row) / np.exp(row).sum(), rtol=1e-15)
    np.testing.assert_allclose(softmax(np.stack([row, row + 1000])), np.stack([softmax(row)] * 2))


@given(hnp.arrays(np.float64, (3, 4), elements=st.floats(-1000, 1000)))
def test_softmax_rows_sum_to_one(x: Array) -> None:
    np.testing.assert_allclose(softmax(x).sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(log_sum_exp(x), np.logaddexp.reduce(x, axis=1), atol=1e-12)


def test_cross_entropy_in_all_forms() -> None:
    y = np.array([[0.1, 0.9], [0.8, 0.2]])
    # −(log 0.9 + log 0.8)/2
    expected = -(np.log(0.9 + 1e-7) + np.log(0.8 + 1e-7)) / 2
    labels = np.array([1, 0])
    assert cross_entropy_error(y, labels) == pytest.approx(expected, rel=1e-14)
    assert cross_entropy_error(y, np.eye(2)[labels]) == pytest.approx(expected, rel=1e-14)
    one = -np.log(0.9 + 1e-7)
    assert cross_entropy_error(y[0], np.array([0, 1])) == pytest.approx(one, rel=1e-14)
    assert cross_entropy_error(y[0], np.array(1)) == pytest.approx(one, rel=1e-14)
    assert cross_entropy_error(y[0], np.array([1])) == pytest.approx(one, rel=1e-14)
    assert cross_entropy_error(y[:1], labels[:1]) == pytest.approx(one, rel=1e-14)


def test_cross_entropy_of_zero_probability_is_the_guard() -> None:
    assert cross_entropy_error(np.array([1.0, 0.0]), np.array(1)) == pytest.approx(-np.log(1e-7))


def test_labels_of_ten_samples_and_ten_classes_are_not_mistaken_for_one_hot() -> None:
    y = softmax(np.random.default_rng(0).normal(size=(1, 10)))
    with pytest.raises(ParameterError, match=r"shape \(1,\) or one-hot rows of shape \(1, 10\)"):
        class_indices(np.arange(10), y)


@pytest.mark.parametrize(
    ("t", "message"),
    [
        (np.array([0, 3]), "labels must be between 0 and 2, got 3"),
        (np.array([0, -1]), "labels must be between 0 and 2, got -1"),
        (np.array([0.0, 1.0]), "got float64 of shape"),
        (np.array([[1, 0, 0], [1, 1, 0]]), "single 1 and zeros, row 1 is"),
        (np.array([[1, 0, 0], [0.5, 0, 1]]), "single 1 and zeros, row 1 is"),
        (np.zeros((2, 4)), "got float64 of shape"),
    ],
)
def test_wrong_labels(t: Array, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        class_indices(t, np.zeros((2, 3)))
