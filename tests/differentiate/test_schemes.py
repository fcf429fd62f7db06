"""Every scheme differentiates polynomials of its order exactly, and its error falls as it says."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nudgegrad as ng
from nudgegrad.differentiate import (
    CENTRAL,
    COMPLEX_STEP,
    FIVE_POINT,
    FORWARD,
    RICHARDSON,
    Scheme,
)
from nudgegrad.validation import ParameterError

SCHEMES = [FORWARD, CENTRAL, FIVE_POINT, RICHARDSON, COMPLEX_STEP]
REAL = SCHEMES[:-1]


@pytest.mark.parametrize("scheme", REAL, ids=lambda s: s.name)
@given(st.lists(st.floats(-3, 3), min_size=1, max_size=7), st.floats(-2, 2))
def test_polynomials_up_to_the_order_are_exact(
    scheme: Scheme, coefficients: list[float], at: float
) -> None:
    polynomial = np.polynomial.Polynomial(coefficients[: scheme.order + 1])
    x = np.array([at])
    slope = ng.numerical_gradient(lambda x: polynomial(x[0]), x, 0.1, scheme=scheme)
    assert slope[0] == pytest.approx(polynomial.deriv()(at), abs=1e-9)


@pytest.mark.parametrize("scheme", REAL, ids=lambda s: s.name)
def test_the_truncation_error_is_of_the_order_and_size_stated(scheme: Scheme) -> None:
    # f = eˣ at 0: all derivatives are 1, so that the error is the leading term's coefficient.
    def error(h: float) -> float:
        slope = ng.numerical_gradient(lambda x: np.exp(x[0]), np.zeros(1), h, scheme=scheme)
        return abs(float(slope[0]) - 1)

    coefficient = {
        "forward": 1 / 2,
        "central": 1 / 6,
        "five-point": 1 / 30,
        "richardson": 1 / 322560,
    }[scheme.name]
    h = 0.5 if scheme is RICHARDSON else 0.01
    assert error(h) == pytest.approx(coefficient * h**scheme.order, rel=0.05)


def test_the_complex_step_is_exact_to_rounding() -> None:
    x = np.array([0.3, 1.7])
    slope = ng.numerical_gradient(lambda x: np.sum(np.sin(x) ** 3), x, scheme="complex-step")
    np.testing.assert_allclose(slope, 3 * np.sin(x) ** 2 * np.cos(x), rtol=1e-15)
    assert slope.dtype == np.float64


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.name)
@pytest.mark.parametrize("h", [None, "auto"])
def test_error_bars_hold_the_error(scheme: Scheme, h: Any) -> None:
    x = np.random.default_rng(0).normal(size=(3, 4))
    found = ng.numerical_gradient(
        lambda x: np.sum(np.exp(x) * np.sin(x)), x, h, scheme=scheme, error_bars=True
    )
    error = np.abs(found.gradient - np.exp(x) * (np.sin(x) + np.cos(x)))
    assert (error <= 1.1 * found.errors).all()
    assert found.errors.max() < 1e-3
    assert found.value == pytest.approx(float(np.sum(np.exp(x) * np.sin(x))))


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda s: s.name)
@pytest.mark.parametrize("h", [None, "auto"])
@pytest.mark.parametrize("error_bars", [False, True])
def test_evaluations_are_known_before(scheme: Scheme, h: Any, error_bars: bool) -> None:
    x = {"a": np.ones((2, 3)), "b": np.zeros(4)}
    options: dict[str, Any] = {"scheme": scheme, "error_bars": error_bars}
    calls = 0

    def f(p: Any) -> Any:
        nonlocal calls
        calls += 1
        return np.sum(p["a"] ** 2) + np.sum(p["b"])

    told: list[tuple[int, int]] = []
    options["progress"] = lambda done, total: told.append((done, total))
    ng.numerical_gradient(f, x, h, **options)
    assert calls == ng.differentiate.count_evaluations(x, h, **options)
    assert told[-1] == (calls, calls)


def test_a_scheme_of_ones_own() -> None:
    backward = Scheme("backward", ((0, -1, 1.0),), 1, "-h/2 · f″")
    slope = ng.numerical_gradient(lambda x: x[0] ** 2, np.array([1.0]), 0.1, scheme=backward)
    assert slope[0] == pytest.approx(1.9)
    wrong = Scheme("wrong", ((1, -1, 2.0),), 2, "")
    with pytest.raises(ParameterError, match="coefficients must add up to 1"):
        ng.numerical_gradient(lambda x: x[0], np.ones(1), scheme=wrong)


def test_unknown_names() -> None:
    with pytest.raises(ParameterError, match="did you mean 'central'"):
        ng.numerical_gradient(lambda x: x[0], np.ones(1), scheme="centre")
    with pytest.raises(TypeError, match="unexpected option 'epsilon'"):
        ng.numerical_gradient(lambda x: x[0], np.ones(1), epsilon=1)  # type: ignore[call-arg]
    with pytest.raises(ParameterError, match="h must be one of auto"):
        ng.numerical_gradient(lambda x: x[0], np.ones(1), "automatic")
