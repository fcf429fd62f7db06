"""What every array of the core has in common: the Python array API standard."""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Array: TypeAlias = Any
"""An array of any library that follows the array API standard: NumPy, PyTorch, JAX, …"""

Units: TypeAlias = slice | NDArray[np.intp]
"""Some of a layer's units: a slice of them, or their numbers, in NumPy whatever the library."""

__all__ = [
    "Array",
    "Units",
    "align",
    "as_floats",
    "count_units",
    "is_integer",
    "namespace",
    "on_device_of",
    "take_units",
]


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


def take_units(array: Array, units: Units, axis: int = -1) -> Array:
    """Return some units of an array, by a slice or by their numbers, along its first or last axis.

    Parameters
    ----------
    array
        An array of any library.
    units
        A slice, or NumPy integers.
    axis
        0 or -1.
    """
    if isinstance(units, slice):
        return array[..., units] if axis == -1 else array[units, ...]
    xp = namespace(array)
    return xp.take(array, on_device_of(array, units), axis=axis % array.ndim)


def on_device_of(array: Array, numbers: NDArray[Any]) -> Array:
    """Return NumPy's `numbers` as an array of the library and the device of `array`."""
    if type(array) is np.ndarray:
        return numbers
    return namespace(array).asarray(numbers, device=getattr(array, "device", None))


def count_units(units: Units, width: int) -> int:
    """Return how many of `width` units these are."""
    return len(range(width)[units]) if isinstance(units, slice) else len(units)
