"""Checking the gradients that `jax.grad` gives, by differences."""

try:
    import jax as _jax  # noqa: F401
except ImportError as error:
    raise ImportError(
        'nudgegrad.jax needs JAX, which cannot be imported: pip install "nudgegrad[jax]"'
    ) from error

from nudgegrad.jax.check import check

__all__ = ["check"]
