"""Memory that is shared: where a nudge of one entry would move another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.validation import ParameterError

__all__ = ["check_arrays_apart", "check_entries_apart"]

Array = NDArray[Any]

WORK = 10_000
"""What NumPy may spend on telling whether two views overlap, before their addresses are listed."""


def check_entries_apart(name: str, array: Array) -> None:
    """Raise if entries of an array share memory."""
    reach = array.itemsize
    for stride, length in sorted(
        (abs(stride), length)
        for stride, length in zip(array.strides, array.shape, strict=True)
        if length > 1
    ):
        if stride < reach:  # they may
            break
        reach += stride * (length - 1)
    else:
        return
    if np.min(np.diff(np.sort(_addresses(array)))) < array.itemsize:
        raise ParameterError(
            f"{name} must have memory of its own for every entry, because it is nudged in place, "
            f"got a view whose entries overlap; pass {name}.copy()"
        )


def check_arrays_apart(whole: str, names: Sequence[str], arrays: Sequence[Array]) -> None:
    """Raise if two arrays share memory; `whole` is what messages call all of them."""
    spans = [np.lib.array_utils.byte_bounds(array) for array in arrays]
    order = sorted(range(len(arrays)), key=lambda k: spans[k])
    for place, first in enumerate(order):
        for second in order[place + 1 :]:
            if spans[second][0] >= spans[first][1]:
                break
            if _overlap(arrays[first], arrays[second]):
                one, other = sorted((first, second))
                raise ParameterError(
                    f"the arrays of {whole} must not share memory, because they are nudged in "
                    f"place, but {names[one]} and {names[other]} do: a nudge of one moves the "
                    "other; pass copies, or what they share once and an f that makes both of it"
                )


def _overlap(a: Array, b: Array) -> bool:
    try:
        return np.shares_memory(a, b, max_work=WORK)  # type: ignore[arg-type]  # any number
    except np.exceptions.TooHardError:
        return bool(np.intersect1d(_addresses(a), _addresses(b)).size)


def _addresses(array: Array) -> Array:
    """Return where each entry begins, in bytes."""
    places = np.full(array.shape, array.__array_interface__["data"][0], np.int64)
    for axis, (stride, length) in enumerate(zip(array.strides, array.shape, strict=True)):
        shape = [1] * array.ndim
        shape[axis] = length
        places += (stride * np.arange(length)).reshape(shape)
    return places.reshape(-1)
