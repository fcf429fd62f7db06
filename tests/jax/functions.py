"""What the tests of ``nudgegrad.jax`` share."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

jax = pytest.importorskip("jax")
jnp = jax.numpy

from nudgegrad.jax import check  # noqa: E402, without JAX it cannot be imported

__all__ = ["check", "cube_with", "draw", "scaled"]


def draw(*shape: int, dtype: str = "float32", seed: int = 0) -> Any:
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), dtype)


def cube_with(factor: float) -> Any:
    """Return x³ with factor·x² for its slope."""
    cube = jax.custom_vjp(lambda x: x**3)
    cube.defvjp(lambda x: (x**3, x), lambda x, d: (factor * x**2 * d,))
    return cube


def scaled(f: Any, factor: float) -> Any:
    """Return a function with a rule that gives so many times its gradient."""

    def backward(args: Any, d: Any) -> Any:
        return tuple(factor * gradient for gradient in jax.vjp(f, *args)[1](d))

    g = jax.custom_vjp(lambda *args: f(*args))
    g.defvjp(lambda *args: (f(*args), args), backward)
    return g
