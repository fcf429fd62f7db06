"""``nudgegrad.jax.check`` on functions with rules of their own, right and wrong."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest

from nudgegrad.validation import ParameterError
from tests.jax.functions import check, cube_with, draw
from tests.zoo.jax_functions import JaxCase, jax_cases

jax = pytest.importorskip("jax")
jnp = jax.numpy
lax = jax.lax
JAX_CASES = jax_cases()


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
    assert looped.method == "differences, point by point, jitted: as path='loop' asks"
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
    from nudgegrad.jax.arguments import floating_arguments
    from nudgegrad.jax.evaluate import Batched
    from nudgegrad.jax.outputs import WeightedSum

    traced = []

    def f(arrays: Any) -> Any:
        traced.append(1)
        return [(arrays[0] ** 2).sum()]

    arguments = floating_arguments((draw(10),), None)
    x = arguments.leaves.arrays[0]
    total = WeightedSum([np.sum(x**2)])
    evaluate = Batched(f, arguments, total, max_bytes=40 * 12)
    assert evaluate.rows == [12]
    traced.clear()
    for count in (1, 5, 3, 10):
        indices = np.arange(count)
        points = np.stack([x[:count]] * 2, axis=1)
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
