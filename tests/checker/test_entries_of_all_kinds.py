"""Vectors whose entries differ, zeros, absurd claims, steps and ties: what users have checked."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nudgegrad as ng

F = Callable[[Any], Any]
LINE = np.linspace(0, 4, 50)
DATA = 2.5 * np.exp(-1.3 * LINE) + 0.5 + 0.2 * np.random.default_rng(0).normal(size=50)
SPREAD = np.linspace(-9, 9, 20) + 0.013
WEIGHTS = np.cos(np.arange(20))


def check(f: F, x: Any, claimed: Any, dtype: str = "float64") -> ng.checker.Report:
    x = np.array(x, dtype)
    before = x.tobytes()
    report = ng.check(f, x, np.array(claimed, dtype), announce=None)
    assert x.tobytes() == before
    return report


def fit(p: Any) -> float:
    return float(np.sum((p[0] * np.exp(-p[1] * LINE) + p[2] - DATA) ** 2))


def fit_gradient(p: Any) -> Any:
    decay = np.exp(-p[1] * LINE)
    off = p[0] * decay + p[2] - DATA
    return np.array(
        [np.sum(2 * off * decay), np.sum(-2 * off * p[0] * LINE * decay), 2 * off.sum()]
    )


def logistic(p: Any) -> Any:
    return p[0] / (1 + np.exp(-p[1] * (10 - p[2]))) / 1e6


def logistic_gradient(p: Any) -> Any:
    e = np.exp(-p[1] * (10 - p[2]))
    top = p[0] * e / (1 + e) ** 2
    return np.array([1 / (1 + e), top * (10 - p[2]), -top * p[1]]) / 1e6


FUNCTIONS: dict[str, tuple[F, list[float], Any]] = {
    "a large and a small parameter": (
        lambda x: (x[0] / 1e6) ** 2 + np.sin(1000 * x[1]), [1e6, 1e-3], [2e-6, 1000 * np.cos(1.0)],
    ),
    "a logarithm of billions": (
        lambda x: x[1] ** 3 * np.log(x[0]), [5e9, 0.3], [0.027 / 5e9, 0.27 * np.log(5e9)],
    ),
    "logarithms": (lambda x: np.sum(np.log(x)), [1.0, 1e-6], [1.0, 1e6]),
    "a logistic curve": (logistic, [1e7, 0.3, 12.0], logistic_gradient([1e7, 0.3, 12.0])),
    "a fast decay": (
        lambda x: x[0] ** 2 + x[1] ** 2 + x[2] ** 2 + np.exp(-10 * x[3]), [1.0, 2.0, 3.0, 0.1],
        [2, 4, 6, -10 * np.exp(-1)],
    ),
    "a fitted decay": (fit, [2.5, 1.3, 0.5], fit_gradient([2.5, 1.3, 0.5])),
    "sizes below 1e-162": (lambda x: np.sum((x / 1e-170) ** 2), [1e-170, 2e-170], [2e170, 4e170]),
}  # fmt: skip

MISTAKES: dict[str, Callable[[float], float]] = {
    "zero": lambda g: 0.0,
    "double": lambda g: 2 * g,
    "sign": lambda g: -g,
    "tenth": lambda g: 1.1 * g,
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_each_entry_has_a_nudge_of_its_own(name: str) -> None:
    f, x, gradient = FUNCTIONS[name]
    report = check(f, x, gradient)
    assert report.passed, str(report)
    assert report.counts["ok"] == len(x)
    for mistake in MISTAKES.values():
        for k in range(len(x)):
            claim = np.array(gradient, float)
            claim[k] = mistake(claim[k])
            found = check(f, x, claim)
            assert not found.passed
            assert found.parameters["params"].verdict[k] == ng.checker.Verdict.WRONG
    found = ng.numerical_gradient(f, np.array(x), "auto", error_bars=True)
    np.testing.assert_allclose(found.gradient, gradient, rtol=1e-8)
    assert (np.abs(found.gradient - gradient) <= 3 * found.errors).all()


@pytest.mark.parametrize("scheme", ["forward", "central", "five-point", "richardson"])
def test_periods_and_growth_do_not_mislead_a_scheme(scheme: str) -> None:
    def rastrigin(x: Any) -> Any:
        return 10 + x[0] ** 2 - 10 * np.cos(2 * np.pi * x[0])

    found = ng.numerical_gradient(rastrigin, np.array([1.1]), "auto", scheme=scheme)
    np.testing.assert_allclose(found, 2.2 + 20 * np.pi * np.sin(2.2 * np.pi), rtol=1e-5)

    def product(x: Any) -> Any:
        return x[0] * x[1] * x[2] + np.exp(x[0]) * x[1]

    found = ng.numerical_gradient(product, np.array([3.0, 5.0, 7.0]), "auto", scheme=scheme)
    np.testing.assert_allclose(found, [35 + 5 * np.exp(3), 21 + np.exp(3), 15], rtol=1e-5)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("seed", range(3))
def test_the_total_of_what_is_normalised_does_not_change(seed: int, axis: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(8, 5))

    def total(x: Any) -> float:
        centred = x - x.mean(axis, keepdims=True)
        return float(np.sum(centred / np.sqrt(x.var(axis, keepdims=True) + 1e-5)))

    report = ng.check(total, x, 1e-17 * rng.normal(size=x.shape), announce=None)
    assert report.passed, str(report)
    assert report.counts["ok"] == 40
    wrong = np.zeros(x.shape)
    wrong[3, 2] = 1e-6
    assert ng.check(total, x, wrong, announce=None).counts["wrong"] == 1


def test_float32_inputs_of_float64_parameters() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(30, 8)).astype(np.float32)

    def normalised(x: Any) -> Any:
        spread = np.sqrt(x.var(1, keepdims=True) + np.float32(1e-5))
        return (x - x.mean(1, keepdims=True)) / spread

    params = {"x": x, "gamma": np.ones(8), "beta": np.zeros(8)}
    claimed = {
        "x": (1e-8 * rng.normal(size=x.shape)).astype(np.float32),
        "gamma": normalised(x).astype(float).sum(0),
        "beta": np.full(8, 30.0),
    }
    report = ng.check(
        lambda p: float(np.sum(normalised(p["x"]) * p["gamma"] + p["beta"])), params, claimed,
        announce=None,
    )  # fmt: skip
    assert report.passed, str(report)


@pytest.mark.parametrize("absurd", [1e16, 1e20, -1e300])
def test_an_absurd_claim_excuses_no_other(absurd: float) -> None:
    report = check(lambda x: np.sum(x**2), [1.0, 2.0, 3.0, 4.0], [absurd, 8.0, 0.0, 8.0])
    assert report.parameters["params"].verdict.tolist() == [2, 2, 2, 1]


@pytest.mark.parametrize(
    ("f", "x", "gradient"),
    [
        (lambda x: np.sin(x[0]), [np.pi / 2], [6e-17]),
        (lambda x: np.sum(np.exp(x)) / np.exp(x).sum(), [0.1, 2.0, 0.3], [1e-17, 0, -1e-17]),
        (lambda x: np.sum((x - 3) ** 2) + 1, [3.0, 3.0], [1e-15, 0]),
    ],
)
def test_zeros_at_an_optimum(f: F, x: Any, gradient: Any) -> None:
    report = check(f, x, gradient)
    assert report.passed, str(report)
    assert not check(f, x, np.array(gradient) + 1e-3).passed


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda x: np.sum(np.clip(x, -1, 1) * WEIGHTS), np.abs(SPREAD) < 1),
        (lambda x: np.sum(np.clip(x / 6 + 0.5, 0, 1) * WEIGHTS), (np.abs(SPREAD) < 3) / 6),
        (lambda x: np.sum(np.ceil(x) * WEIGHTS), np.zeros(20)),
        (lambda x: np.sum(np.round(x) * WEIGHTS), np.zeros(20)),
    ],
    ids=["clip", "hard sigmoid", "ceil", "round"],
)
def test_piecewise_functions(f: F, slope: Any, dtype: str) -> None:
    report = check(f, SPREAD, slope * WEIGHTS, dtype)
    assert report.passed, str(report)
    assert report.counts["wrong"] == 0
    assert not check(f, SPREAD, slope * WEIGHTS + 0.01, dtype).passed


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("power", [1, 2])
def test_a_staircase_is_flat_next_to_the_point(power: int, dtype: str) -> None:
    x = np.random.default_rng(1).uniform(size=20)
    f: F = lambda x: np.sum(np.round(255 * x**power) / 255)  # noqa: E731
    assert check(f, x, np.zeros(20), dtype).passed
    assert check(f, x, np.ones(20), dtype).counts["wrong"] == 20


def test_float32_inside_is_not_a_staircase() -> None:
    x = np.array([0.5, 0.31, 0.7777])
    f: F = lambda x: float(np.sum(np.exp(x.astype(np.float32))))  # noqa: E731
    assert check(f, x, np.exp(x)).passed
    assert check(f, x, np.zeros(3)).counts["wrong"] == 3


@pytest.mark.parametrize("size", [1e-7, 1e-6, 1e-5, 1e-3])
@pytest.mark.parametrize(
    ("f", "slope"),
    [
        (lambda x: 1 - np.cos(x), np.sin),
        (lambda x: np.sqrt(1 + x * x) - 1, lambda x: x / np.sqrt(1 + x * x)),
        (lambda x: np.cosh(x) - 1, np.sinh),
        (lambda x: 1 - np.cos(x / 30), lambda x: np.sin(x / 30) / 30),
        (lambda x: x * np.exp(x) - x, lambda x: np.expm1(x) + x * np.exp(x)),
    ],
    ids=["1 - cos", "energy", "cosh - 1", "another unit", "products"],
)
def test_what_cancels_is_not_a_staircase(f: F, slope: F, size: float) -> None:
    # The values move in steps of 1e-16, which are rounding in numbers that are nearly equal.
    gradient = slope(np.array([size]))
    report = check(lambda x: f(x[0]), [size], gradient)
    assert report.passed, str(report)
    for claim in (0 * gradient, 2 * gradient, -gradient):
        assert check(lambda x: f(x[0]), [size], claim).counts["wrong"] == 1


def test_a_slope_near_a_kink_in_float32() -> None:
    f: F = lambda x: np.sum(np.maximum(x, 0) * np.arange(1, 6))  # noqa: E731
    x = [-1, -0.3, -0.1, 0.2, 0.9]
    assert check(f, x, [0, 0, 0, 4, 5], "float32").passed
    report = check(f, x, [0, 0, 3, 4, 5], "float32")
    assert report.parameters["params"].verdict.tolist() == [1, 1, 2, 1, 1]


@pytest.mark.parametrize(
    ("f", "x", "right", "wrong"),
    [
        (lambda x: np.max(np.abs(x)), [2, -2], [[0.5, -0.5], [1, 0], [0, -1]], [[1, -1], [0, 0]]),
        (lambda x: np.sqrt(np.sum(x**2)), [0, 0, 0], [[0, 0, 0], [0.5] * 3], [[1, 1, 1]]),
        (lambda x: max(2 * x[0], 3 * x[1]), [3, 2], [[2, 0], [0, 3], [1, 1.5]], [[2, 3], [0, 0]]),
        (lambda x: max(x[0], 0) - max(x[1], 0), [0, 0], [[0, 0], [1, -1], [1, 0]], [[2, 0]]),
        (lambda x: np.sum(np.abs(x)), [0, 0, 0], [[0, 1, -1], [0.5] * 3], [[0, 1.2, 0]]),
    ],
    ids=["largest size", "norm", "weighted maximum", "difference", "sum of kinks"],
)
def test_kinks_in_common(f: F, x: Any, right: Any, wrong: Any) -> None:
    # A smooth entry besides, since a report needs one that is verified.
    def more(z: Any) -> Any:
        return f(z[:-1]) + z[-1] ** 2

    for claim in right:
        report = check(more, [*x, 1.0], [*claim, 2.0])
        assert report.passed, str(report)
        assert report.counts["kink"] == len(x)
    for claim in wrong:
        assert check(more, [*x, 1.0], [*claim, 2.0]).counts["wrong"] > 0


def test_an_edge_of_the_domain() -> None:
    f: F = lambda x: float(x[0]) ** 1.5 + x[1] ** 2  # noqa: E731
    report = check(f, [0.0, 1.0], [0.0, 2.0])
    assert report.passed, str(report)
    assert any("one side only" in note for note in report.notes)
    assert not check(f, [0.0, 1.0], [1.0, 2.0]).passed
    assert not check(f, [0.0, 1.0], [0.01, 2.0]).passed


@pytest.mark.parametrize("width", [1e-2, 3e-3, 1e-3])
def test_a_narrow_peak_in_float32(width: float) -> None:
    # Some thousand units in the last place wide: two or three nudges are shorter.
    def f(x: Any) -> float:
        return float(np.exp(-(((np.float64(x[0]) - 3) / width - 0.3) ** 2) / 2))

    slope = 0.3 / width * np.exp(-0.045)
    report = check(f, [3.0], [slope], "float32")
    assert report.passed, str(report)
    for claim in (0.0, 2 * slope, -slope, 0.9 * slope):
        assert check(f, [3.0], [claim], "float32").counts["wrong"] == 1


@pytest.mark.parametrize("angle", [31.0, 310.0, 1000.0])
def test_periods_in_float32(angle: float) -> None:
    f: F = lambda x: np.sin(np.float64(x[0]))  # noqa: E731
    assert check(f, [angle], [np.cos(angle)], "float32").passed
    assert check(f, [angle], [0.0], "float32").counts["wrong"] == 1


def test_a_zero_next_to_a_huge_entry_in_float32() -> None:
    # Nudges of an entry of zero do not grow with the other entries.
    def f(x: Any) -> float:
        return float(np.sin(np.float64(x[0])) + np.float64(x[1]) / 1e7)

    assert check(f, [0, 1e7], [1, 1e-7], "float32").passed
    for wrong in (0, 2, -1, 1.1):
        assert not check(f, [0, 1e7], [wrong, 1e-7], "float32").passed


@pytest.mark.parametrize("seed", range(3))
def test_long_nudges_of_one_entry_do_not_excuse_another(seed: int) -> None:
    # Relative noise gives all long nudges of the third entry the same error bar.
    rng = np.random.default_rng(seed)

    def f(x: Any) -> float:
        value = x[0] * 1e30 + np.log(x[1]) * x[2] + x[3] * np.exp(-x[0] * 1e30)
        return float(value * (1 + 1e-6 * rng.normal()))

    x = [1e-30, 1e20, 1e-5, 3]
    right = [1e30 - 3e30 * np.exp(-1), 1e-25, np.log(1e20), np.exp(-1)]
    assert check(f, x, right).passed
    for mistake in MISTAKES.values():
        assert not check(f, x, [mistake(right[0]), *right[1:]]).passed
