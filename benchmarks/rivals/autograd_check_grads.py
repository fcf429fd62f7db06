"""`autograd.test_util.check_grads` of HIPS Autograd, which takes one random direction."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from benchmarks.rivals import Outcome
from tests.zoo.case import Params, Problem

__all__ = ["check_numpy"]

extend: Any = importlib.import_module("autograd.extend")
check_grads: Any = importlib.import_module("autograd.test_util").check_grads


def check_numpy(problem: Problem) -> Outcome:
    """Check a gradient written in NumPy, made into a primitive with its own rule."""
    names = list(problem.params)

    def named(arrays: Any) -> Params:
        return dict(zip(names, arrays, strict=True))

    def rule(argnums: Any, value: Any, arrays: Any, options: Any) -> Any:
        gradient = problem.gradient(named(arrays))
        return lambda d: tuple(d * gradient[names[k]] for k in argnums)

    f = extend.primitive(lambda *arrays: problem.loss(named(arrays)))
    extend.defvjp_argnums(f, rule)
    arrays = [array.copy() for array in problem.params.values()]
    np.random.seed(0)  # noqa: NPY002  # its direction comes from the global generator
    try:
        check_grads(f, tuple(range(len(names))), modes=["rev"], order=1)(*arrays)
    except AssertionError as error:
        return Outcome(False, str(error))
    return Outcome(True)
