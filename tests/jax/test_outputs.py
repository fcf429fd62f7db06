"""Functions that return more than one number: no output's fault hides behind another's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("jax")

from nudgegrad.jax.outputs import WeightedSum
from nudgegrad.validation import ParameterError
from tests.jax.functions import check, draw, jax, jnp, scaled


def normalised(x: Any) -> Any:
    return (x - x.mean()) / jnp.sqrt(x.var() + 1e-5)


def test_a_fault_that_a_plain_sum_hides() -> None:
    """Whatever multiplies the gradient of softmax, that of its sum is zero."""
    x = draw(3, 4)
    for f in (jax.nn.softmax, normalised):
        assert check(f, x).passed
        for factor in (0.5, 0.0):
            assert not check(scaled(f, factor), x).passed


@pytest.mark.parametrize("faulty", [0, 1, 2])
def test_a_fault_of_any_output_shows(faulty: int) -> None:
    def f(x: Any) -> Any:
        outputs = [jnp.sin, jnp.tanh, lambda x: (x**2).mean()]
        outputs[faulty] = scaled(outputs[faulty], 1.1)
        return {"a": outputs[0](x), "rest": (outputs[1](x), [outputs[2](x)])}

    assert not check(f, draw(5)).passed


def test_faults_that_cancel() -> None:
    def f(x: Any) -> Any:
        y = x**3
        return y, y

    def faulty(x: Any) -> Any:  # the one too large by as much as the other is too small
        wrong = jax.custom_vjp(f)
        wrong.defvjp(
            lambda x: (f(x), x),
            lambda x, d: (3 * x**2 * (1.5 * d[0] + 0.5 * d[1]),),
        )
        return wrong(x)

    x = draw(6)
    assert check(f, x).passed
    assert check(lambda x: sum(faulty(x)).sum(), x).passed  # a plain sum says nothing
    assert not check(faulty, x).passed


def test_outputs_that_change_places() -> None:
    reverse = jax.custom_vjp(lambda x: x[::-1])
    reverse.defvjp(lambda x: (x[::-1], None), lambda _, d: (d,))
    assert not check(reverse, draw(5)).passed


def test_the_report_says_what_was_checked() -> None:
    report = check(lambda x: (jnp.sin(x), {"mean": x.mean()}), draw(3, 4))
    assert report.notes == (
        "f returns 13 numbers in 2 arrays; what was checked is their sum with fixed random "
        "weights, through which a fault of any of them shows",
    )
    assert "13 numbers" in str(report)
    assert check(lambda x: (x**2).sum(), draw(3)).notes == ()


def test_one_number_in_an_array() -> None:
    x = draw(3)
    for shape in ((1,), (1, 1)):
        report = check(lambda x, shape=shape: (x**2).sum().reshape(shape), x)
        assert report.passed
        assert report.loss == pytest.approx(float((x**2).sum()))
        assert report.notes == ()


def test_what_is_not_a_float_is_left_out() -> None:
    def f(x: Any) -> Any:
        metrics = {"positive": (x > 0).sum(), "best": x.argmax(), "name": "loss", "none": None}
        return (x**2).sum(), metrics, jnp.zeros((0, 3)), jax.random.key(0)

    report = check(f, draw(4))
    assert report.passed
    assert report.notes == ()
    assert "vmap" in report.method


def test_complex_outputs() -> None:
    x = draw(6)
    assert check(jnp.fft.fft, x).passed
    assert check(lambda x: (x * (2 + 1j)).sum(), x).passed
    assert not check(scaled(jnp.fft.rfft, 2.0), x).passed
    turned = jax.custom_vjp(lambda x: jnp.fft.fft(x))
    turned.defvjp(lambda x: (jnp.fft.fft(x), None), lambda _, d: (jnp.fft.fft(d.conj()).real,))
    assert not check(turned, x).passed


def test_outputs_of_another_dtype() -> None:
    with jax.enable_x64():
        x = draw(5, dtype="float64")
        report = check(lambda x: (x.astype("float32") ** 2, jnp.sin(x)), x)
        assert report.counts["wrong"] == 0
        assert report.counts["ok"] == 5
        assert "vmap" in report.method


def test_infinite_outputs_are_left_out() -> None:
    """A pooling window that holds padding only is −∞."""

    def f(x: Any) -> Any:
        padded = jnp.pad(x, (3, 0), constant_values=-jnp.inf)
        return padded.reshape(-1, 3).max(axis=1)

    report = check(f, draw(9))
    assert report.passed
    assert report.notes[0].startswith("f returns 4 numbers (1 left out: infinite); ")


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: (x > 0).sum(), r"at least one float, got int32\[\]; return the loss, or cast"),
        (lambda x: None, "at least one float, got None"),
        (lambda x: {"n": 3, "s": "text"}, "at least one float, got int, str"),
        (lambda x: x[:0], r"got float32\[0\]"),
        (
            lambda x: x.astype("float8_e4m3fn"),
            "must return arrays of .*, got float8_e4m3fn; cast",
        ),
        (lambda x: jnp.log(-abs(x)), "finite numbers, got 3 NaN and 0 infinite among 3; check it"),
        (lambda x: x + jnp.inf, "finite numbers, got 0 NaN and 3 infinite among 3"),
        (lambda x: x.sum() * jnp.nan, "the function must be finite where it is checked, got nan"),
    ],
)
def test_functions_that_return_nothing_to_check(f: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        check(f, draw(3))


def test_weights() -> None:
    rng = np.random.default_rng(3)
    outputs: list[Any] = [rng.normal(size=(4, 5)), rng.normal(size=7).astype(np.float16)]
    total = WeightedSum(outputs)
    sizes = np.concatenate([np.abs(w).ravel() for w in total.weights])
    assert sizes.min() >= 0.25
    assert sizes.max() < 2
    assert len(np.unique(sizes)) > 15
    assert [w.dtype for w in total.weights] == [np.float64, np.float16]
    # The sum is about as large as the root of the sum of its terms' squares.
    terms = [(w * y.astype(float)).ravel() for w, y in zip(total.weights, outputs, strict=True)]
    value, norm = float(total.of(outputs)), float(np.linalg.norm(np.concatenate(terms)))
    assert value == pytest.approx(sum(term.sum() for term in terms), rel=1e-6)
    assert 0.5 <= abs(value) / norm <= 2
    assert total.of(outputs).dtype == np.float32  # which says that there is less than double
    # Outputs that do not move give f(x) to the bit.
    many = [np.stack([y, 2 * y, y]) for y in outputs]
    values = total.of_batch(many, outputs)
    assert values[0] == values[2] == value
    assert values[1] == pytest.approx(2 * value)
    again = WeightedSum(outputs)
    assert all(np.array_equal(a, b) for a, b in zip(total.weights, again.weights, strict=True))


def test_a_single_number_in_half_precision() -> None:
    x = draw(4)
    report = check(lambda x: (x**2).sum().astype("bfloat16"), x)
    assert report.counts["wrong"] == 0
    assert report.loss == float((x**2).sum().astype("bfloat16"))


def test_entries_that_are_zero_show_no_noise_of_others() -> None:
    """Nudged from 0, an output rounds as small numbers do; those next to it do not."""

    def f(x: Any) -> Any:
        return x[0], jnp.sin(x[2]), jnp.exp(x[1])

    for start in range(3):
        report = check(f, jnp.arange(start, start + 3.0))
        assert report.counts["ok"] == 3, str(report)
