"""`jax.test_util.check_grads`, which takes one random direction."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from benchmarks.rivals import Outcome
from tests.zoo.case import Params, Problem

__all__ = ["check_jax", "check_numpy"]

jax: Any = importlib.import_module("jax")
check_grads: Any = importlib.import_module("jax.test_util").check_grads

# A callback that waits for a large array, while the array waits for the callback, never ends.
jax.config.update("jax_cpu_enable_async_dispatch", False)


def check_numpy(problem: Problem) -> Outcome:
    """Check a gradient written in NumPy, made into a `jax.custom_vjp` by callbacks."""
    params = problem.params
    dtype = next(iter(params.values())).dtype
    shapes = {name: jax.ShapeDtypeStruct(x.shape, x.dtype) for name, x in params.items()}

    def arrays(values: Any) -> Params:
        return {name: np.array(values[name]) for name in params}

    def loss(values: Any) -> Any:
        return dtype.type(problem.loss(arrays(values)))

    def gradient(values: Any) -> Params:
        found = problem.gradient(arrays(values))
        return {name: np.array(found[name]) for name in params}

    def value(values: Any) -> Any:
        return jax.pure_callback(loss, jax.ShapeDtypeStruct((), dtype), values)

    def backward(values: Any, d: Any) -> Any:
        found = jax.pure_callback(gradient, shapes, values)
        return (jax.tree.map(lambda g: d * g, found),)

    f = jax.custom_vjp(value)
    f.defvjp(lambda values: (f(values), values), backward)
    return _check(f, (jax.tree.map(jax.numpy.asarray, params),))


def check_jax(problem: Any) -> Outcome:
    """Check a function's reverse rule."""
    return _check(problem.f, problem.args)


def _check(f: Any, arguments: tuple[Any, ...]) -> Outcome:
    try:
        check_grads(f, arguments, order=1, modes=["rev"])
    except AssertionError as error:
        return Outcome(False, str(error))
    return Outcome(True)
