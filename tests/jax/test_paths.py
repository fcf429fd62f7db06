"""The ways to evaluate a function near its arguments: what is lost is said, and why."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("jax")

from jax.experimental import checkify, io_callback

from nudgegrad.validation import ParameterError
from tests.jax.functions import check, draw, jax, jnp, scaled


def called_back(factor: float, **settings: Any) -> Any:
    """Return Σ sin x, computed by NumPy one point at a time, with a rule."""

    def value(x: Any) -> Any:
        assert x.ndim == 1
        return np.asarray(np.sin(x).sum(), np.float32)

    shape = jax.ShapeDtypeStruct((), "float32")
    f = jax.custom_vjp(lambda x: jax.pure_callback(value, shape, x, **settings))
    f.defvjp(lambda x: (f(x), x), lambda x, d: (factor * jnp.cos(x) * d,))
    return f


@pytest.mark.parametrize(("factor", "right"), [(1.0, True), (1.1, False)])
def test_callbacks_without_a_rule_for_vmap(factor: float, right: bool) -> None:
    report = check(called_back(factor), draw(4))
    assert report.passed == right
    assert report.method.startswith(
        "differences, point by point, jitted: jax.vmap raises NotImplementedError (vmap is only"
    )
    assert check(called_back(factor, vmap_method="sequential"), draw(4)).passed == right
    with pytest.raises(ParameterError, match=r"path must be 'auto' or 'loop' .* NotImplemented"):
        check(called_back(factor), draw(4), path="vmap")


def test_a_wrong_rule_for_vmap_is_not_trusted() -> None:
    value = jax.custom_batching.custom_vmap(lambda x: jnp.sin(x).sum())

    def rule(size: int, _batched: Any, x: Any) -> Any:
        rows = jnp.sin(x).sum(axis=1)
        return rows - rows.mean() + rows[0], True  # mixes up the points of a batch

    value.def_vmap(rule)
    f = jax.custom_vjp(value)
    f.defvjp(lambda x: (f(x), x), lambda x, d: (jnp.cos(x) * d,))
    report = check(f, draw(4))
    assert report.passed
    assert "point by point, jitted: jax.vmap departs from plain calls where x is" in report.method


def test_control_flow_on_values() -> None:
    def f(x: Any) -> Any:
        return (x**2).sum() if x[0] > 0 else x.sum()

    report = check(f, jnp.array([1.0, 2.0, -1.0]))
    assert report.passed
    assert "point by point, not jitted: jax.vmap raises TracerBool" in report.method
    assert "; jax.jit raises TracerBoolConversionError" in report.method


def test_state_that_a_trace_would_freeze() -> None:
    rng = np.random.default_rng(0)
    report = check(lambda x: (x**2).sum() * float(rng.normal(1, 0.1)), draw(3))
    assert "not jitted" in report.method
    assert not report.deterministic


def test_a_gradient_that_changes_from_call_to_call() -> None:
    rng = np.random.default_rng(0)
    f = jax.custom_vjp(lambda x: (x**2).sum())
    f.defvjp(
        lambda x: (f(x), x),
        lambda x, d: (2 * x * d * np.float32(1 + 0.5 * rng.integers(0, 2)),),
    )
    for _ in range(4):
        report = check(f, draw(4))
        changed = "the gradient differs from call to call at one point" in report.notes
        assert not (changed and report.passed)
    assert not report.passed or not changed


def test_sums_that_cancel_keep_vmap() -> None:
    """What is left of large terms is their rounding, which another order of adding changes."""
    x = draw(8, 16)

    def normalised(x: Any) -> Any:
        y = x - x.mean(axis=-1, keepdims=True)
        return (y / jnp.sqrt((y**2).mean(axis=-1, keepdims=True) + 1e-5)).sum()

    for f in (normalised, lambda x: jnp.sin(x).sum() - jnp.sin(x[::-1]).sum()):
        assert "vmap" in check(f, x, sample=4).method


def test_side_effects() -> None:
    shape = jax.ShapeDtypeStruct((), "float32")
    seen: list[Any] = []

    def f(x: Any, ordered: bool | None) -> Any:
        if ordered is None:
            jax.debug.callback(seen.append, x.sum())
        else:
            seen.append(0)
            io_callback(lambda v: np.float32(0), shape, jax.lax.stop_gradient(x.sum()),
                        ordered=ordered)  # fmt: skip
        return (x**2).sum()

    assert "vmap" in check(f, draw(4), None).method
    assert "vmap" in check(f, draw(4), False).method
    report = check(f, draw(4), True)
    assert report.passed
    assert (
        "jitted: jax.vmap raises ValueError (Cannot `vmap` ordered IO callback.)" in report.method
    )
    assert seen


EDGE = 9e-4
"""Where the functions below begin to exist, within the nudges of an entry of 1e-3."""


def eager(x: Any) -> Any:
    if x[0] < EDGE:
        raise ValueError("math domain error")
    return jnp.sqrt(x).sum()


def checked(x: Any) -> Any:
    def f(x: Any) -> Any:
        checkify.check(x[0] >= EDGE, "math domain error")
        return jnp.sqrt(x).sum()

    error: Any
    error, value = checkify.checkify(f)(x)
    error.throw()
    return value


def on_host(x: Any) -> Any:
    def value(x: Any) -> Any:
        if x[0] < EDGE:
            raise ValueError("math domain error")
        return np.asarray(np.sqrt(x).sum(), np.float32)

    def f(x: Any) -> Any:
        shape = jax.ShapeDtypeStruct((), "float32")
        return jax.pure_callback(value, shape, x, vmap_method="sequential")

    g = jax.custom_vjp(f)
    g.defvjp(lambda x: (f(x), x), lambda x, d: (0.5 * d / jnp.sqrt(x),))
    return g(x)


@pytest.mark.parametrize("f", [eager, checked, on_host])
def test_functions_that_raise_next_to_the_arguments(f: Any) -> None:
    x = jnp.array([1e-3, 1.0, 2.0])
    report = check(f, x)
    assert report.counts["wrong"] == 0, str(report)
    assert report.counts["ok"] >= 2
    (note,) = [note for note in report.notes if note.startswith("f raises ")]
    assert "math domain error" in note
    assert note.endswith("it was taken not to be finite there")
    assert not check(lambda x: scaled(jnp.sin, 2.0)(x).sum() + f(x), x).passed


def test_functions_that_raise_at_the_arguments() -> None:
    with pytest.raises(ValueError, match="math domain error"):
        check(eager, -(draw(3) ** 2))


def test_lack_of_memory_is_not_taken_for_an_edge_of_the_domain() -> None:
    calls = []

    def f(x: Any) -> Any:
        calls.append(1)
        if len(calls) > 8 and float(x[0]) != 1.0:
            raise RuntimeError("RESOURCE_EXHAUSTED: out of memory")
        return (x**2).sum()

    with pytest.raises(RuntimeError, match="RESOURCE_EXHAUSTED"):
        check(f, jnp.ones(3))


def test_a_batch_that_raises_is_taken_apart() -> None:
    from nudgegrad.jax.arguments import floating_arguments
    from nudgegrad.jax.evaluate import Batched
    from nudgegrad.jax.outputs import WeightedSum

    arguments = floating_arguments((jnp.array([1e-3, 1.0, 2.0]),), None)
    x = arguments.leaves.arrays[0]
    total = WeightedSum([np.sqrt(x).sum()])
    evaluate = Batched(lambda arrays: [on_host(arrays[0])], arguments, total, max_bytes=2**20)
    points = np.stack([x + 1, x - 1], axis=1)
    values = evaluate.at(0, np.arange(3), points)
    expected = [[np.sqrt(np.where(np.arange(3) == k, row[j], x)).sum() for j in range(2)]
                for k, row in enumerate(points) if k]  # fmt: skip
    assert np.allclose(values[1:], expected, rtol=1e-6)
    assert np.isfinite(values[0, 0])
    assert np.isnan(values[0, 1])
    assert len(evaluate.raised) == 1
    assert "math domain error" in evaluate.raised[0]


def test_blocks_stay_within_their_bytes() -> None:
    from nudgegrad.jax.arguments import floating_arguments
    from nudgegrad.jax.evaluate import Batched
    from nudgegrad.jax.outputs import WeightedSum

    def call(arrays: Any) -> Any:
        return [jnp.outer(arrays[0], arrays[1])]

    arguments = floating_arguments((draw(50), draw(40)), None)
    total = WeightedSum([np.outer(*arguments.leaves.arrays)])
    evaluate = Batched(call, arguments, total, max_bytes=100_000)
    assert evaluate.rows == [12, 12]  # of 8,000 bytes that come of each point
    seen = []
    outputs = evaluate.outputs
    evaluate.outputs = lambda *args: seen.append(outputs(*args)) or seen[-1]  # type: ignore[method-assign, func-returns-value]
    x = arguments.leaves.arrays[0]
    evaluate.at(0, np.arange(50), np.stack([x + 1, x - 1], axis=1))
    assert max(output.nbytes for batch in seen for output in batch) <= 100_000
