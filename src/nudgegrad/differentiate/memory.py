"""Whether f remembers: a function that knows arrays by their identity does not see a nudge."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.evaluate import Evaluator, InPlace, Workers, copies
from nudgegrad.differentiate.values import UnusableFunction

__all__ = ["check_memory"]

Array = NDArray[Any]

STEPS = (0.0, 1.0, 2.0)
"""Where f is asked in place and in copies. Two would not do: f may remember another point."""

STEP = 1e-3
"""Of an entry; of 1 where it is zero."""


def check_memory(evaluate: Evaluator, leaf: int) -> int:
    """Raise if f returns a remembered value, because a nudged array is still the same object.

    This is for an array whose nudges did not change f. All its entries are moved at once, in place
    and in copies. If only the copies change f, then f compares an array with itself.

    Parameters
    ----------
    evaluate
        f near x.
    leaf
        Which array.

    Returns
    -------
    int
        How many evaluations that took: none where x is not nudged in place.

    Raises
    ------
    UnusableFunction
        If f does so.
    """
    if not isinstance(evaluate, (InPlace, Workers)):
        return 0
    array = evaluate.arrays[leaf]
    shares = np.random.default_rng(0).uniform(0.5, 1, array.shape)
    direction = [np.zeros(part.shape) for part in evaluate.arrays]
    direction[leaf] = STEP * shares * np.where(array == 0, 1, np.abs(array)).astype(np.float64)
    own = copies(evaluate.leaves)
    # All of them at once, so that no address is used twice.
    points = [
        replace(own, arrays=tuple(
            (part + size * move).astype(part.dtype)
            for part, move in zip(own.arrays, direction, strict=True)
        ))
        for size in STEPS
    ]  # fmt: skip
    fresh = [InPlace(evaluate.f, at.point(at.arrays), at, evaluate.read) for at in points]
    try:
        in_place = evaluate.along(direction, np.array(STEPS))
        in_copies = np.stack([one.centre() for one in fresh])
    except UnusableFunction:
        raise
    except Exception:  # f does not exist there, and nothing can be said
        return 2 * len(STEPS)
    rounding = 64 * np.finfo(in_copies.dtype).eps * np.abs(in_copies[1:])
    still = [np.array_equal(*pair) for pair in pairwise(in_place)]
    moved = [bool(np.any(change)) for change in np.abs(np.diff(in_copies, axis=0)) > rounding]
    if any(a and b for a, b in zip(still, moved, strict=True)):
        raise UnusableFunction(
            f"f must compute its value anew when {evaluate.leaves.names[leaf]} is nudged in place, "
            "but it returns what it remembers for the same array; pass lambda x: f(x.copy()), or "
            "let f remember a copy"
        )
    return 2 * len(STEPS)
