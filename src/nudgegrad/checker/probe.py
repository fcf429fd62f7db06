"""Looking at single entries: their slope, how far it may be off, and whether the function bends.

Four evaluations beside x, at ±h and ±h/2, give for every entry

    numeric     D(h/2) + (D(h/2) − D(h))/3, the central difference, extrapolated (Richardson)
    error       |D(h/2) − D(h)|/3, a bound on what was extrapolated away, and the noise over h
    scatter     the fourth difference, in which a smooth function leaves nothing but noise
    left, right the slopes on either side, extrapolated too: 2·F(h/2) − F(h)

For a smooth function left and right differ by O(h²). Where it has a kink at x they do not approach
each other, however short the nudge.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.evaluate import Evaluator
from nudgegrad.differentiate.step import nudged

__all__ = ["EVALUATIONS", "Probe", "probe"]

Array = NDArray[Any]

OFFSETS = (1.0, -1.0, 0.5, -0.5)

EVALUATIONS = len(OFFSETS)
"""Of the function, for every entry."""

SIGNIFICANT = 32.0
"""Noises over h (four standard deviations of the difference) from which two slopes differ."""


class Probe(NamedTuple):
    """What one nudge shows of n entries; arrays of shape (n,).

    Attributes
    ----------
    numeric, error : array
        Slope and error bar: infinite where the nudge does not change the entry, or the function
        is not finite.
    left, right : array
        One-sided slopes.
    noise : array
        The function's noise over h.
    scatter : array
        The noise that the entry's own values show (one sample of it), not divided by h.
    reach : array
        The largest change of the function, over h.
    h : array
    """

    numeric: Array
    error: Array
    left: Array
    right: Array
    noise: Array
    scatter: Array
    reach: Array
    h: Array

    @property
    def still(self) -> NDArray[np.bool_]:
        """Whether the function did not change at all."""
        return np.asarray(np.isfinite(self.error) & (self.reach == 0))

    def with_noise(self, noise: float) -> Probe:
        """Return the same with more noise, and error bars to match."""
        more = np.maximum(noise / np.abs(self.h) - self.noise, 0)
        return self._replace(error=self.error + 4 * more, noise=self.noise + more)

    @property
    def bend(self) -> Array:
        """How far the slopes on both sides differ."""
        return np.asarray(np.abs(self.right - self.left))

    @property
    def bends(self) -> NDArray[np.bool_]:
        """Whether they differ by more than noise can make them, and by a share that matters."""
        size = np.maximum(np.abs(self.left), np.abs(self.right))
        return np.asarray((self.bend > SIGNIFICANT * self.noise) & (self.bend > 0.05 * size))

    def where(self, better: NDArray[np.bool_], other: Probe) -> Probe:
        """Return this probe, with the entries of another one where it is better."""
        return Probe(*(np.where(better, b, a) for a, b in zip(self, other, strict=True)))

    def take(self, entries: Array) -> Probe:
        """Return some entries of it."""
        return Probe(*(values[entries] for values in self))

    def put(self, entries: Array, other: Probe) -> Probe:
        """Return this probe with another one's values in the place of some entries."""
        changed = [values.copy() for values in self]
        for values, new in zip(changed, other, strict=True):
            values[entries] = new
        return Probe(*changed)


def probe(
    evaluate: Evaluator, leaf: int, indices: Array, h: Array, centre: float, noise: float
) -> Probe:
    """Look at some entries of an array.

    Parameters
    ----------
    evaluate
        The function beside x.
    leaf
        Which array.
    indices : (n,) int array
        Flat indices into it.
    h : (n,) array
        Each entry's nudge.
    centre
        f(x).
    noise
        Standard deviation of the function's values.
    """
    values = evaluate.arrays[leaf].flat[indices]
    points, steps = nudged(values, h, OFFSETS)
    found = np.asarray(evaluate.at(leaf, indices, points), dtype=np.float64)
    return measure(found, steps.astype(np.float64), centre, noise, h)


def measure(found: Array, steps: Array, centre: float, noise: float, h: Array) -> Probe:
    """Return what values at `OFFSETS` say, given the steps that were really taken, (n, 4) each."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        whole = (found[:, 0] - found[:, 1]) / (steps[:, 0] - steps[:, 1])
        half = (found[:, 2] - found[:, 3]) / (steps[:, 2] - steps[:, 3])
        sides = (found - centre) / steps
        numeric = half + (half - whole) / 3
        reach = np.nan_to_num(np.abs(found - centre), nan=0, posinf=0).max(axis=1)
        if centre != 0:  # a value far from f(x) has larger last digits
            noise = noise * np.maximum(1, reach / abs(centre))
        relative_noise = noise / np.abs(h)
        fourth = found[:, 0] + found[:, 1] - 4 * (found[:, 2] + found[:, 3]) + 6 * centre
        scatter = np.abs(fourth) / np.sqrt(70)  # Σ_k C(4, k)²
        error = np.abs(half - whole) / 3 + 4 * np.maximum(noise, scatter) / np.abs(h)
        left = 2 * sides[:, 3] - sides[:, 1]
        right = 2 * sides[:, 2] - sides[:, 0]
    seen = np.isfinite(numeric) & np.isfinite(error) & (steps != 0).all(axis=1)
    return Probe(
        np.where(seen, numeric, 0.0),
        np.where(seen, error, np.inf),
        np.where(seen, left, 0.0),
        np.where(seen, right, 0.0),
        relative_noise,
        np.where(seen, scatter, 0.0),
        np.where(seen, reach / np.abs(h), 0.0),
        h,
    )
