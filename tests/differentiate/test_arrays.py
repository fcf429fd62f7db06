"""Arrays of every float dtype, matrices, and memory that is shared."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.lib.stride_tricks import as_strided, sliding_window_view

import nudgegrad as ng
from nudgegrad.differentiate.overlap import check_arrays_apart, check_entries_apart
from nudgegrad.differentiate.saved import Saved, same_bits
from nudgegrad.validation import ParameterError

DTYPES = ["float16", "float32", "float64", "longdouble", ">f8", ">f4", "<f2"]


def square_sum(x: Any) -> Any:
    return np.sum(x.astype(np.result_type(x.dtype.newbyteorder("="), np.float64)) ** 2)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("options", [{}, {"workers": 2}, {"bounds": (0.5, 3)}, {"h": "auto"}])
def test_every_float_dtype(dtype: str, options: Any) -> None:
    x = np.array([0.5, 1.0, 3.0]).astype(dtype)
    before = x.copy()
    found = ng.numerical_gradient(square_sum, x, options.pop("h", 2.0**-6), **options)
    assert found.dtype == x.dtype
    np.testing.assert_allclose(found.astype(float), 2 * before.astype(float), rtol=2e-2)
    assert same_bits(x, before)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_check_in_every_float_dtype(dtype: str) -> None:
    x = np.array([0.5, 1.0, 3.0]).astype(dtype)
    before = x.copy()
    assert ng.check(square_sum, x, lambda x: 2 * x).passed
    assert ng.check(square_sum, x, lambda x: 3 * x).counts["wrong"] == 3
    assert same_bits(x, before)


def test_padding_is_not_part_of_a_number() -> None:
    # What NumPy leaves in the last bytes of an extended double depends on how it was computed.
    x = np.linspace(1, 2, 50).astype(np.longdouble)
    raw = x.view(np.uint8).reshape(50, -1)
    if np.finfo(np.longdouble).nmant == 63:
        raw[:, 10:] = np.arange(raw[:, 10:].size).reshape(50, -1) % 251
    assert same_bits(x, x + 0)
    assert ng.check(np.sum, x, np.ones(50)).passed
    np.testing.assert_allclose(ng.numerical_gradient(np.sum, x).astype(float), 1)


@pytest.mark.parametrize("dtype", DTYPES)
def test_bits(dtype: str) -> None:
    x = np.array([[0.0, np.nan], [1.0, np.inf]]).astype(dtype)
    assert same_bits(x, x.copy())
    assert same_bits(x[:, ::-1], x[:, ::-1].copy())
    for index, value in (((0, 0), -0.0), ((0, 1), 1.0), ((1, 0), np.nextafter(x[1, 0], x[1, 1]))):
        other = x.copy()
        other[index] = value
        assert not same_bits(x, other)
        saved = Saved(("x",), (x,))
        x[index] = value
        assert saved.put_back() == ["x"]
        assert saved.put_back() == []


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_matrices() -> None:
    m = np.matrix([[1.0, 2.0], [3.0, 4.0]])

    def f(m: Any) -> Any:
        assert isinstance(m, np.matrix)
        assert m.shape == (2, 2)
        return (m * m).trace()  # a matrix of one entry

    expected = 2 * np.asarray(m).T
    for h in (None, "auto"):
        for options in ({}, {"workers": 2}, {"scheme": "complex-step"}, {"bounds": (0, 4)}):
            found = ng.numerical_gradient(f, m, h, **options)
            if "bounds" not in options or h is None:
                np.testing.assert_allclose(found, expected, rtol=1e-6)
    for claimed in (2 * m.T, expected, lambda m: 2 * m.T):
        assert ng.check(f, m, claimed).passed
    assert not ng.check(f, m, 2 * m).passed
    found = ng.numerical_gradient(lambda p: f(p["m"]) * p["b"], {"m": m, "b": np.ones(())})
    np.testing.assert_allclose(found["m"], expected, rtol=1e-6)
    jacobian = ng.numerical_jacobian(lambda m: m[0] * m, m)
    assert jacobian.shape == (1, 2, 2, 2)


def test_views_that_share_memory() -> None:
    w = np.arange(6.0)
    for x in (
        [w[:4], w[2:]],
        {"a": w, "b": (w,)},
        [w.reshape(2, 3), w.reshape(2, 3).T],
        [w[::2], w[::-1]],
        [w[0:1].reshape(()), w],
        [w, w.view("f4")],
    ):
        with pytest.raises(ParameterError, match=r"the arrays of x must not share memory.*pass co"):
            ng.numerical_gradient(lambda _: 0.0, x)
        with pytest.raises(ParameterError, match="the arrays of params must not share memory"):
            ng.check(lambda _: 0.0, x, x)


def test_views_of_one_array_that_share_nothing() -> None:
    w = np.arange(12.0)
    square = w.reshape(3, 4)
    for x in (
        [w[:4], w[4:]],
        [w[::2], w[1::2]],
        [w[::3], w[1::3], w[2::3]],
        [square[:, :2], square[:, 2:]],
        [square[::2, ::2], square[1::2], square[::2, 1::2]],
    ):
        found = ng.numerical_gradient(lambda x: sum(np.sum(a**2) for a in x), x)
        for slope, array in zip(found, x, strict=True):
            np.testing.assert_allclose(slope, 2 * array, atol=1e-6)
    np.testing.assert_array_equal(w, np.arange(12.0))


def test_entries_that_share_memory() -> None:
    for x in (
        as_strided(np.ones(1), (3,), (0,)),
        sliding_window_view(np.arange(5.0), 3, writeable=True),
        as_strided(np.arange(4.0), (2, 2), (8, 8)),
        as_strided(np.arange(4.0), (3,), (4,)),
    ):
        with pytest.raises(ParameterError, match=r"x must have memory of its own.*pass x.copy\(\)"):
            ng.numerical_gradient(np.sum, x)
        np.testing.assert_allclose(ng.numerical_gradient(np.sum, x.copy()), 1)
    with pytest.raises(ParameterError, match=r"x must be writeable.*pass x.copy\(\)"):
        ng.numerical_gradient(np.sum, np.broadcast_to(1.0, 3))


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(-6, 6)), min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(1, 4), st.integers(-6, 6)), min_size=1, max_size=3),
    st.integers(0, 40),
)
def test_overlaps_are_found_where_they_are(a: Any, b: Any, shift: int) -> None:
    memory = np.zeros(200)

    def view(axes: Any, start: int) -> tuple[Any, list[int]]:
        shape, strides = zip(*axes, strict=True)
        array = as_strided(memory[start:], shape, [8 * s for s in strides])
        places = start + sum(
            np.arange(n).reshape([-1 if k == i else 1 for i in range(len(axes))]) * s
            for k, (n, s) in enumerate(axes)
        )
        return array, np.ravel(places).tolist()

    (first, here), (second, there) = view(a, 80), view(b, 60 + shift)
    for array, places in ((first, here), (second, there)):
        if len(set(places)) == len(places):
            check_entries_apart("x", array)
        else:
            with pytest.raises(ParameterError):
                check_entries_apart("x", array)
    if set(here) & set(there):
        with pytest.raises(ParameterError):
            check_arrays_apart("x", ("a", "b"), (first, second))
    else:
        check_arrays_apart("x", ("a", "b"), (first, second))


@pytest.mark.parametrize(
    "x", [np.array([1j]), np.array([1j], np.complex64), [1j, 2.0], 1j, np.complex128(1j)]
)
def test_complex_parameters(x: Any) -> None:
    with pytest.raises(ParameterError, match=r"real and imaginary parts as two arrays, \(x.real"):
        ng.numerical_gradient(lambda _: 0.0, x)
    with pytest.raises(ParameterError, match="real and imaginary parts as two arrays"):
        ng.check(lambda _: 0.0, {"a": np.ones(1), "z": x}, {})


def test_both_parts_of_a_complex_parameter() -> None:
    z = np.array([1 + 2j, -0.5j])

    def loss(parts: Any) -> float:
        z = parts[0] + 1j * parts[1]
        return float(np.sum(np.abs(z) ** 2 + np.real(z**2)))

    def gradients(parts: Any) -> Any:
        return 4 * parts[0], 0 * parts[1]

    assert ng.check(loss, (z.real.copy(), z.imag.copy()), gradients).counts["wrong"] == 0


def test_masked_arrays() -> None:
    with pytest.raises(ParameterError, match=r"x must not be a masked array; pass x.comp"):
        ng.numerical_gradient(np.sum, np.ma.masked_array([1.0, 2.0], [False, True]))


def test_sparse_matrices() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    for x in (sparse.eye_array(3).tocsr(), sparse.eye(3).tocoo()):
        with pytest.raises(ParameterError, match=r"x must be a dense NumPy array.*x.toarray\(\)"):
            ng.numerical_gradient(lambda x: x.sum(), x)
        with pytest.raises(ParameterError, match=r"params\['s'\] must be a dense NumPy array"):
            ng.check(lambda p: p["s"].sum(), {"a": np.ones(1), "s": x}, {})
