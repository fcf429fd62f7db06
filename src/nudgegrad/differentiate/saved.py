"""Copies of arrays that somebody else's function sees: has it changed them?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Saved", "same_bits"]

Array = NDArray[Any]

X87_BYTES = 10
"""Of an extended double; the rest of its 12 or 16 bytes is padding, which copies do not keep."""


class Saved:
    """Copies of some arrays.

    Parameters
    ----------
    names
        Of the arrays, for messages.
    arrays
        The live ones.
    """

    def __init__(self, names: Sequence[str], arrays: Sequence[Array]) -> None:
        self.names, self.arrays = names, arrays
        self.copies = [array.copy() for array in arrays]

    def put_back(self) -> list[str]:
        """Put the saved bits back where they have changed; return the names of these arrays."""
        changed = []
        for name, array, copy in zip(self.names, self.arrays, self.copies, strict=True):
            if not same_bits(array, copy):
                array[...] = copy
                changed.append(name)
        return changed


def same_bits(a: Array, b: Array) -> bool:
    """Tell whether two arrays of one dtype and shape are the same to the bit, NaN included."""
    return bool(np.all(_bits(a) == _bits(b)))


def _bits(array: Array) -> Array:
    """Return an array's bits as unsigned integers, without the padding of extended doubles."""
    size = array.dtype.itemsize
    if size in (2, 4, 8):
        return array.view(f"u{size}")
    whole = np.ascontiguousarray(array).view(np.uint8).reshape(-1, size)
    extended = array.dtype.isnative and np.finfo(array.dtype).nmant == 63
    return whole[:, :X87_BYTES] if extended else whole
