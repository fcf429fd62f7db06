"""Differences whose nudges are chosen entry by entry, by what the function shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.entries import CLEAR, Entries
from nudgegrad.differentiate.ladder import RATIO
from nudgegrad.differentiate.probe import bends
from nudgegrad.differentiate.schemes import CENTRAL, Scheme
from nudgegrad.differentiate.share import Surroundings
from nudgegrad.differentiate.step import two_slopes

__all__ = ["Auto", "auto_differences"]

Array = NDArray[Any]

Advance = Callable[[int], Any]

RUNGS = {1: (-4, -3, -2, -1, 0), 4: (-1, 0, 1, 2), 6: (0, 1, 2, 3)}
"""Nudges that are tried for a scheme of each order: powers of RATIO times the best central one."""


@dataclass
class Auto:
    """The slopes of one array's entries; for m outputs (n·m,) arrays.

    Attributes
    ----------
    slope, error : (n·m,) arrays
    h : (n,) array
        The nudges.
    typical : float
        That of most entries.
    noise : float
        The noise of the function's values.
    """

    slope: Array
    error: Array
    h: Array
    typical: float
    noise: float


def auto_differences(
    around: Surroundings, chosen: list[Array], scheme: Scheme, *, error_bars: bool,
    seed: int | None, advance: Advance,
) -> list[Auto]:  # fmt: skip
    """Return the slopes of the chosen entries of every array.

    Entries whose nudges disagree, and all that are not known to be like a sample, get a ladder of
    nudges each (see `nudgegrad.differentiate.slope`). The central scheme's slopes are those of the
    ladders and pairs themselves, which are extrapolated. Another scheme's nudge is the one at which
    it is nearest to them, its noise included.

    Parameters
    ----------
    around
        The function.
    chosen
        Flat indices for each array.
    scheme
        A scheme of differences, not the complex step.
    error_bars
        Whether error bars are asked for: entries of long arrays then get pairs of nudges.
    seed
        Of the samples.
    advance
        Called with numbers of evaluations as they are made.
    """
    arrays = [Entries(around, leaf, indices) for leaf, indices in enumerate(chosen)]
    for entries in arrays:
        entries.survey(seed, advance)
    shown = max(entries.loudest for entries in arrays)
    results = []
    for entries in arrays:
        entries.shown = shown
        _look(entries, error_bars, advance)
        found = Auto(
            np.where(entries.seen.lost, np.nan, entries.seen.numeric), entries.error,
            entries.seen.h.reshape(-1, entries.outputs)[:, 0], entries.typical_h, entries.noise,
        )  # fmt: skip
        results.append(found if scheme is CENTRAL else _by(scheme, entries, found, advance))
    return results


def _look(entries: Entries, pairs: bool, advance: Advance) -> None:
    """Look at all entries, and give a ladder to those whose nudges disagree."""
    everything = np.arange(len(entries.indices))
    block = entries.block()
    for start in range(0, len(everything), block):
        advance(entries.look(everything[start : start + block], pairs=pairs))
    seen = entries.seen
    with np.errstate(invalid="ignore"):
        size = np.abs(seen.numeric)
        largest = size[np.isfinite(size)].max(initial=0.0)
        blunt = ~(seen.error <= CLEAR * np.maximum(size, 0.01 * largest)) & ~seen.still
    doubt = (seen.lost | bends(seen) | blunt).reshape(-1, entries.outputs).any(axis=1)
    places = np.flatnonzero(doubt & ~entries.climbed)
    block = entries.block(whole=True)
    for start in range(0, len(places), block):
        advance(entries.climb(places[start : start + block]))


def _by(scheme: Scheme, entries: Entries, central: Auto, advance: Advance) -> Auto:
    """Return another scheme's slopes, at the nudges where they are nearest to the central ones."""
    around, leaf, outputs = entries.around, entries.leaf, entries.outputs
    array = around.evaluate.arrays[leaf]
    values = array.flat[entries.indices]
    noise = np.fmax(entries.seen.noise, around.noise)
    base = central.h
    typical = entries.typical_h
    base = np.where(np.isfinite(base) & (base > 0), base, typical if typical > 0 else 1.0)
    best = Auto(
        np.full(len(central.slope), np.nan), np.full(len(central.slope), np.inf), base.copy(),
        typical, central.noise,
    )  # fmt: skip
    block = around.evaluate.block(leaf, len(scheme.offsets_of_both))
    for power in RUNGS[scheme.order]:
        for start in range(0, len(values), block):
            part = slice(start, start + block)
            sizes = base[part] * RATIO**power
            whole, half, steps = two_slopes(
                around.evaluate, leaf, entries.indices[part], values[part], sizes, scheme,
                around.centre,
            )  # fmt: skip
            advance(steps.size)
            rows = slice(start * outputs, (start + len(sizes)) * outputs)
            slope, halved = whole.reshape(-1), half.reshape(-1)
            wide = np.repeat(sizes, outputs)
            with np.errstate(invalid="ignore", over="ignore"):
                truncation = scheme.halving_factor() * np.abs(slope - halved)
                rounding = scheme.rounding(2 * noise[rows], wide)
                off = np.abs(slope - central.slope[rows])
                error = np.fmax(truncation, off) + rounding + central.error[rows]
            error = np.where(np.isfinite(slope) & ~np.isnan(error), error, np.inf)
            better = error < best.error[rows]
            better |= ~np.isfinite(best.slope[rows]) & np.isfinite(slope)
            best.slope[rows] = np.where(better, slope, best.slope[rows])
            best.error[rows] = np.where(better, error, best.error[rows])
            moved = better.reshape(-1, outputs).any(axis=1)
            best.h[part] = np.where(moved, sizes, best.h[part])
    finite = best.h[np.isfinite(best.h)]
    best.typical = float(np.median(finite)) if len(finite) else typical
    return best
