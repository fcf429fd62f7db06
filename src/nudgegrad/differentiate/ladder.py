"""Values of a function at nudges of many lengths: the ladder that every entry's slope is read from.

The lengths of all ladders are rungs of one scale, `UNIT`·8^m with whole numbers m. Entries of one
array that are nudged alike can thus share a rung, and no rung is a whole multiple of a period that
is likely to occur in a function, as powers of two are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.evaluate import Evaluator
from nudgegrad.differentiate.step import nudged

__all__ = [
    "RATIO", "Ladder", "climb", "lowest_rungs", "rung_length", "typical_size",
    "values_at",
]  # fmt: skip

Array = NDArray[Any]

RATIO = 8.0
"""A rung's length over that of the one below it."""

UNIT = 0.73
"""The length of rung 0."""

LONGEST = 0.75
"""The top rung is at most this share of an entry's size long: positive entries stay positive."""


class Ladder(NamedTuple):
    """Values of a function near a point, for n entries at L lengths each, shortest first.

    Attributes
    ----------
    h : (n, L) array
        Nominal lengths of the nudges.
    up_step, down_step : (n, L) arrays
        Steps that the entry's dtype really takes; those down are negative.
    up, down : (n, L) arrays
        The function's values there, NaN where it is not finite or the step is zero.
    centre : (n, 1) array
        The function's value at the point itself.
    size : (n,) array
        The entries' magnitudes; of one that is zero, what was taken in its place.
    """

    h: Array
    up_step: Array
    down_step: Array
    up: Array
    down: Array
    centre: Array
    size: Array

    def longer(self, other: Ladder, rows: Array) -> Ladder:
        """Return this ladder with another one's rungs on top for some rows, and NaN for others."""

        def joined(values: Array, more: Array) -> Array:
            above = np.full((len(values), more.shape[1]), np.nan, values.dtype)
            above[rows] = more
            return np.concatenate([values, above], axis=1)

        return Ladder(
            joined(self.h, other.h),
            joined(self.up_step, other.up_step),
            joined(self.down_step, other.down_step),
            joined(self.up, other.up),
            joined(self.down, other.down),
            self.centre,
            self.size,
        )

    def take(self, entries: Array) -> Ladder:
        """Return the ladders of some entries."""
        return Ladder(*(values[entries] for values in self))


def rung_length(rung: Any) -> Any:
    """Return the length of a nudge by its rung's number."""
    return UNIT * RATIO ** np.asarray(rung, np.float64)


def typical_size(array: Array) -> float:
    """Return the geometric mean of an array's magnitudes, 1 if it has none but zeros."""
    size = np.abs(np.asarray(array, np.result_type(array, np.float64))).reshape(-1)
    size = size[np.isfinite(size) & (size > 0)]
    return float(np.exp(np.mean(np.log(size)))) if size.size else 1.0


def lowest_rungs(values: Array, typical: float = 1.0) -> tuple[Array, int]:
    """Return where each entry's ladder starts, and how many rungs it has.

    It reaches from a few units in the last place of the entry to three quarters of its size.

    Parameters
    ----------
    values : (n,) array
        The entries.
    typical
        The size of the array's other entries. An entry of zero is given that or 1, whichever is
        smaller: next to an entry of 1e7, a nudge of 1e7 is too long for most functions.

    Returns
    -------
    lowest : (n,) int array
    count : int
    """
    size = np.abs(values.astype(np.longdouble))
    size = np.where((size > 0) & np.isfinite(size), size, min(typical, 1.0))
    top = np.floor(np.log(LONGEST / UNIT * size) / np.log(RATIO)).astype(np.int64)
    last_place = 4 * np.finfo(values.dtype).eps
    count = 1 + int(np.log(LONGEST / last_place) / np.log(RATIO))
    return top - (count - 1), count


def climb(
    evaluate: Evaluator, leaf: int, indices: Array, lowest: Array, count: int, centre: Array
) -> Ladder:
    """Evaluate a function on the ladders of some entries.

    Parameters
    ----------
    evaluate
        The function near a point.
    leaf
        Which array.
    indices : (n,) int array
        Flat indices into it.
    lowest : (n,) int array
        Each entry's lowest rung.
    count
        Rungs of every ladder: 2·count evaluations an entry.
    centre
        The function's value at the point: a number, or an array of m outputs.

    Returns
    -------
    Ladder
        With n·m rows for a function of m outputs, those of one entry next to each other.
    """
    h = rung_length(lowest[:, None] + np.arange(count))
    return values_at(evaluate, leaf, indices, h, centre)


def values_at(evaluate: Evaluator, leaf: int, indices: Array, h: Array, centre: Array) -> Ladder:
    """Return the values at nudges of any lengths, (n, L) in ascending order."""
    count = h.shape[1]
    values = evaluate.arrays[leaf].flat[indices]
    multiples = np.ones(len(indices)), (1.0, -1.0)
    points, steps = [], []
    for k in range(count):
        point, step = nudged(values, multiples[0] * h[:, k], multiples[1])
        points.append(point)
        steps.append(step)
    found = np.asarray(evaluate.at(leaf, indices, np.concatenate(points, axis=1)))
    wide = np.result_type(found.dtype, np.float64)
    found = found.astype(wide).reshape(len(indices), count, 2, -1)
    found = np.moveaxis(found, 3, 1).reshape(-1, count, 2)  # outputs become rows
    outputs = np.size(centre)
    step = np.repeat(np.stack(steps, axis=1), outputs, axis=0)
    found = np.where(np.isfinite(found) & (step != 0), found, np.nan)
    here = np.tile(np.asarray(centre, wide).reshape(-1), len(indices))[:, None]
    size = np.where(values == 0, h[:, -1], np.abs(values)).astype(np.float64)
    return Ladder(
        np.repeat(h, outputs, axis=0), step[..., 0], step[..., 1], found[..., 0], found[..., 1],
        here, np.repeat(size, outputs),
    )  # fmt: skip
