"""A function need not exist beside the point: then it has no value there, and all else has."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nudgegrad as ng
from nudgegrad.differentiate.bounds import Bounds
from nudgegrad.differentiate.evaluate import Evaluator, InPlace, Vectorized, Workers
from nudgegrad.differentiate.guarded import Guarded
from nudgegrad.differentiate.leaves import flatten
from nudgegrad.differentiate.values import any_array, real_array, real_number
from nudgegrad.validation import ParameterError

NAN = np.nan


def log(x: Any) -> float:
    return sum(math.log(one) for one in x)


def logs(batch: Any) -> Any:
    if (batch < 0).any():
        raise ValueError("math domain error")
    return np.log(batch).sum(axis=1)


def around(kind: str, x: Any) -> Evaluator:
    def log(x: Any) -> float:  # other processes cannot import a module of tests
        return sum(math.log(one) for one in x)

    leaves = flatten(x)
    if kind == "vectorized":
        return Vectorized(logs, leaves, real_array)
    if kind == "in place":
        return InPlace(log, x, leaves)
    return Workers(log, leaves, real_number, 2, kind)


@pytest.mark.parametrize("kind", ["in place", "vectorized", "threads", "processes"])
def test_every_evaluator(kind: str) -> None:
    x = np.array([0.5, 2.0])
    guarded = Guarded(around(kind, x))
    points = np.array([[0.75, -0.25, 0.25], [3.0, -1.0, 1.0]])
    expected = np.log([[1.5, NAN, 0.5], [1.5, NAN, 0.5]])
    assert guarded.centre() == pytest.approx(0, abs=1e-15)
    np.testing.assert_allclose(guarded.at(0, np.array([0, 1]), points), expected, atol=1e-15)
    along = guarded.along([np.ones(2)], np.array([0.5, -1.0, -0.25]))
    np.testing.assert_allclose(along, [np.log(2.5), NAN, np.log(0.25 * 1.75)], atol=1e-15)
    assert guarded.remarks() == [
        "f raised ValueError (math domain error) at 3 nudged points; they were treated as not "
        "finite, and nudges on the side where f exists were used"
    ]
    np.testing.assert_array_equal(x, [0.5, 2.0])
    assert guarded.block(0, 2) == guarded.inner.block(0, 2)
    assert guarded.arrays is guarded.inner.arrays


@given(
    st.lists(st.lists(st.booleans(), min_size=3, max_size=3), min_size=1, max_size=9),
)
def test_exactly_the_points_where_f_raises(raises: list[list[bool]]) -> None:
    points = np.where(raises, -1.0, 1.0) * np.arange(1, 1 + 3 * len(raises)).reshape(-1, 3)
    x = np.full(len(raises), 0.5)

    def f(x: Any) -> float:
        if x.min() < 0:
            raise ZeroDivisionError
        return float(x.sum())

    values = Guarded(InPlace(f, x, flatten(x))).at(0, np.arange(len(x)), points)
    expected = np.where(raises, NAN, points + 0.5 * (len(x) - 1))
    np.testing.assert_array_equal(values, expected)
    np.testing.assert_array_equal(x, 0.5)


def edge(error: Exception) -> Callable[[Any], float]:
    def f(x: Any) -> float:
        if x[0] < 1:
            raise error
        return float(x[0])

    return f


@pytest.mark.parametrize(
    ("f", "remark"),
    [
        (edge(np.linalg.LinAlgError("Matrix is not positive definite")),
         "raised LinAlgError (Matrix is not positive definite)"),
        (edge(OverflowError()), "raised OverflowError at"),
        (edge(FloatingPointError("underflow")), "raised FloatingPointError (underflow)"),
        (edge(RuntimeWarning("invalid value")), "raised RuntimeWarning (invalid value)"),
        (edge(AssertionError()), "raised AssertionError at"),
        (edge(ParameterError("f's own")), "raised ParameterError (f's own)"),
        (edge(ValueError("x" * 200)), "x…)"),
        (edge(ValueError("first\nsecond")), "(first) at"),
        (edge(StopIteration()), "raised StopIteration at"),
        (lambda x: float(x[0] - 1) ** 1.5, "f returned a complex number at 1 nudged point; it was"),
        (lambda x: (float(x[0]) - 1) ** 0.5, "f returned a complex number at 1 nudged point"),
    ],
)  # fmt: skip
def test_kinds_of_edges(f: Any, remark: str) -> None:
    x = np.ones(1)
    guarded = Guarded(InPlace(f, x, flatten(x)))
    values = guarded.at(0, np.array([0]), np.array([[1.5, 0.5]]))
    assert np.isfinite(values[0, 0])
    assert np.isnan(values[0, 1])
    (said,) = guarded.remarks()
    assert remark in said
    assert x[0] == 1.0


def test_messages_that_differ_are_counted_together() -> None:
    x = np.ones(1)

    def f(x: Any) -> float:
        if x[0] < 1:
            raise ValueError(f"x is {x[0]}")
        return float(x[0])

    guarded = Guarded(InPlace(f, x, flatten(x)))
    guarded.at(0, np.array([0]), np.array([[0.5, 0.25, 0.125]]))
    (said,) = guarded.remarks()
    assert said.startswith("f raised ValueError (x is 0.5, for one) at 3 nudged points; they were")


def test_numpy_errors_that_raise() -> None:
    x = np.array([1e-5])
    with np.errstate(all="raise"):
        found = ng.numerical_gradient(lambda x: np.log(x[0]), x, "auto")
        guarded = Guarded(InPlace(lambda x: np.log(x[0]), x, flatten(x)))
        assert np.isnan(guarded.at(0, np.array([0]), np.array([[-1.0]]))).all()
    assert found.shape == (1,)
    assert "raised FloatingPointError (invalid value encountered in log)" in guarded.remarks()[0]


def test_a_jacobian_of_a_function_with_an_edge() -> None:
    x = np.array([0.0])
    guarded = Guarded(InPlace(lambda x: [math.sqrt(x[0]), 1.0], x, flatten(x), any_array))
    values = guarded.at(0, np.array([0]), np.array([[4.0, -1.0]]))
    np.testing.assert_array_equal(values, [[[2, 1], [NAN, NAN]]])


def test_a_jacobian_that_is_complex_on_one_side() -> None:
    x = np.array([0.0, 2.0])
    guarded = Guarded(InPlace(np.emath.sqrt, x, flatten(x), any_array))
    assert guarded.centre().dtype == np.float64
    values = guarded.at(0, np.array([0, 1]), np.array([[4.0, -1.0], [9.0, 1.0]]))
    expected = [[[2, np.sqrt(2)], [NAN, NAN]], [[0, 3], [0, 1]]]
    np.testing.assert_allclose(values, expected)
    assert guarded.remarks()[0].startswith("f returned a complex number at 1 nudged point; it was")
    both = Guarded(InPlace(lambda x: x + 1j, x, flatten(x), any_array))  # it is complex everywhere
    both.centre()
    assert both.at(0, np.array([0]), np.array([[4.0]])).dtype == np.complex128


def test_batches_that_are_complex_in_one_row() -> None:
    x = np.array([0.5, 2.0])
    guarded = Guarded(
        Vectorized(lambda b: np.emath.sqrt(b).sum(axis=1), flatten(x), real_array)
    )  # fmt: skip
    values = guarded.at(0, np.array([0, 1]), np.array([[1.0, -1.0], [8.0, 2.0]]))
    np.testing.assert_array_equal(np.isnan(values), [[False, True], [False, False]])


def test_what_is_passed_on() -> None:
    x = np.ones(1)
    points = np.array([[0.5, 1.5]])

    def at(f: Any, read: Any = real_number) -> Any:
        return Guarded(InPlace(f, x, flatten(x), read)).at(0, np.array([0]), points)

    with pytest.raises(ParameterError, match="f must return one real number, got NoneType"):
        at(lambda _: None)
    with pytest.raises(ParameterError, match="f must not change its argument, but x has changed"):
        at(lambda x: x.fill(3) or 1.0)
    with pytest.raises(ng.Cancelled):
        at(edge(ng.Cancelled()))
    with pytest.raises(KeyboardInterrupt):
        at(edge(KeyboardInterrupt()))  # type: ignore[arg-type]
    assert x[0] == 1.0


def test_an_error_that_does_not_come_again_is_no_edge() -> None:
    x = np.ones(4)
    calls = 0

    def f(x: Any) -> float:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise OSError("the network is down")
        return float(x.sum())

    with pytest.raises(OSError, match="the network is down"):
        Guarded(InPlace(f, x, flatten(x))).at(0, np.arange(4), np.full((4, 2), 2.0))


def test_a_batch_that_is_too_large_is_halved() -> None:
    x = np.ones(8)

    def f(batch: Any) -> Any:
        if len(batch) > 3:
            raise MemoryError
        return batch.sum(axis=1)

    guarded = Guarded(Vectorized(f, flatten(x), real_array))
    np.testing.assert_array_equal(guarded.at(0, np.arange(8), np.full((8, 1), 2.0)), 9.0)
    assert guarded.remarks() == []


def test_what_f_raises_at_the_point_itself_is_raised() -> None:
    x = np.array([-1.0])
    with pytest.raises(ValueError, match=r"math domain error|expected a positive input"):
        Guarded(InPlace(log, x, flatten(x))).centre()


def test_bounds_are_never_left() -> None:
    x = np.array([0.0, 1.0])
    seen: list[Any] = []

    def f(x: Any) -> float:
        seen.append(x.copy())
        return float(x.sum())

    guarded = Guarded(InPlace(f, x, flatten(x)), Bounds((np.zeros(2),), (np.ones(2),)))
    points = np.array([[0.5, -0.5], [0.5, 1.5]])
    np.testing.assert_array_equal(
        guarded.at(0, np.arange(2), points), [[1.5, NAN], [0.5, NAN]]
    )  # fmt: skip
    np.testing.assert_array_equal(
        guarded.along([np.array([1.0, -1.0])], np.array([0.25, -0.25])), [1.0, NAN]
    )
    np.testing.assert_array_equal(guarded.at(0, np.arange(2), np.full((2, 1), 2.0)), NAN)
    assert all(((at >= 0) & (at <= 1)).all() for at in seen)
    assert guarded.remarks() == ["5 nudged points were outside of the bounds, where f was not "
                                 "evaluated"]  # fmt: skip


def test_a_fixed_step_raises_what_f_raises() -> None:
    x = np.array([1e-6, 2.0])
    for options in ({}, {"workers": 2}, {"scheme": "richardson"}):
        with pytest.raises(ValueError, match=r"math domain error|expected a positive input"):
            ng.numerical_gradient(log, x, **options)
        np.testing.assert_array_equal(x, [1e-6, 2.0])


def test_auto_does_not_raise_what_f_raises_beside_the_point() -> None:
    x = np.array([0.3, 2.0])
    found = ng.numerical_gradient(log, x, "auto")
    np.testing.assert_allclose(found, 1 / x, rtol=1e-6)
    np.testing.assert_array_equal(x, [0.3, 2.0])
