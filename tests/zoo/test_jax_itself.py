"""The labels of JAX's part are true: `jax.grad` without the rules is the truth."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.zoo.jax_functions import JaxProblem, jax_cases

jax = pytest.importorskip("jax")
JAX_CASES = jax_cases()


def gradients(problem: JaxProblem) -> list[Any]:
    every = tuple(range(len(problem.args)))
    return [np.asarray(g) for g in jax.grad(problem.f, argnums=every)(*problem.args)]


@pytest.mark.parametrize("case", JAX_CASES, ids=lambda case: case.name)
def test_label(case: Any) -> None:
    problem, plain = case.build(), case.plain()
    assert problem.f(*problem.args) == plain.f(*plain.args)
    assert all(x.dtype == np.float32 for x in problem.args)
    pairs = list(zip(gradients(problem), gradients(plain), strict=True))
    off = max(float(np.abs(g - t).max() / np.abs(t).max()) for g, t in pairs)
    assert off < 1e-5 if case.right else off > 1e-2


@pytest.mark.parametrize("case", JAX_CASES, ids=lambda case: case.name)
def test_differences_agree_with_the_truth(case: Any) -> None:
    """One direction through all arguments; float32 is good to some digits only."""
    plain = case.plain()
    rng = np.random.default_rng(0)
    moves = [rng.normal(size=x.shape).astype(np.float32) for x in plain.args]
    h = 2.0**-11
    values = [
        float(plain.f(*(x + s * h * move for x, move in zip(plain.args, moves, strict=True))))
        for s in (1, -1)
    ]
    truth = [float((g * move).sum()) for g, move in zip(gradients(plain), moves, strict=True)]
    size = max(1.0, *map(abs, values), *map(abs, truth))
    assert (values[0] - values[1]) / (2 * h) == pytest.approx(sum(truth), abs=1e-2 * size)


def test_counts_and_determinism() -> None:
    assert len({case.name for case in JAX_CASES}) == len(JAX_CASES)
    assert sum(case.right for case in JAX_CASES) >= 5
    assert sum(not case.right for case in JAX_CASES) >= 5
    for case in JAX_CASES:
        one, other = case.build(), case.build()
        assert all(np.array_equal(a, b) for a, b in zip(one.args, other.args, strict=True))
