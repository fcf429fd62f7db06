"""Looking at single entries: their slope, how far it may be off, and whether the function bends.

Four evaluations beside x, at ±h and ±h/2, give for every entry

    numeric     D(h/2) + (D(h/2) − D(h))/3, the central difference, extrapolated (Richardson)
    error       |D(h/2) − D(h)|/3, a bound on what was extrapolated away, and the noise over h
    scatter     the fourth difference, in which a smooth function leaves nothing but noise
    left, right the slopes on either side, extrapolated too: 2·F(h/2) − F(h)

For a smooth function left and right differ by O(h²). Where it has a kink at x they do not approach
each other, however short the nudge.

A `glance` takes the two at ±h alone. Where h balances truncation against noise, and the claim is as
near to D(h) as noise lets one see, there is nothing to add.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.evaluate import Evaluator
from nudgegrad.differentiate.step import nudged

__all__ = ["EVALUATIONS", "GLANCE", "Probe", "complete", "glance", "probe"]

Array = NDArray[Any]

OFFSETS = (1.0, -1.0, 0.5, -0.5)

EVALUATIONS = len(OFFSETS)
"""Of the function, for a whole probe of an entry."""

GLANCE = 2
"""Of them, for a glance: ±h alone."""

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

    def put(self, entries: Array, other: Probe) -> None:
        """Write another probe's values in the place of some entries."""
        # In place: a copy for each block of entries would cost the square of their number.
        for values, new in zip(self, other, strict=True):
            values[entries] = new


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
    found, steps = _evaluate(evaluate, leaf, indices, h, OFFSETS)
    return measure(found, steps, centre, noise, h)


def glance(
    evaluate: Evaluator, leaf: int, indices: Array, h: Array, centre: float, noise: float
) -> tuple[Probe, Array]:
    """Look at some entries by two evaluations each; parameters are those of `probe`.

    Returns
    -------
    seen : Probe
        With the bar of a balanced nudge, as much for truncation as for noise, and the slopes on
        both sides not extrapolated.
    found : (n, 2) array
        The function's values, for `complete`.
    """
    found, steps = _evaluate(evaluate, leaf, indices, h, OFFSETS[:GLANCE])
    reach, noises = _reach(found, centre, noise)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        numeric = (found[:, 0] - found[:, 1]) / (steps[:, 0] - steps[:, 1])
        error = 8 * noises / h
        sides = (found - centre) / steps
    return _seen(
        steps, numeric, error, sides[:, 1], sides[:, 0], noises / h, 0 * reach, reach / h, h
    ), found


def complete(
    evaluate: Evaluator, leaf: int, indices: Array, h: Array, centre: float, noise: float,
    found: Array,
) -> Probe:  # fmt: skip
    """Return the whole probe of entries that a glance was taken of, by the two other values."""
    values = evaluate.arrays[leaf].flat[indices]
    _, steps = nudged(values, h, OFFSETS)
    others, _ = _evaluate(evaluate, leaf, indices, h, OFFSETS[GLANCE:])
    whole = np.concatenate([found, others], axis=1)
    return measure(whole, steps.astype(np.float64), centre, noise, h)


def _evaluate(
    evaluate: Evaluator, leaf: int, indices: Array, h: Array, offsets: tuple[float, ...]
) -> tuple[Array, Array]:
    values = evaluate.arrays[leaf].flat[indices]
    points, steps = nudged(values, h, offsets)
    found = np.asarray(evaluate.at(leaf, indices, points), dtype=np.float64)
    return found, steps.astype(np.float64)


def measure(found: Array, steps: Array, centre: float, noise: float, h: Array) -> Probe:
    """Return what values at `OFFSETS` say, given the steps that were really taken, (n, 4) each."""
    reach, noises = _reach(found, centre, noise)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        whole = (found[:, 0] - found[:, 1]) / (steps[:, 0] - steps[:, 1])
        half = (found[:, 2] - found[:, 3]) / (steps[:, 2] - steps[:, 3])
        sides = (found - centre) / steps
        numeric = half + (half - whole) / 3
        fourth = found[:, 0] + found[:, 1] - 4 * (found[:, 2] + found[:, 3]) + 6 * centre
        scatter = np.abs(fourth) / np.sqrt(70)  # Σ_k C(4, k)²
        error = np.abs(half - whole) / 3 + 4 * np.maximum(noises, scatter) / h
        left = 2 * sides[:, 3] - sides[:, 1]
        right = 2 * sides[:, 2] - sides[:, 0]
    return _seen(steps, numeric, error, left, right, noises / h, scatter, reach / h, h)


def _reach(found: Array, centre: float, noise: float) -> tuple[Array, Array]:
    """Return how far the function moves at most, and the noise of each entry's values."""
    with np.errstate(invalid="ignore"):
        reach = np.nan_to_num(np.abs(found - centre), nan=0, posinf=0).max(axis=1)
    # A value far from f(x) has larger last digits.
    return reach, noise * (np.maximum(1, reach / abs(centre)) if centre else np.ones(len(reach)))


def _seen(steps: Array, numeric: Array, error: Array, *others: Array) -> Probe:
    """Return a probe in which the error bar is infinite where nothing can be said."""
    seen = np.isfinite(numeric) & np.isfinite(error) & (steps != 0).all(axis=1)
    left, right, noise, scatter, reach, h = others
    return Probe(
        np.where(seen, numeric, 0.0),
        np.where(seen, error, np.inf),
        np.where(seen, left, 0.0),
        np.where(seen, right, 0.0),
        noise,
        np.where(seen, scatter, 0.0),
        np.where(seen, reach, 0.0),
        h,
    )
