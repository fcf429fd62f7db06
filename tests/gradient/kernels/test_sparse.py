"""Sparse products against dense ones."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudgegrad.data import as_inputs
from nudgegrad.gradient.kernels import sparse
from nudgegrad.gradient.kernels.sparse import SparseBytes, SparseRows, without_zeros

SHAPES = st.tuples(st.integers(1, 30), st.integers(1, 40), st.integers(1, 40))
DTYPES = st.sampled_from(["float32", "float64"])
SHARES = st.sampled_from([0.0, 0.1, 0.5, 1.0])


@given(SHAPES, SHARES, DTYPES, st.integers(0, 10**6))
def test_products(shape: tuple[int, int, int], share: float, dtype: str, seed: int) -> None:
    samples, features, units = shape
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples, features)) * (rng.random((samples, features)) < share)
    x = x.astype(dtype) + 0  # without −0
    weights = rng.normal(size=(features, units)).astype(dtype)
    slopes = rng.normal(size=(samples, units)).astype(dtype)
    rows = SparseRows.from_dense(x)
    assert rows is not None
    np.testing.assert_array_equal(rows.to_dense(), x)
    assert rows.shape == x.shape
    assert rows.dtype == x.dtype
    assert rows.share == np.count_nonzero(x) / x.size
    tolerance = 100 * float(np.finfo(dtype).eps)
    np.testing.assert_allclose(rows @ weights, x @ weights, rtol=0, atol=tolerance)
    np.testing.assert_allclose(rows.T @ slopes, x.T @ slopes, rtol=0, atol=tolerance)
    assert (rows @ weights).dtype == (rows.T @ slopes).dtype == dtype
    start = weights.copy()
    rows.T.add_product(slopes, -0.5, weights)
    np.testing.assert_allclose(weights, start - 0.5 * (x.T @ slopes), rtol=0, atol=tolerance)

    some = slice(samples // 3, samples - samples // 4)
    np.testing.assert_array_equal(rows[some].to_dense(), x[some])
    np.testing.assert_allclose(
        rows[some, ...].T @ slopes[some], x[some].T @ slopes[some], rtol=0, atol=tolerance
    )


@given(st.integers(0, 10**6), SHARES, DTYPES)
def test_bytes_become_what_as_inputs_makes_of_them(seed: int, share: float, dtype: str) -> None:
    rng = np.random.default_rng(seed)
    x = (rng.integers(0, 256, (20, 3, 5)) * (rng.random((20, 3, 5)) < share)).astype(np.uint8)
    samples = SparseBytes(x)
    rows = rng.integers(0, 20, 7)
    np.testing.assert_array_equal(
        samples.take(rows, dtype).to_dense(), as_inputs(x[rows], np.dtype(dtype))
    )
    assert samples.share == np.count_nonzero(x) / x.size


def test_a_batch_is_only_made_sparse_where_that_pays() -> None:
    mostly_zero = np.zeros((100, 100))
    mostly_zero[:, :20] = 1
    assert isinstance(without_zeros(mostly_zero), SparseRows)
    full = np.ones((100, 100))
    assert without_zeros(full) is full
    small = np.zeros((3, 3))
    assert without_zeros(small) is small
    assert without_zeros(np.full((100, 100), np.nan)) is not None
    just = np.zeros((100, 100))
    just[:, : int(100 * sparse.SPARSE_SHARE)] = 1
    assert isinstance(without_zeros(just), SparseRows)
    just[0, -1] = 1
    assert without_zeros(just) is just


@pytest.mark.parametrize("features", [255, 256, 300, 70_000])
def test_columns_are_counted_in_numbers_that_hold_them(features: int) -> None:
    x = np.zeros((2, features), np.uint8)
    x[:, -1] = 7
    dense = SparseBytes(x).take(np.array([1, 0]), "float32").to_dense()
    np.testing.assert_array_equal(dense, as_inputs(x, np.dtype("float32")))
