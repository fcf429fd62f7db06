"""Arguments of bfloat16 and float16: checked in float32, whose differences are fine enough."""

from __future__ import annotations

from typing import Any

import pytest

from nudgegrad.validation import ParameterError
from tests.jax.functions import check, draw, jax, jnp, scaled

HALVES = ["bfloat16", "float16"]


def normalised(x: Any) -> Any:
    y = x - x.mean(axis=-1, keepdims=True)
    return y / jnp.sqrt((y**2).mean(axis=-1, keepdims=True) + jnp.asarray(1e-3, x.dtype))


FUNCTIONS = {
    "cube": lambda x: x**3,
    "sum": lambda x: (x**3).sum(),
    "softmax": jax.nn.softmax,
    "normalised": normalised,
    "loss": lambda x: -jax.nn.log_softmax(x)[:, 0].mean(),
}


@pytest.mark.parametrize(
    ("name", "dtype"), [*((name, "bfloat16") for name in FUNCTIONS), ("softmax", "float16")]
)
def test_right_and_wrong(name: str, dtype: str) -> None:
    x = draw(4, 6, dtype=dtype)
    report = check(FUNCTIONS[name], x)
    assert report.counts["ok"] == 24, str(report)
    assert report.notes[0] == (
        f"x: checked in float32, because differences in {dtype} are too coarse; JAX's gradient in "
        f"{dtype} agrees with that to rounding"
    )
    for factor in (1.1, -1.0):
        assert not check(scaled(FUNCTIONS[name], factor), x).passed


def test_a_fault_of_half_precision_alone() -> None:
    def backward(x: Any, d: Any) -> Any:
        return ((2 if x.dtype == jnp.float32 else 3) * x * d,)

    square = jax.custom_vjp(lambda x: x**2)
    square.defvjp(lambda x: (x**2, x), backward)
    report = check(square, jnp.arange(2, 8, dtype="bfloat16"))
    assert not report.passed
    assert report.counts["wrong"] == 6
    assert "differs from that by more than rounding in 6 entries" in report.notes[0]


def test_one_wrong_entry() -> None:
    def backward(x: Any, d: Any) -> Any:
        gradient = 2 * x * d
        return (gradient.at[3].multiply(1 if x.dtype == jnp.float32 else 2),)

    square = jax.custom_vjp(lambda x: x**2)
    square.defvjp(lambda x: (x**2, x), backward)
    report = check(square, jnp.arange(2, 8, dtype="bfloat16"))
    assert report.counts["wrong"] == 1
    assert report.parameters["x"].verdict.tolist()[3] == 2


def test_next_to_single_precision() -> None:
    def f(w: Any, x: Any) -> Any:
        return jnp.tanh(x @ w)

    w, x = draw(6, 3), draw(4, 6, dtype="bfloat16", seed=1)
    report = check(f, w, x)
    assert report.counts["ok"] == 42, str(report)
    assert report.notes[0].startswith("arg1: checked in float32")
    assert not check(scaled(f, 1.1), w, x).passed


def test_overflow_in_half_precision() -> None:
    """1000² is beyond float16: what JAX gives is not the gradient of any function."""
    x = jnp.asarray([1000.0, 2.0], "float16")
    report = check(lambda x: jnp.sqrt((x**2).sum()), x)
    assert not report.passed


def test_a_gradient_that_rounding_moves() -> None:
    """Where large numbers cancel, half precision leaves little of a gradient, and is not blamed."""
    x = jnp.asarray([3.0, 3.015625, 2.984375], "bfloat16")
    report = check(lambda x: ((x - x.mean()) ** 4).sum(), x)
    assert report.counts["wrong"] == 0, str(report)


def test_loop() -> None:
    report = check(lambda x: x**3, draw(5, dtype="bfloat16"), path="loop")
    assert report.passed
    assert report.method.startswith("differences, point by point, jitted")


def test_functions_that_do_not_take_single_precision() -> None:
    w = {dtype: draw(3, 2, dtype=dtype) for dtype in HALVES}

    def f(x: Any) -> Any:
        return jax.lax.mul(x, w["bfloat16"])  # takes two arrays of one dtype

    with pytest.raises(ParameterError, match="f must also take float32 in the place of x, "):
        check(f, draw(3, 2, dtype="bfloat16"))
    with jax.numpy_dtype_promotion("strict"), pytest.raises(ParameterError, match="TypePromotion"):
        check(lambda x: x * w["bfloat16"], draw(3, 2, dtype="bfloat16"))

    def g(x: Any) -> Any:
        return jax.lax.mul(x, w["float16"])

    report = check(g, draw(3, 2, dtype="float16", seed=1))
    assert report.passed
    assert report.notes[0].startswith("x: checked in float16, which is coarse, because f with")
    assert not check(scaled(g, 2.0), draw(3, 2, dtype="float16", seed=1)).passed
