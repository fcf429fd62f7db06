"""A plain NumPy function, called for every nudge."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

import nudgegrad as ng
from benchmarks.checks import Part, repeated
from benchmarks.paired import Contender

__all__ = ["parts"]

Array = NDArray[Any]


def parts(quick: bool) -> list[Part]:
    """Return Σ tanh(x·W), by W."""
    check_grad: Any = importlib.import_module("scipy.optimize").check_grad
    rows, columns = (4, 5) if quick else (40, 25)
    rng = np.random.default_rng(0)
    x, start = rng.normal(size=(20, rows)), rng.normal(size=rows * columns)

    def f(w: Array) -> Any:
        return np.sum(np.tanh(x @ w.reshape(rows, columns)))

    def gradient(w: Array) -> Array:
        return np.asarray(x.T @ (1 - np.tanh(x @ w.reshape(rows, columns)) ** 2)).ravel()

    def ours() -> None:
        ng.check(f, start, gradient, announce=None)

    def theirs() -> None:
        check_grad(f, gradient, start)

    def evaluations() -> None:
        for _ in range(start.size):
            f(start)

    note = f"{start.size:,} entries"
    return [
        Part(
            "A plain NumPy function: nothing is known of it",
            [
                Contender("nudgegrad check", repeated(ours), 1, note=note),
                Contender("SciPy check_grad", repeated(theirs), 1, note=note),
                Contender("the function alone, once an entry", repeated(evaluations), 1, note=note),
            ],
            {"nudgegrad / SciPy, plain function": ("nudgegrad", "SciPy")},
            repeats=2 if quick else 15,
        )
    ]
