"""`scipy.optimize.check_grad`, which returns the norm of the error and leaves the verdict open."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rivals import Outcome
from tests.zoo.case import Params, Problem

__all__ = ["TOLERANCE", "check_numpy"]

check_grad: Any = importlib.import_module("scipy.optimize").check_grad

TOLERANCE = 1e-6
"""Of one entry. SciPy's documentation names no bound for `check_grad`; for `check_derivative`,
which compares the largest error, it says "on the order of 1e-6 or lower"."""


def check_numpy(problem: Problem) -> Outcome:
    """Check a gradient written in NumPy, of all parameters in one vector."""
    params = problem.params
    ends = np.cumsum([array.size for array in params.values()])[:-1]

    def unpacked(vector: NDArray[Any]) -> Params:
        parts = np.split(vector, ends)
        return {
            name: part.reshape(array.shape)
            for (name, array), part in zip(params.items(), parts, strict=True)
        }

    def packed(arrays: Params) -> NDArray[Any]:
        return np.concatenate([np.asarray(arrays[name]).ravel() for name in params])

    norm = float(
        check_grad(
            lambda vector: problem.loss(unpacked(vector)),
            lambda vector: packed(problem.gradient(unpacked(vector))),
            packed(params),
        )
    )
    bound = TOLERANCE * np.sqrt(sum(array.size for array in params.values()))
    return Outcome(bool(norm <= bound), f"norm {norm:.3g}, allowed {bound:.3g}", norm)
