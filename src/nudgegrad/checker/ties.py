"""Kinks that several entries have together: the claims of all of them must fit along any direction.

At a kink any claim between the slopes on both sides is right, as far as one entry goes. Where a
function bends along several entries at once, as a maximum does at a tie and a norm at zero, entries
that are right one by one can be wrong together: a maximum rises with either of two tied entries,
but no faster with both. So such entries are moved together: in equal steps, along the signs of the
claims, and along random signs. The claimed slope along a direction must lie between the slopes on
both sides.

Sums of functions that bend along one entry each, such as Σ abs(x), need no such test, because any
choice at each kink is right. They are recognized by slopes along directions that add up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.checker.entries import Claims
from nudgegrad.checker.verdict import Verdict
from nudgegrad.differentiate.candidates import NOISES
from nudgegrad.differentiate.ladder import RATIO
from nudgegrad.differentiate.surroundings import Surroundings

__all__ = ["wrong_at_ties"]

Array = NDArray[Any]

MOST_GROUPS = 64
"""Groups of entries of one value that are moved together."""

MOST_KINKS = 4096
"""Entries at kinks that are moved together."""

RANDOM = 4
"""Random directions that are tried."""

SHARE = 0.02
"""How far slopes along a direction may be off, besides the sum of what moves."""

SIZES = (1.0, 1 / RATIO, -1.0, -1 / RATIO)


@dataclass
class Kinks:
    """Entries at kinks, of all arrays: (n,) arrays."""

    part: Array
    place: Array
    value: Array
    analytic: Array
    left: Array
    right: Array
    h: Array

    def take(self, which: Array) -> Kinks:
        """Return some of them."""
        return Kinks(*(getattr(self, name)[which] for name in self.__dataclass_fields__))

    def __len__(self) -> int:
        return len(self.part)


def wrong_at_ties(around: Surroundings, entries: Sequence[Claims]) -> tuple[list[str], int]:
    """Find kinks that are wrong together, and set their verdicts.

    Returns
    -------
    notes, evaluations
    """
    kinks = _kinks(entries)
    notes = []
    used = 0
    values, counts = np.unique(kinks.value, return_counts=True)
    for value in values[counts > 1][:MOST_GROUPS]:
        tied = kinks.take(kinks.value == value)
        found = _contradiction(around, entries, tied, [np.ones(len(tied))])
        used += len(SIZES)
        if found is not None:
            _mark(entries, tied)
            notes.append(f"{len(tied)} entries are tied at {value:g}: {found}")
    left = _kinks(entries)
    if 1 < len(left) <= MOST_KINKS:
        wrong, found, more = _search(around, entries, left)
        used += more
        if found is not None:
            _mark(entries, wrong)
            notes.append(f"{len(wrong)} entries have a kink in common: {found}")
    return notes, used


def _kinks(entries: Sequence[Claims]) -> Kinks:
    columns: list[list[Array]] = [[] for _ in range(7)]
    for number, part in enumerate(entries):
        places = np.flatnonzero(part.verdict == Verdict.KINK)
        array = part.around.evaluate.arrays[part.leaf]
        seen = part.seen.take(places)
        found = (
            np.full(len(places), number), places,
            array.flat[part.indices[places]].astype(np.float64), part.analytic[places], seen.left,
            seen.right, seen.h,
        )  # fmt: skip
        for column, values in zip(columns, found, strict=True):
            column.append(values)
    return Kinks(*(np.concatenate(column) for column in columns))


def _search(
    around: Surroundings, entries: Sequence[Claims], kinks: Kinks
) -> tuple[Kinks, str | None, int]:
    """Return the fewest kinks that contradict a direction, by halving, and what contradicts it."""
    found, used = _try(around, entries, kinks)
    if found is None:
        return kinks, None, used
    while len(kinks) > 2:
        middle = len(kinks) // 2
        for half in (slice(None, middle), slice(middle, None)):
            part = kinks.take(np.arange(len(kinks))[half])
            again, more = _try(around, entries, part) if len(part) > 1 else (None, 0)
            used += more
            if again is not None:
                kinks, found = part, again
                break
        else:
            break
    return kinks, found, used


def _try(around: Surroundings, entries: Sequence[Claims], kinks: Kinks) -> tuple[str | None, int]:
    rng = np.random.default_rng(0)
    middle = np.where(kinks.left + kinks.right >= 0, 1.0, -1.0)
    signs = np.where(kinks.analytic != 0, np.sign(kinks.analytic), middle)
    directions = [signs, middle, *rng.choice([-1.0, 1.0], (RANDOM, len(kinks)))]
    found = _contradiction(around, entries, kinks, directions)
    return found, len(SIZES) * len(directions)


def _contradiction(
    around: Surroundings, entries: Sequence[Claims], kinks: Kinks, directions: Sequence[Array]
) -> str | None:
    """Return what along some direction contradicts the claims, None if nothing does."""
    equal = len(np.unique(kinks.value)) == 1
    h = np.full(len(kinks), kinks.h.min()) if equal else kinks.h
    for signs in directions:
        move = signs * h
        slopes = [_side(around, entries, kinks, move, start) for start in (0, 2)]
        if not all(np.isfinite(slope) for slope, _ in slopes):
            continue
        (right, right_off), (left, left_off) = slopes
        size = float((np.abs(move) * np.maximum(np.abs(kinks.left), np.abs(kinks.right))).sum())
        off = right_off + left_off + SHARE * size
        apart = [
            float(np.where(move > 0, up * move, down * move).sum())
            for up, down in ((kinks.right, kinks.left), (kinks.left, kinks.right))
        ]
        if abs(right - apart[0]) <= off and abs(left - apart[1]) <= off:
            continue
        claimed = float((kinks.analytic * move).sum())
        if not min(left, right) - off <= claimed <= max(left, right) + off:
            unit = float(h[0]) if equal else float(np.abs(move).sum())
            sides = sorted((left / unit, right / unit))
            smooth = abs(right - left) <= off
            have = (
                f"the slope {right / unit:.6g}"
                if smooth
                else (f"slopes of {sides[0]:.6g} to {sides[1]:.6g}")
            )
            total = f"their claimed slopes add up to {claimed / unit:.6g}"
            return f"moved together they have {have}, but {total}"
    return None


def _side(
    around: Surroundings, entries: Sequence[Claims], kinks: Kinks, move: Array, start: int
) -> tuple[float, float]:
    """Return the slope of a step along a direction on one side, and how far it may be off."""
    direction = [np.zeros(array.shape) for array in around.evaluate.arrays]
    for number, part in enumerate(entries):
        own = kinks.part == number
        direction[part.leaf].flat[part.indices[kinks.place[own]]] = move[own]
    sizes = np.array(SIZES[start : start + 2])
    values = np.asarray(around.evaluate.along(direction, sizes), np.float64)
    with np.errstate(all="ignore"):
        slopes = (values - float(around.centre)) / sizes
    noise = max(part.noise for part in entries)
    off = abs(slopes[1] - slopes[0]) / 2 + 4 * NOISES * noise * RATIO
    return float(slopes[1] + (slopes[1] - slopes[0]) / (RATIO - 1)), float(off)


def _mark(entries: Sequence[Claims], kinks: Kinks) -> None:
    for number, part in enumerate(entries):
        part.verdict[kinks.place[kinks.part == number]] = Verdict.WRONG
