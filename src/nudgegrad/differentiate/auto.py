"""Differences whose nudges are chosen entry by entry, by what the function shows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.climb import SHORT
from nudgegrad.differentiate.entries import CLEAR, PAIRED, Entries
from nudgegrad.differentiate.evaluate import Evaluator
from nudgegrad.differentiate.ladder import RATIO, lowest_rungs
from nudgegrad.differentiate.leaves import Leaves
from nudgegrad.differentiate.probe import GLANCE, PAIR, bends
from nudgegrad.differentiate.schemes import CENTRAL, RICHARDSON, Scheme
from nudgegrad.differentiate.share import SAMPLE
from nudgegrad.differentiate.slope import ROUNDINGS
from nudgegrad.differentiate.step import Step, apply_scheme, nudged, two_slopes
from nudgegrad.differentiate.surroundings import REPEATS, Surroundings

__all__ = ["Auto", "auto_differences", "count_auto"]

Array = NDArray[Any]

Advance = Callable[[int], Any]

RUNGS = {1: tuple(range(-9, 1)), 4: (-1, 0, 1, 2), 6: (0, 1, 2, 3)}
"""Nudges that are tried for a scheme of each order: powers of RATIO times the best central one."""


LONGER = (16.0, 64.0)
"""How many times as long as a ladder's best nudges are those that refine its slope."""


@dataclass
class Auto:
    """What was found of one array's n entries.

    Attributes
    ----------
    slope, error : (n, …) arrays
        With the function's outputs behind.
    h : (n,) array
        The nudges.
    noise : float
        The noise of the function's values.
    """

    slope: Array
    error: Array
    h: Array
    noise: float

    def joined(self) -> Auto:
        """Return complex slopes of what `TwoParts` has as two outputs."""
        slope = self.slope[..., 0] + 1j * self.slope[..., 1]
        return Auto(slope, np.hypot(self.error[..., 0], self.error[..., 1]), self.h, self.noise)

    def step(self, array: Array, chosen: Array) -> Step:
        """Return the array's nudges in their places, and why these."""
        nudges = np.full(array.size, np.nan)
        nudges[chosen] = self.h
        finite = self.h[np.isfinite(self.h)]
        typical = float(np.median(finite)) if len(finite) else float("nan")
        reason = f"balances truncation and a noise of {self.noise:.1e}, entry by entry"
        return Step(typical, False, self.noise, reason, nudges.reshape(array.shape))


class TwoParts:
    """Gives the real and imaginary parts of a complex function as two outputs, the last axis.

    Parameters
    ----------
    inner
        What evaluates the function.
    """

    def __init__(self, inner: Evaluator) -> None:
        self.inner = inner

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The leaves of x."""
        return self.inner.arrays

    def centre(self) -> Array:
        """Return f(x)."""
        return _two_parts(self.inner.centre())

    def at(self, leaf: int, indices: Array, points: Array) -> Array:
        """Return f where one entry of x has another value, (n, k, …, 2)."""
        return _two_parts(self.inner.at(leaf, indices, points))

    def along(self, direction: Sequence[Array], sizes: Array) -> Array:
        """Return f at x + s·direction for each s of `sizes`, (k, …, 2)."""
        return _two_parts(self.inner.along(direction, sizes))

    def block(self, leaf: int, points: int) -> int:
        """Return how many entries of a leaf to ask for at once, with so many points each."""
        return self.inner.block(leaf, points)


def _two_parts(values: Array) -> Array:
    return np.stack([np.real(values), np.imag(values)], axis=-1)


def count_auto(leaves: Leaves, chosen: list[Array], scheme: Scheme, error_bars: bool) -> int:
    """Return the evaluations for entries that are alike, of each array; others take more."""
    count = REPEATS + 1
    for array, indices in zip(leaves.arrays, chosen, strict=True):
        entries = len(indices)
        _, rungs = lowest_rungs(array.flat[indices[:1]])
        climbed = entries if entries <= SHORT else SAMPLE
        each = PAIR if error_bars or entries <= PAIRED else GLANCE
        count += 2 * rungs * climbed + each * (entries - climbed)
        if scheme is CENTRAL:
            count += len(LONGER) * len(RICHARDSON.offsets) * climbed
        else:
            count += len(RUNGS[scheme.order]) * len(scheme.offsets_of_both) * entries
    return count


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
    shape = around.centre.shape
    results = []
    for entries in arrays:
        entries.shown = shown
        _look(entries, error_bars, advance)
        found = Auto(
            np.where(entries.seen.lost, np.nan, entries.seen.numeric), entries.error,
            _shortest(entries), entries.noise,
        )  # fmt: skip
        if scheme is CENTRAL:
            _refine(entries, found, advance)
        else:
            found = _by(scheme, entries, found, advance)
        found.slope, found.error = (a.reshape(-1, *shape) for a in (found.slope, found.error))
        results.append(found)
    return results


def _shortest(entries: Entries) -> Array:
    """Return each entry's nudge, the shortest of those that its outputs ask for."""
    h = np.where(entries.seen.still | ~np.isfinite(entries.seen.h), np.inf, entries.seen.h)
    shortest = h.reshape(-1, entries.outputs).min(axis=1)
    first = entries.seen.h.reshape(-1, entries.outputs)[:, 0]
    return np.where(np.isfinite(shortest), shortest, first)


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


def _refine(entries: Entries, found: Auto, advance: Advance) -> None:
    """Take what longer nudges, extrapolated in steps of 2, say of entries that have ladders.

    Their noise is lower. They count where both are within the ladder's error bar, and differ by no
    more than noise.
    """
    around, leaf = entries.around, entries.leaf
    climbed = np.flatnonzero(entries.climbed & np.isfinite(found.h))
    values = around.evaluate.arrays[leaf].flat[entries.indices]
    block = around.evaluate.block(leaf, len(LONGER) * len(RICHARDSON.offsets))
    for start in range(0, len(climbed), block):
        places = climbed[start : start + block]
        rows = entries.rows(places)
        tried = []
        for times in LONGER:
            sizes = times * found.h[places]
            tried.append(_richardson(entries, places, values[places], sizes))
            advance(len(places) * len(RICHARDSON.offsets))
        (short, short_noise, _), (long, long_noise, curvature) = tried
        seen = entries.seen.take(rows)
        shift = ROUNDINGS * around.noise.roundoff * np.repeat(entries.size[places], entries.outputs)
        with np.errstate(invalid="ignore"):
            apart = np.abs(long - short)
            off = np.fmax(np.abs(short - found.slope[rows]), np.abs(long - found.slope[rows]))
            error = 2.5 * (apart + long_noise) + shift * curvature
            error += entries.shown / entries.scale[rows]
            better = (off <= found.error[rows]) & (apart <= short_noise)
            better &= (error < found.error[rows]) & np.isfinite(found.error[rows])
            better &= ~seen.kink & ~seen.still
        found.slope[rows] = np.where(better, long, found.slope[rows])
        found.error[rows] = np.where(better, error, found.error[rows])


def _richardson(
    entries: Entries, places: Array, values: Array, sizes: Array
) -> tuple[Array, Array, Array]:
    """Return slopes, the noise in them, and curvatures."""
    around, offsets = entries.around, RICHARDSON.offsets
    points, steps = nudged(values, sizes, offsets)
    there = around.evaluate.at(entries.leaf, entries.indices[places], points)
    wide = np.repeat(sizes, entries.outputs)
    with np.errstate(all="ignore"):
        slope = apply_scheme(RICHARDSON, offsets, there, steps, around.centre)
        ends = there[:, offsets.index(0.25)] + there[:, offsets.index(-0.25)]
        curvature = np.abs(ends - 2 * around.centre).reshape(-1) / (wide / 4) ** 2
    noise = RICHARDSON.rounding(entries.seen.noise[entries.rows(places)], wide)
    return slope.reshape(-1), noise, np.where(np.isfinite(curvature), curvature, np.inf)


def _by(scheme: Scheme, entries: Entries, central: Auto, advance: Advance) -> Auto:
    """Return another scheme's slopes, at the nudges where they are nearest to the central ones."""
    around, leaf, outputs = entries.around, entries.leaf, entries.outputs
    array = around.evaluate.arrays[leaf]
    values = array.flat[entries.indices]
    noise = np.fmax(entries.seen.noise, around.noise.calls)
    base = central.h
    typical = entries.typical_h
    base = np.where(np.isfinite(base) & (base > 0), base, typical if typical > 0 else 1.0)
    unknown = np.full(len(central.slope), np.nan)
    best = Auto(unknown, np.full(len(unknown), np.inf), base.copy(), central.noise)
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
    nowhere = ~np.isfinite(best.slope)  # Its wider nudges leave the function's domain or bounds.
    best.slope[nowhere], best.error[nowhere] = central.slope[nowhere], central.error[nowhere]
    return best
