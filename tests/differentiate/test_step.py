"""The choice of h, and the noise that it is weighed against."""

from typing import Any

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.validation import ParameterError


def relative_error(found: Any, true: Any) -> float:
    return float(np.max(np.abs(found - true)) / np.max(np.abs(true)))


@pytest.mark.parametrize("scale", [1e-8, 1.0, 1e8])
def test_auto_suits_the_scale_of_x(scale: float) -> None:
    x = scale * np.random.default_rng(0).normal(size=6)
    found = ng.numerical_gradient(lambda x: np.sum(np.sin(x / scale)), x, "auto")
    assert relative_error(found, np.cos(x / scale) / scale) < 1e-8


@pytest.mark.parametrize("noise", [1e-3, 1e-6, 1e-9])
def test_auto_suits_the_noise_of_f(noise: float) -> None:
    # A third of its cube root is left at best: h grows until truncation is as large.
    rng = np.random.default_rng(0)
    x = rng.normal(size=6)
    found = ng.numerical_gradient(
        lambda x: np.sum(np.sin(x)) + noise * rng.normal(), x, "auto", error_bars=True
    )
    assert relative_error(found.gradient, np.cos(x)) < 10 * noise ** (2 / 3)
    assert 0.2 < found.steps["x"].noise / noise < 5
    assert not found.deterministic
    assert (np.abs(found.gradient - np.cos(x)) < 3 * found.errors).all()


def test_the_noise_of_float32_is_seen_through_a_python_float() -> None:
    x = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    found = ng.numerical_gradient(lambda x: float(np.sum(np.exp(x))), x, "auto", error_bars=True)
    value = found.value
    assert 0.02 < found.steps["x"].noise / (value * np.finfo(np.float32).eps) < 5
    assert relative_error(found.gradient, np.exp(x)) < 2e-3
    assert found.deterministic


def test_arrays_get_each_their_own() -> None:
    p = {"small": np.full(3, 1e-6), "large": np.full(3, 1e6)}
    found = ng.numerical_gradient(
        lambda p: np.sum(np.exp(1e6 * p["small"])) + np.sum(np.log(p["large"])),
        p, "auto", error_bars=True,
    )  # fmt: skip
    assert found.steps["small"].h < 1e-8 < 1 < found.steps["large"].h
    assert "balances truncation and a noise of" in found.steps["small"].reason
    assert relative_error(found.gradient["small"], 1e6 * np.exp(1)) < 1e-8


def test_relative_steps() -> None:
    x = np.array([1e-6, 1.0, 1e6, 0.0])
    seen: list[float] = []

    def f(x: Any) -> float:
        seen.append(float(x[2]))
        return float(np.sum(x))

    gradient = ng.numerical_gradient(f, x, 1e-3, relative=True)
    # The first one's nudge, 1e-9, is near the last digit of the sum, 1e-10.
    np.testing.assert_allclose(gradient, 1.0, rtol=0.2)
    np.testing.assert_allclose(gradient[1:], 1.0, rtol=1e-6)
    assert max(seen) == pytest.approx(1e6 + 1e3)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_x_plus_h_equals_x(dtype: Any) -> None:
    x = np.array([1.0, 1000.0], dtype=dtype)
    h = 1e-5 if dtype == np.float32 else 1e-2
    with pytest.raises(ParameterError, match=r"h must be large enough to change x\[1\], got"):
        ng.numerical_gradient(lambda x: np.sum(x, dtype=np.float64), x, h)
    np.testing.assert_array_equal(x, np.array([1.0, 1000.0], dtype=dtype))


def test_half_precision_by_itself() -> None:
    x = np.linspace(0.5, 2, 8).astype(np.float16)
    found = ng.numerical_gradient(lambda x: np.sum(x.astype(np.float64) ** 2), x, "auto")
    assert relative_error(found, 2 * x.astype(float)) < 2e-2


def test_a_function_of_nothing() -> None:
    x = np.ones(3)
    found = ng.numerical_gradient(lambda _: 5.0, x, "auto", error_bars=True)
    np.testing.assert_array_equal(found.gradient, 0)


def test_dead_entries_do_not_mislead() -> None:
    x = np.zeros(1000)
    x[::100] = 1.0
    weights = (x != 0).astype(float)
    found = ng.numerical_gradient(lambda x: np.sum(np.exp(weights * x)), x, "auto", error_bars=True)
    np.testing.assert_allclose(found.gradient, weights * np.exp(x), rtol=1e-8)
    assert found.steps["x"].nudges[::100].max() < 0.1
