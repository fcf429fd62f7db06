"""What each verdict stands for."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nudgegrad as ng

F = Callable[[Any], Any]
QUIET: dict[str, Any] = {"announce": None}


def at_scale(seed: int, dtype: str, x_scale: float, f_scale: float) -> tuple[F, Any, Any, Any]:
    """Return a smooth function of eight variables, a point, its gradient and a wrong one."""
    rng = np.random.default_rng(seed)
    unit = 10.0**x_scale
    x = (unit * rng.normal(size=8)).astype(dtype)
    a, b = rng.normal(size=(2, 8))

    def f(x: Any) -> float:
        return float(10.0**f_scale * np.sum(a * np.sin(x / unit) + b * (x / unit) ** 2))

    gradient = 10.0**f_scale * (a * np.cos(x / unit) + 2 * b * x / unit) / unit
    wrong = gradient.astype(dtype)
    wrong[3] += np.abs(wrong).max() / 10
    return f, x, gradient.astype(dtype), wrong


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.floats(-6, 6), st.floats(-6, 6))
def test_any_smooth_function_at_any_scale(seed: int, x_scale: float, f_scale: float) -> None:
    f, x, gradient, wrong = at_scale(seed, "float64", x_scale, f_scale)
    right = ng.check(f, x, gradient)
    assert right.counts["ok"] == 8, str(right)
    assert ng.check(f, x, wrong).worst(1)[0].index == (3,)


def test_smooth_functions_in_float32() -> None:
    # Rounding leaves so little that not all can be seen: about two in a hundred are unresolved.
    rng = np.random.default_rng(0)
    found = []
    for seed in range(100):
        f, x, gradient, wrong = at_scale(seed, "float32", *rng.uniform(-6, 6, size=2))
        assert ng.check(f, x, gradient).counts["wrong"] == 0
        worst = next(e for e in ng.check(f, x, wrong).worst(8) if e.index == (3,))
        found.append(worst.verdict)
    assert found.count("wrong") >= 96, found


def test_kinks_accept_what_lies_between_the_slopes() -> None:
    x = np.zeros(5)
    report = ng.check(lambda x: np.sum(np.abs(x)), x, np.array([-1.0, -0.3, 0.0, 1.0, 1.1]))
    found = report.parameters["params"].verdict.tolist()
    assert found == [3, 3, 3, 3, 2]
    assert not report.passed


def test_a_kink_beside_the_point_is_none() -> None:
    # From 1e-7 to 1e-3 beside it: nudges are shortened until they do not step over it.
    x = np.array([1e-7, -1e-6, 1e-5, -1e-4, 1e-3])
    report = ng.check(lambda x: np.sum(np.maximum(x, 0)), x, (x > 0).astype(float))
    assert report.counts["ok"] == 5, str(report)
    report = ng.check(lambda x: np.sum(np.maximum(x, 0)), x, np.full(5, 0.5))
    assert report.counts["wrong"] == 5, str(report)


def test_noise_hides_what_it_hides_and_no_more() -> None:
    rng = np.random.default_rng(0)
    x = np.array([1.0, 1.0])
    report = ng.check(
        lambda x: 100 * x[0] + 1e-7 * x[1] + 1e-3 * rng.normal(), x, np.array([100.0, 1e-7])
    )
    assert report.counts == {"ok": 2, "wrong": 0, "kink": 0, "noisy": 0, "unresolved": 0} or (
        report.counts["noisy"] == 1
    )
    assert not report.deterministic
    assert any("two evaluations at one point differ" in note for note in report.notes)
    lost = ng.check(lambda x: 1e-9 * x.sum() + rng.normal(), x, np.full(2, 1e-9))
    assert lost.counts["noisy"] == 2
    assert not lost.passed
    assert "the function's noise" in lost.outcome


def test_below_the_resolution() -> None:
    report = ng.check(lambda x: 1e12 + np.sin(1e-9 * x[0]), np.ones(1), np.full(1, 1e-9))
    assert report.counts["unresolved"] == 1
    assert not report.passed


def test_a_factor_and_tolerances() -> None:
    x = np.linspace(1, 2, 5)
    nearly = 2 * x * (1 + 1e-6)
    assert not ng.check(lambda x: np.sum(x**2), x, nearly).passed
    assert ng.check(lambda x: np.sum(x**2), x, nearly, rtol=1e-5).passed
    assert ng.check(lambda x: np.sum(x**2), x, nearly, atol=1e-5).passed
    assert not ng.check(lambda x: np.sum(x**2), x, nearly, atol=1e-9).passed


def test_a_tolerance_below_the_error_bar_fails_nobody() -> None:
    # The gradient is right; the difference of a float32 function cannot show it to 1e-9.
    x = np.linspace(1, 2, 5).astype(np.float32)
    report = ng.check(lambda x: np.sum(np.exp(x)), x, np.exp(x), rtol=1e-9)
    assert report.counts["wrong"] == 0


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_claims_that_are_no_numbers(value: float) -> None:
    x = np.ones(3)
    gradient = np.array([2.0, value, 2.0])
    report = ng.check(lambda x: np.sum(x**2), x, gradient)
    assert report.counts["wrong"] == 1
    assert report.worst(1)[0].index == (1,)


def test_the_taylor_remainder_tells_right_from_wrong() -> None:
    x = np.linspace(0.5, 1.5, 6)
    right = ng.check(lambda x: np.sum(np.exp(x)), x, np.exp(x), taylor=True)
    assert right.taylor.order == pytest.approx(2, abs=0.1)
    wrong = ng.check(lambda x: np.sum(np.exp(x)), x, 1.01 * np.exp(x), taylor=True)
    assert wrong.taylor.order == pytest.approx(1, abs=0.1)
    assert not wrong.taylor.passed
    linear = ng.check(lambda x: np.sum(3 * x), x, np.full(6, 3.0), taylor=True)
    assert linear.passed
    assert np.isinf(linear.taylor.order)


def test_the_function_s_domain_may_end_nearby() -> None:
    x = np.array([1e-9, 1.0])
    with np.errstate(invalid="ignore"):
        report = ng.check(lambda x: np.sum(np.sqrt(x)), x, 0.5 / np.sqrt(x))
    assert report.passed, str(report)


@pytest.mark.parametrize("seed", range(3))
def test_many_kinks_within_the_long_nudges_of_float32(seed: int) -> None:
    # A ReLU network has kinks everywhere, and in float32 nudges are so long that they meet some.
    net = ng.Network(
        [ng.Affine(20, 20), ng.ReLU(), ng.Affine(20, 10), ng.ReLU(), ng.Affine(10, 4)],
        seed=seed, dtype="float32",
    )  # fmt: skip
    rng = np.random.default_rng(seed)
    x, t = rng.normal(size=(60, 20)).astype(np.float32), rng.integers(0, 4, 60)
    gradient = dict(net.gradient(x, t))
    report = ng.check(lambda _: net.loss(x, t), net.params, gradient)
    assert report.counts["wrong"] == 0, str(report)
    assert report.counts["ok"] > report.entries / 2
    gradient["W2"] = gradient["W2"] * np.float32(1.5)
    found = ng.check(lambda _: net.loss(x, t), net.params, gradient, only="W2")
    assert found.counts["wrong"] > 20, str(found)
