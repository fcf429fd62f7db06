"""Bounds: what they may be, and differences that stay within."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.differentiate.bounds import Bounds, read_bounds
from nudgegrad.differentiate.leaves import flatten
from nudgegrad.differentiate.schemes import CENTRAL, FIVE_POINT, FORWARD, RICHARDSON, one_sided
from nudgegrad.validation import ParameterError

SCHEMES = [FORWARD, CENTRAL, FIVE_POINT, RICHARDSON]
X = np.array([0.0, 0.5, 1.0, 1e-6, 1 - 1e-6])


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.name)
@pytest.mark.parametrize("error_bars", [False, True])
def test_f_is_never_evaluated_outside(scheme: Any, error_bars: bool) -> None:
    x = X.copy()
    calls = 0

    def f(x: Any) -> float:
        nonlocal calls
        calls += 1
        assert ((x >= 0) & (x <= 1)).all()
        return float(np.sum(np.exp(x)))

    options: Any = {"scheme": scheme, "error_bars": error_bars, "bounds": (0, 1)}
    told: list[tuple[int, int]] = []
    found = ng.numerical_gradient(f, x, progress=lambda *done: told.append(done), **options)
    gradient = found.gradient if error_bars else found
    tolerance = 2e-4 if scheme is FORWARD else 3e-8
    np.testing.assert_allclose(gradient, np.exp(X), atol=tolerance)
    if error_bars:
        assert (np.abs(gradient - np.exp(X)) <= 1.2 * found.errors).all()
        assert found.evaluations == calls
    assert calls == ng.differentiate.count_evaluations(x, **options)
    assert told[-1] == (calls, calls)
    np.testing.assert_array_equal(x, X)


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.name)
@pytest.mark.parametrize("side", [1, -1])
def test_one_sided_schemes_keep_order_and_reach(scheme: Any, side: int) -> None:
    one = one_sided(scheme, side)
    assert all(side * offset > 0 for offset in one.offsets)
    assert max(map(abs, one.offsets)) <= max(map(abs, scheme.offsets))
    polynomial = np.polynomial.Polynomial(np.arange(1.0, 2 + scheme.order))
    slope = ng.numerical_gradient(lambda x: polynomial(x[0]), np.array([0.3]), 0.1, scheme=one)
    assert slope[0] == pytest.approx(polynomial.deriv()(0.3), rel=1e-10)


def test_vectorized_workers_and_jacobians() -> None:
    x = np.array([0.0, 1.0])
    bounds = (0, 1)
    expected = [1.0, np.e]
    for options in ({"vectorized": True}, {"workers": 2}, {"h": 1e-3}):
        f = (lambda b: np.exp(b).sum(1)) if "vectorized" in options else lambda x: np.exp(x).sum()
        found = ng.numerical_gradient(f, x, bounds=bounds, **options)
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    jacobian = ng.numerical_jacobian(np.exp, x, bounds=bounds)
    np.testing.assert_allclose(jacobian, np.diag(expected), atol=1e-7)


def test_the_complex_step_moves_nothing_real() -> None:
    def f(x: Any) -> Any:
        assert (np.real(x) >= 0).all()
        assert (np.real(x) <= 1).all()
        return np.sum(np.exp(x))

    found = ng.numerical_gradient(f, X.copy(), scheme="complex-step", bounds=(0, 1))
    np.testing.assert_allclose(found, np.exp(X), rtol=1e-15)


@pytest.mark.parametrize(
    "bounds",
    [
        (0, 1),
        [0, 1],
        (None, 1.0),
        (np.zeros(2), None),
        ([0, -np.inf], [1, np.inf]),
        (0, np.array([1.0])),
        SimpleNamespace(lb=[0, 0], ub=1),
    ],
)
def test_bounds_of_an_array(bounds: Any) -> None:
    found = read_bounds(flatten(np.array([0.0, 1.0])), bounds)
    assert found is not None
    assert read_bounds(flatten(np.ones(1)), found) is found
    for side in (*found.lower, *found.upper):
        assert side.shape == (2,)
        assert side.dtype == np.float64
    assert found.hold(0, np.array([1, 0]), np.array([[1.0], [0.5]])).all()


def test_bounds_of_scipy() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    leaves = flatten({"a": np.zeros(2), "b": np.ones(())})
    for bounds in (optimize.Bounds(0, 1), optimize.Bounds([0.0], np.inf)):
        found = read_bounds(leaves, bounds)
        assert found is not None
        assert [side.shape for side in found.lower] == [(2,), ()]


def test_bounds_in_the_structure_of_x() -> None:
    x = {"a": np.zeros((2, 2)), "b": (np.ones(2, np.float32), "name"), "n": 3}
    for lower in (
        {"a": -1, "b": 0},
        {"a": -np.ones((2, 2)), "b": (np.zeros(2), None), "n": None},
        {"a": -1, "b": (0,)},
    ):
        found = read_bounds(flatten(x), (lower, None))
        assert found is not None
        np.testing.assert_array_equal(found.lower[0], -np.ones((2, 2)))
        np.testing.assert_array_equal(found.lower[1], [0, 0])
        assert found.lower[1].dtype == np.float32
        assert np.isinf(found.upper[0]).all()


def test_bounds_are_of_the_dtype_of_x() -> None:
    # In float32 0.1 is above 0.1: but at the bound is where it was put.
    x = np.array([0.1], np.float32)
    found = ng.numerical_gradient(lambda x: float(x[0]) ** 2, x, 1e-2, bounds=(0.05, 0.1))
    assert found[0] == pytest.approx(0.2, rel=1e-5)
    assert isinstance(read_bounds(flatten(x), (-1e300, 1e300)), Bounds)


@pytest.mark.parametrize(
    ("bounds", "message"),
    [
        (3, r"bounds must be a pair \(lower, upper\)"),
        ((0, 1, 2), r"bounds must be a pair \(lower, upper\)"),
        ((0.6, 1), r"x\[1\] must lie within its bounds, 0.6 and 1.0, got 0.5"),
        ((0, [1, 0.2]), r"x\[1\] must lie within its bounds, 0.0 and 0.2, got 0.5"),
        (([0, 2], [1, -2]), r"x\[1\] must lie within its bounds, 2.0 and -2.0"),
        (([0, 0, 0], 1), r"bounds\[0\] of x must be a number or of its shape \(2,\)"),
        ((0, np.nan), r"bounds\[1\] of x must be real numbers, got nan"),
        ((0, "1"), r"bounds\[1\] of x must be real numbers, got '1'"),
        ((0, {"a": 1, "b": 2}), r"bounds\[1\] must have the entries x, got a, b"),
    ],
)
def test_bounds_that_do_not_fit(bounds: Any, message: str) -> None:
    for run in (
        lambda: ng.numerical_gradient(np.sum, np.array([1.0, 0.5]), bounds=bounds),
        lambda: read_bounds(flatten(np.array([1.0, 0.5])), bounds),
    ):
        with pytest.raises(ParameterError, match=message):
            run()


def test_an_entry_that_cannot_move() -> None:
    x = np.array([1.0, 2.0])
    for bounds in (([1, 0], [1, 9]), ([1 - 1e-5, 0], [1 + 1e-5, 9])):
        with pytest.raises(ParameterError, match=r"small enough for the bounds of x\[0\]"):
            ng.numerical_gradient(np.sum, x, bounds=bounds)
        mask = np.array([False, True])
        found = ng.numerical_gradient(np.sum, x, bounds=bounds, mask=mask)
        np.testing.assert_allclose(found, [np.nan, 1])


def test_bounds_of_a_check() -> None:
    x = np.array([0.3, 0.7])
    assert ng.check(lambda x: np.sum(x**2), x, 2 * x, bounds=(-10, 10)).passed
    with pytest.raises(ParameterError, match=r"params\[1\] must lie within its bounds"):
        ng.check(lambda x: np.sum(x**2), x, 2 * x, bounds=(0, 0.5))
    net = ng.TwoLayerNet(2, 2, 2, seed=0)
    with pytest.raises(ParameterError, match="bounds must be None for a Network"):
        ng.check(net, np.ones((1, 2)), np.array([0]), bounds=(0, 1))


@pytest.mark.parametrize("bounds", [(0, 1), (0, None), (None, 1)])
@pytest.mark.parametrize("scheme", ["forward", "central", "five-point", "richardson"])
def test_auto_has_a_slope_at_a_bound_by_every_scheme(scheme: Any, bounds: Any) -> None:
    found = ng.numerical_gradient(
        lambda x: x[0] * x[1] + x[1] ** 2,
        np.array([0.0, 1.0]),
        "auto",
        bounds=bounds,
        scheme=scheme,
    )
    np.testing.assert_allclose(found, [1, 2], rtol=1e-6)
