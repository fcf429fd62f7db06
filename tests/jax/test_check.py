"""``nudgegrad.jax.check`` on functions with rules of their own, right and wrong."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from nudgegrad.checker.report import Report
from nudgegrad.validation import ParameterError
from tests.zoo.jax_functions import JaxCase, jax_cases

jax = pytest.importorskip("jax")
jnp = jax.numpy
lax = jax.lax
JAX_CASES = jax_cases()


def check(*args: Any, **options: Any) -> Report:
    from nudgegrad.jax import check as checked

    return checked(*args, **options)


def draw(*shape: int, dtype: str = "float32", seed: int = 0) -> Any:
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), dtype)


def cube_with(factor: float) -> Any:
    """Return x³ with factor·x² for its slope."""
    cube = jax.custom_vjp(lambda x: x**3)
    cube.defvjp(lambda x: (x**3, x), lambda x, d: (factor * x**2 * d,))
    return cube


@pytest.mark.parametrize("case", JAX_CASES, ids=lambda case: case.name)
def test_zoo(case: JaxCase) -> None:
    problem = case.build()
    report = check(problem.f, *problem.args)
    assert report.passed == case.right, str(report)
    assert report.checked == report.entries == sum(x.size for x in problem.args)
    assert report.method.startswith("differences by jax.vmap, jitted, up to ")
    assert report.deterministic


@pytest.mark.parametrize("name", ["jax/dense-bias", "jax/clip-right", "jax/recurrence-right"])
def test_the_paths_agree(name: str) -> None:
    problem = next(case for case in JAX_CASES if case.name == name).build()
    batched, looped = (check(problem.f, *problem.args, path=path) for path in ("vmap", "loop"))
    assert looped.method == "differences, point by point, jitted: as told"
    for one, other in zip(batched.parameters.values(), looped.parameters.values(), strict=True):
        assert one.name == other.name
        assert np.array_equal(one.verdict, other.verdict)
        assert np.all(np.abs(one.numeric - other.numeric) <= one.error + other.error)


def test_small_batches_give_the_same() -> None:
    w, x = draw(13, 7), draw(5, 13, seed=1)

    def f(w: Any) -> Any:
        return jnp.tanh(x @ w).sum()

    whole, parts = check(f, w), check(f, w, max_bytes=w.nbytes * 9)
    assert whole.passed
    assert parts.passed
    assert "up to 364 points" in whole.method
    assert "up to 8 points" in parts.method
    one, other = whole.parameters["x"], parts.parameters["x"]
    assert np.all(np.abs(one.numeric - other.numeric) <= one.error + other.error)


def test_nothing_is_compiled_twice() -> None:
    from nudgegrad.jax.arguments import floating_leaves
    from nudgegrad.jax.evaluate import Batched

    traced = []

    def f(arrays: Any) -> Any:
        traced.append(1)
        return (arrays[0] ** 2).sum()

    leaves = floating_leaves((draw(10),), None)
    evaluate = Batched(f, leaves, max_bytes=40 * 12)
    assert evaluate.rows == [12]
    traced.clear()
    for count in (1, 5, 3, 10):
        indices = np.arange(count)
        points = np.stack([leaves.arrays[0][:count]] * 2, axis=1)
        assert np.allclose(evaluate.at(0, indices, points), evaluate.centre(), rtol=1e-6)
    assert len(traced) <= 2  # the batch, and f(x) by itself


def test_entries_that_do_nothing_give_f_to_the_bit() -> None:
    x = draw(1000, seed=3)
    report = check(lambda x, y: jnp.exp(x).sum() + 0 * y[0], x, draw(4), argnums=1)
    assert report.passed
    assert report.counts["ok"] == 4


def test_large_arrays_on_the_way_make_small_batches() -> None:
    def f(b: Any) -> Any:
        return lax.map(lambda row: jnp.tanh(jnp.ones((500, 500)) * row).mean(), b).sum()

    report = check(f, draw(3))
    assert report.passed
    assert "up to 2 points" in report.method


def test_names() -> None:
    def f(*args: Any) -> Any:
        return sum((x**2).sum() for x in jax.tree_util.tree_leaves(args))

    assert list(check(f, draw(2)).parameters) == ["x"]
    nested = {"encoder": {"W": draw(2, 2), "b": draw(2)}, "parts": [draw(1), jnp.float32(3)]}
    names = ["encoder.W", "encoder.b", "parts.0", "parts.1"]
    assert list(check(f, nested).parameters) == names
    several = list(check(f, draw(2), nested).parameters)
    assert several == ["arg0", *(f"arg1.{name}" for name in names)]
    alike = {"a.b": draw(2), "a": {"b": draw(3)}}
    shapes = [c.value.shape for c in check(f, alike).parameters.values()]
    assert sorted(shapes) == [(2,), (3,)]


def test_a_wrong_leaf_of_a_pytree() -> None:
    cube = cube_with(2.9)

    def f(p: Any) -> Any:
        return (jnp.sin(p["a"]) * cube(p["deep"]["b"])).sum()

    report = check(f, {"a": draw(6), "deep": {"b": draw(6, seed=1)}})
    counts = {name: c.counts["wrong"] for name, c in report.parameters.items()}
    assert counts["a"] == 0
    assert counts["deep.b"] >= 5


def test_argnums() -> None:
    cube = cube_with(2.0)

    def f(x: Any, y: Any) -> Any:
        return (x**2).sum() + cube(y).sum()

    x, y = draw(3), draw(4)
    assert check(f, x, y, argnums=0).passed
    assert not check(f, x, y, argnums=(1,)).passed
    assert list(check(f, x, y, argnums=-1).parameters) == ["arg1"]
    with pytest.raises(ParameterError, match="argnums must be between -2 and 1"):
        check(f, x, y, argnums=2)
    with pytest.raises(ParameterError, match="argnums must choose arguments that hold floating"):
        check(lambda x, n: x.sum() * n, x, 3, argnums=(0, 1))


def test_what_is_no_float_passes_through() -> None:
    def f(p: Any, index: Any, mode: str, key: Any, on: bool) -> Any:
        noise = jax.random.normal(key, (3,))
        assert mode == "sum"
        assert on is True
        assert isinstance(p["steps"], int)
        return (p["table"][index] * noise).sum() * p["steps"]

    args = ({"table": draw(5), "steps": 2, "none": None}, jnp.array([0, 2, 2]), "sum")
    report = check(f, *args, jax.random.key(0), True)
    assert report.passed
    assert "vmap" in report.method
    assert list(report.parameters) == ["arg0.table"]


def test_python_floats_and_numpy_arrays() -> None:
    def f(scale: Any, x: Any) -> Any:
        return scale * (x**2).sum()

    report = check(f, 2.5, np.arange(3.0))
    assert report.passed
    assert {c.value.shape for c in report.parameters.values()} == {(), (3,)}
    # A Python float does not turn half precision into single.
    seen = set()

    def g(scale: Any, x: Any) -> Any:
        seen.add(str((scale * x).dtype))
        return (scale * x).sum()

    check(g, 2.0, draw(3, dtype="float16"))
    assert seen == {"float16"}


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtypes(dtype: str) -> None:
    with jax.enable_x64(dtype == "float64"):
        x = draw(5, dtype=dtype)
        assert str(x.dtype) == dtype
        right, wrong = (check(lambda x, r=r: cube_with(r)(x).sum(), x) for r in (3.0, 4.0))
    assert right.passed
    assert not wrong.passed
    if dtype == "float64":
        assert right.parameters["x"].relative_error < 1e-8


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (lambda: (draw(3, dtype="bfloat16"),), "x must be of float16, float32, float64"),
        (lambda: (draw(3), draw(3, dtype="complex64")), "arg1 must be of .* got complex64"),
        (lambda: (jnp.arange(3),), r"at least one array of floats .* got int32\[3\]"),
        (lambda: (draw(0),), "at least one array of floats"),
        (lambda: (), "got no argument"),
    ],
)
def test_arguments_that_cannot_be_checked(args: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        check(lambda *xs: sum(x.sum() for x in xs), *args())


@pytest.mark.parametrize(
    ("f", "message"),
    [
        (lambda x: x, r"f must return a scalar, got an array of shape \(3,\)"),
        (lambda x: (x.sum(), x), "got a tuple of 2; return the loss alone"),
        (lambda x: (x > 0).sum(), "got int32; cast the loss"),
        (lambda x: x.sum().astype("bfloat16"), "got bfloat16; cast the loss"),
    ],
)
def test_functions_that_return_no_scalar(f: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        check(f, draw(3))


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


def test_options() -> None:
    x = {"W": draw(20, 5), "b": draw(5)}

    def f(p: Any) -> Any:
        return jnp.tanh(p["W"] @ p["b"]).sum()

    seen: list[tuple[int, int]] = []
    report = check(f, x, sample=7, only="W", progress=lambda *done: seen.append(done), taylor=True)
    assert report.passed
    assert report.checked == 7
    assert seen[-1][0] == seen[-1][1] >= 14  # more where entries are in doubt
    assert report.taylor.passed
    mask = {"W": np.zeros((20, 5), bool), "b": np.arange(5) < 2}
    assert check(f, x, mask=mask).checked == 2
    with pytest.raises(TypeError, match="sampel"):
        check(f, x, sampel=7)
    with pytest.raises(ParameterError, match="factor"):
        check(f, x, factor=0)
    with pytest.raises(ParameterError, match="path must be one of auto, vmap, loop"):
        check(f, x, path="pmap")


def test_arguments_stay_as_they_are() -> None:
    x = np.arange(4, dtype=np.float32)
    assert check(lambda x: (x**2).sum(), x).passed
    assert x.tolist() == [0, 1, 2, 3]


def test_errors_of_the_function_are_its_own() -> None:
    def f(x: Any) -> Any:
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        check(f, draw(2))


def test_example(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import runpy
    from pathlib import Path

    path = Path(__file__).parents[2] / "examples" / "check_jax_custom_vjp.py"
    monkeypatch.setattr(sys, "argv", [str(path)])
    runpy.run_path(str(path), run_name="__main__")
    out = capsys.readouterr().out
    assert out.startswith("not passed: ")
    assert "\npassed: " in out
