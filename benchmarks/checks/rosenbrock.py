"""The gradient of a vectorised function, ours against SciPy's differences."""

from __future__ import annotations

import importlib
from functools import partial
from multiprocessing.pool import ThreadPool
from typing import Any

import numpy as np
from numpy.typing import NDArray

import nudgegrad as ng
from benchmarks.checks import Part, repeated
from benchmarks.paired import Contender

__all__ = ["parts"]

SCHEMES = {"central": "3-point", "forward": "2-point"}
"""Ours → what SciPy calls it."""


def rosenbrock(x: NDArray[Any]) -> Any:
    """Return Rosenbrock's function of the last axis."""
    a, b = x[..., :-1], x[..., 1:]
    return np.sum(100 * (b - a**2) ** 2 + (1 - a) ** 2, axis=-1)


def of_first_axis(x: NDArray[Any]) -> Any:
    """Return the same of the first axis, as `scipy.differentiate` wants it."""
    a, b = x[:-1], x[1:]
    return np.sum(100 * (b - a**2) ** 2 + (1 - a) ** 2, axis=0)


def parts(quick: bool) -> list[Part]:
    """Return central and forward differences."""
    approx_derivative: Any = importlib.import_module("scipy.optimize._numdiff").approx_derivative
    jacobian: Any = importlib.import_module("scipy.differentiate").jacobian
    size = 50 if quick else 2000
    x = np.random.default_rng(0).normal(size=size)
    pool = ThreadPool(2)

    def contender(name: str, gradient: Any) -> Contender:
        return Contender(name, repeated(gradient), 1, note=f"{size:,} entries")

    found = []
    for ours, theirs in SCHEMES.items():
        derivative = partial(approx_derivative, rosenbrock, x, method=theirs)
        differences = partial(ng.numerical_gradient, rosenbrock, x, scheme=ours)
        contenders = [
            contender("nudgegrad, vectorized", partial(differences, vectorized=True)),
            contender("nudgegrad, entry by entry", differences),
            contender("SciPy approx_derivative", derivative),
            contender("SciPy approx_derivative, 2 threads", partial(derivative, workers=pool.map)),
        ]
        if ours == "central":
            iteration = partial(jacobian, of_first_axis, x, order=2, maxiter=1, initial_step=1e-4)
            contenders.append(contender("SciPy differentiate.jacobian, one iteration", iteration))
        found.append(
            Part(
                f"Rosenbrock's function, {ours} differences (SciPy's {theirs})",
                contenders,
                {f"nudgegrad / SciPy, {ours} differences": ("nudgegrad, vectorized", "SciPy")},
                repeats=2 if quick else 15,
            )
        )
    return found
