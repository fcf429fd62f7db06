"""Ladders of single entries, longer ones where those up to an entry's own size do not settle it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.ladder import RATIO, Ladder, climb, lowest_rungs, typical_size
from nudgegrad.differentiate.noise import FEWEST
from nudgegrad.differentiate.slope import Slopes, read_slopes
from nudgegrad.differentiate.surroundings import Surroundings

__all__ = ["SHORT", "ladders"]

Array = NDArray[Any]

SHORT = 10
"""An array of so many entries is short: all of them get a ladder."""

BLUNT = 0.03
"""An error bar above this share of the slope calls for longer nudges."""

MOST_MORE = 24
"""Rungs that a ladder gets at most on top of those below the entry's size."""


def ladders(
    around: Surroundings, leaf: int, indices: Array, shown: float = 0.0
) -> tuple[Slopes, Ladder, Array, int]:
    """Return what the ladders of some entries show, longer ones where that is not enough.

    Parameters
    ----------
    around
        The function.
    leaf
        Which array.
    indices : (n,) int array
        Flat indices into it.
    shown
        The noise that other entries show, 0 if not known.

    Returns
    -------
    slopes : Slopes
    ladder : Ladder
        With NaN above the entry's own size where no longer nudges were needed.
    lowest : (n,) int array
        Each entry's lowest rung.
    evaluations : int
    """
    array = around.evaluate.arrays[leaf]
    lowest, count = lowest_rungs(array.flat[indices], typical_size(array))
    block = around.evaluate.block(leaf, 2 * count)
    blocks = [
        climb(
            around.evaluate, leaf, indices[start : start + block], lowest[start : start + block],
            count, around.centre,
        )
        for start in range(0, len(indices), block)
    ]  # fmt: skip
    ladder = Ladder(*(np.concatenate(part) for part in zip(*blocks, strict=True)))
    slopes = _read(around, ladder, shown)
    evaluations = 2 * count * len(indices)
    outputs = len(ladder.h) // max(1, len(indices))
    # What moves at longer nudges only may be rounding in what cancels, which is seen further up.
    unclear = _blunt(slopes) | (slopes.still & (~slopes.flat | (ladder.centre[:, 0] == 0)))
    short = np.flatnonzero(unclear.reshape(-1, outputs).any(axis=1))
    if len(short):
        longer, more = _longer(around, leaf, indices[short], lowest[short] + count, outputs)
        rows = (short[:, None] * outputs + np.arange(outputs)).reshape(-1)
        ladder = ladder.longer(longer, rows)
        again = _read(around, ladder.take(rows), _shown_by(slopes, shown))
        usual = typical_size(array) if array.size > SHORT else 0.0
        better = _resolved(again, slopes.take(rows), usual)
        slopes.put(rows[better], again.take(np.flatnonzero(better)))
        evaluations += more
    return slopes, ladder, lowest, evaluations


def _longer(
    around: Surroundings, leaf: int, indices: Array, top: Array, outputs: int
) -> tuple[Ladder, int]:
    """Return the rungs from `top` on, up to the size of the array's largest entry and 1.

    Those of an entry that is tiny compared with the others begin further up, and the first is left
    empty, because rungs that are read together must be neighbours.
    """
    array = around.evaluate.arrays[leaf]
    largest = np.abs(array[np.isfinite(array)].astype(np.longdouble)).max(initial=1)
    goal = int(np.ceil(np.log(largest) / np.log(RATIO))) + 2
    count = int(np.clip(goal - top.min(), 3, MOST_MORE))
    far = top + count < goal - 2
    start = np.where(far, goal - count, top)
    ladder = climb(around.evaluate, leaf, indices, start, count, around.centre)
    ladder.up[np.repeat(far, outputs), 0] = np.nan
    return ladder, 2 * count * len(indices)


def _read(around: Surroundings, ladder: Ladder, shown: float) -> Slopes:
    """Read ladders, with the noise that their entries show together where one is not enough."""
    slopes = read_slopes(ladder, around.noise._replace(shown=shown))
    shown = _shown_by(slopes, shown)
    if shown == 0 or not (_blunt(slopes) | slopes.still).any():
        return slopes
    noise = around.noise._replace(shown=shown)
    slopes, assumed = read_slopes(ladder, noise), read_slopes(ladder, noise, assumed=2 * shown)
    much = ~_blunt(assumed) | (4 * assumed.error < slopes.error)
    # Only where the shortest rungs are what counts: elsewhere what looks like noise may be kinks.
    lowest = assumed.h <= ladder.h[:, min(FEWEST, ladder.h.shape[1] - 1)]
    better = np.flatnonzero(_blunt(slopes) & much & lowest & ~assumed.still & ~assumed.kink)
    slopes.put(better, assumed.take(better))
    return slopes


def _shown_by(slopes: Slopes, shown: float) -> float:
    """Return the noise that entries show whose slopes are clear, if it is more."""
    clear = ~slopes.still & ~_blunt(slopes) & ~slopes.kink
    return max(shown, float(np.median(slopes.noise[clear]))) if clear.any() else shown


def _blunt(slopes: Slopes) -> NDArray[np.bool_]:
    """Tell where the error bars are too wide for the slopes."""
    return np.asarray(~slopes.kink & ~(slopes.error <= BLUNT * np.abs(slopes.numeric)))


def _resolved(longer: Slopes, slopes: Slopes, usual: float) -> NDArray[np.bool_]:
    """Tell where nudges longer than the entry itself say more than shorter ones, and no other.

    A nudge of many times an entry's size may lead into another regime of the function, unless it is
    of the size that the entries of its array usually have.
    """
    with np.errstate(invalid="ignore"):
        agree = np.abs(longer.numeric - slopes.numeric) <= 3 * (longer.error + slopes.error)
        usual_size = (longer.h <= usual) & (longer.error < slopes.error)
    nothing = ~np.isfinite(slopes.error) & (longer.error < np.abs(longer.numeric) / 2)
    clear = ~_blunt(longer)
    return np.asarray(
        (agree & (clear | usual_size))
        | (slopes.still & clear)
        | nothing
        | longer.still
        | slopes.lost
    )
