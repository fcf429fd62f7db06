from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

import nudgegrad as ng
from nudgegrad.validation import ParameterError

Array = NDArray[Any]


def square_sum(x: Array) -> float:
    return float(np.sum(x.astype(np.float64) ** 2))


@given(hnp.arrays(np.float64, hnp.array_shapes(min_dims=0, max_dims=4, max_side=4),
                  elements=st.floats(-10, 10)))  # fmt: skip
def test_any_shape(x: Array) -> None:
    before = x.copy()
    gradient = ng.numerical_gradient(square_sum, x)
    np.testing.assert_allclose(gradient, 2 * x, atol=1e-7)
    assert x.tobytes() == before.tobytes()


def test_views_and_fortran_order() -> None:
    base = np.arange(24.0).reshape(4, 6)
    for x in (base[::2, 1::3], base.T, np.asfortranarray(base), base[::-1, ::-1]):
        np.testing.assert_allclose(ng.numerical_gradient(square_sum, x), 2 * x, atol=1e-7)
    np.testing.assert_array_equal(base, np.arange(24.0).reshape(4, 6))


def test_the_function_may_ignore_its_argument() -> None:
    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(ng.numerical_gradient(lambda _: x[0] * x[1], x), [2.0, 1.0])


def test_every_entry_is_restored_when_f_raises() -> None:
    x = np.array([0.1, 0.2, 0.3])
    before = x.copy()
    calls = 0

    def f(_: Array) -> float:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise RuntimeError("no")
        return 0.0

    with pytest.raises(RuntimeError, match="no"):
        ng.numerical_gradient(f, x)
    assert x.tobytes() == before.tobytes()


def test_evaluations_are_two_an_entry() -> None:
    calls = iter(range(100))
    ng.numerical_gradient(lambda _: next(calls), np.zeros((2, 3)))
    assert next(calls) == 12


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
def test_the_realised_step_is_divided_by(dtype: Any) -> None:
    # At 1000 the steps that float32 can take are multiples of 6e-5: a nominal 2h would be 20 % off.
    x = np.array([1.0 if dtype is np.float16 else 1000.0], dtype=dtype)
    h = 1e-2 if dtype is np.float16 else 1e-4
    gradient = ng.numerical_gradient(lambda x: 3 * np.float64(x[0]), x, h=h)
    assert gradient.dtype == dtype
    assert float(gradient[0]) == pytest.approx(3.0, rel=1e-3 if dtype is np.float16 else 1e-6)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (np.array([1, 2]), "must hold floats, got int64"),
        (np.array([1j]), "must hold floats, got complex128"),
        (np.array([True]), "must hold floats, got bool"),
        ([1.0, 2.0], "must be a NumPy array.*got list"),
        (np.empty((0, 3)), r"must not be empty, got shape \(0, 3\)"),
        (np.broadcast_to(np.array(1.0), (3,)), "read-only"),
    ],
)
def test_arrays_that_cannot_be_nudged(x: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        ng.numerical_gradient(square_sum, x)


@pytest.mark.parametrize("h", [0, -1e-4, float("nan"), float("inf"), "small", True])
def test_wrong_steps(h: Any) -> None:
    with pytest.raises(ParameterError, match="h must be"):
        ng.numerical_gradient(square_sum, np.ones(2), h=h)


def test_a_step_below_the_resolution() -> None:
    x = np.array([1e9], dtype=np.float32)
    with pytest.raises(ParameterError, match="h must be large enough to change x"):
        ng.numerical_gradient(square_sum, x)
    assert x[0] == np.float32(1e9)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.zeros(3), r"an array of shape \(3,\)"),
        (np.zeros((1, 2)), r"an array of shape \(1, 2\)"),
        (None, "NoneType"),
        (1j, "complex"),
        (True, "bool"),
        ("1", "str"),
    ],
)
def test_functions_that_return_no_number(value: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=f"f must return one real number, got {message}"):
        ng.numerical_gradient(lambda _: value, np.ones(2))


@pytest.mark.parametrize("value", [1, 1.0, np.float32(1), np.array(1.0)])
def test_numbers_that_f_may_return(value: Any) -> None:
    np.testing.assert_array_equal(ng.numerical_gradient(lambda _: value, np.ones(2)), [0, 0])
