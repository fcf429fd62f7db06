"""What every array of the core has in common: the Python array API standard."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = Any
"""An array of any library that follows the array API standard: NumPy, PyTorch, JAX, …"""

__all__ = ["Array", "align", "as_floats", "is_integer", "namespace"]


def namespace(array: Array) -> Any:
    """Return the module whose functions take `array`, in the standard's spelling."""
    if type(array) is np.ndarray:  # most calls, and ten times quicker than the general way
        return _numpy()
    import array_api_compat

    return array_api_compat.array_namespace(array)


@cache
def _numpy() -> Any:
    import array_api_compat.numpy  # here, because it takes as long as NumPy itself to import

    return array_api_compat.numpy


def as_floats(x: Any) -> Array:
    """Return `x` as an array of floats: arrays of floats as they are, all else as float64."""
    if isinstance(x, (np.ndarray, np.generic)) or not hasattr(x, "dtype"):
        x = np.asarray(x)
        return x if x.dtype.kind == "f" else x.astype(np.float64)
    xp = namespace(x)
    return x if xp.isdtype(x.dtype, "real floating") else xp.astype(x, xp.float64)


def is_integer(array: Array) -> bool:
    """Tell whether an array holds whole numbers (or booleans are not: labels are numbers)."""
    return bool(namespace(array).isdtype(array.dtype, "integral"))


def align(array: Array, ndim: int) -> Array:
    """Insert axes after the first, so that samples stay first and features last.

    A layer's input of shape ``(samples, features)`` then broadcasts against nudges of shape
    ``(samples, units, …, features)``.
    """
    missing = ndim - array.ndim
    if missing <= 0:
        return array
    return namespace(array).reshape(
        array, (array.shape[0], *([1] * missing), *tuple(array.shape[1:]))
    )
