"""Candidates for a slope: what each rung of a ladder says, and how far it may be off.

For every rung the difference quotient, and its extrapolations by the rungs above it (Richardson,
twice), are candidates. A candidate's error bar adds up two things:

    truncation   how far it is from the same candidate one rung up, or a sixteenth of that where
                 candidates approach each other from rung to rung as those of a smooth function do
    noise        the function's noise over the length of the nudge

and it is at least as far as the candidate lies outside of the bar of any shorter nudge: a longer
nudge may average over what a shorter one resolves, never the other way round. So no slope rests on
one length alone.

For balancing noise against truncation see P. Gill, W. Murray, M. Saunders and M. Wright, *Computing
forward-difference intervals for numerical optimization* (1983), and H.-J. M. Shi, Y. Xie,
M. Q. Xuan and J. Nocedal, *Adaptive finite-difference interval estimation for noisy derivative-free
optimization* (2022).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.ladder import RATIO
from nudgegrad.differentiate.rungs import above, below, finite

__all__ = ["CENTRAL", "NOISES", "ONE_SIDED", "SETTLED", "Candidates", "candidates"]

Array = NDArray[Any]

NOISES = 2.0
"""How many times the noise over h an error bar allows. The noise is the largest of some twenty
samples, which is about twice its standard deviation."""

CENTRAL, ONE_SIDED = RATIO**2, RATIO
"""By how much the leading truncation error shrinks from rung to rung."""

SETTLED = 0.5
"""Neighbouring candidates that differ by more than this share of themselves have not settled."""

ROUGH = 4.0
"""A sample of the noise that is more than so many times what shorter nudges show is structure."""


class Candidates(NamedTuple):
    """Candidates for a slope: (3, n, L) arrays, by the number of extrapolations and by rung."""

    slope: Array
    error: Array

    def best(self, far: Array) -> tuple[Array, Array, Array]:
        """Return those with the smallest error bars: slope, error and rung, (n,) each.

        Parameters
        ----------
        far : (n, L) array
            By how much narrower a rung's bar must be for the rung to be chosen.
        """
        _, count, rungs = self.slope.shape
        error = np.moveaxis(self.error, 0, 1).reshape(count, -1)
        slope = np.moveaxis(self.slope, 0, 1).reshape(count, -1)
        place, row = (error * np.tile(far, 3)).argmin(axis=1), np.arange(count)
        return slope[row, place], error[row, place], place % rungs


def candidates(
    slopes: Array, h: Array, sampled: Array, highest: Array, floor: Array, moved: Array,
    size: Array, base: float,
) -> Candidates:  # fmt: skip
    """Return candidates and their error bars.

    Parameters
    ----------
    slopes : (n, L) array
        Difference quotients, NaN where there is none.
    h : (n, L) array
        Lengths of the nudges.
    sampled : (n, L) array
        Samples of the noise of values, NaN where there is none.
    highest : (n, L) array
        The noise of values that each rung shows with those below it.
    floor : (n, L) array
        The least noise.
    moved : (n, L) array
        How far values are from that at the point: noise may grow with them.
    size : (n, 1) array
        The magnitude of the value at the point.
    base
        By how much the leading truncation error shrinks from rung to rung.
    """
    growth = np.where(size > 0, np.fmax(1, finite(moved) / size), 1.0)
    # Truncation looks like noise at long nudges. The extrapolations, which allow for it, take the
    # noise that nudges two rungs shorter show.
    shorter_noise = highest[:, np.maximum(np.arange(h.shape[1]) - 2, 0)]
    # Kinks look like noise too, and no extrapolation allows for them. What a smooth function leaves
    # falls much faster from rung to rung.
    own = finite(sampled)
    smooth = (own <= ROUGH * shorter_noise) | (own <= above(own) / (base * RATIO))
    smooth &= np.concatenate([smooth[:, :1], smooth[:, :-1]], axis=1)
    shorter_noise = np.where(smooth, shorter_noise, highest)
    noise = NOISES * np.fmax(highest, floor) / h
    quiet = NOISES * np.fmax(shorter_noise * growth, floor) / h
    once = slopes + (slopes - above(slopes)) / (base - 1)
    twice = once + (once - above(once)) / (base**2 - 1)
    all_slopes = np.stack([slopes, once, twice])
    apart = np.abs(all_slopes - above(all_slopes))
    settled = apart <= SETTLED * np.abs(all_slopes)
    # Candidates approach each other if they do so from above, or on to the rung below, as far as
    # noise lets one see. Extrapolated ones do so faster.
    approach = (1 / (2 * np.sqrt(base))) ** np.array([1, 2, 2])[:, None, None]
    from_above = apart <= 2 * approach * above(apart)
    onwards = below(apart) <= approach * apart + below(quiet) + quiet
    approaching = settled & (from_above | onwards)
    error = apart * np.where(approaching, approach, 1.0)
    # The first extrapolation is no worse than what it starts from.
    error[1] = np.fmin(error[1], np.where(approaching[0], error[0], np.inf))
    # The rung below, whose truncation is far smaller, bounds this one's.
    error[0] = np.fmin(error[0], below(apart[0]) + below(noise))
    error = error + np.stack([noise, quiet, quiet])
    error = np.where(np.isfinite(error), error, np.inf)
    # A candidate holds only if the difference quotients of all shorter nudges agree with it, as
    # those of a smooth function do. The two below it are held to the noise of those yet shorter:
    # what drifts is not noise.
    rung = np.arange(h.shape[1])
    shorter = rung[:, None] - rung
    strict = (shorter > 0) & (shorter <= 2)
    allowed = np.where(strict, quiet[:, None, :] / NOISES, noise[:, None, :])
    allowed = allowed + (approach[0] * finite(apart[0]))[:, None, :]
    apart = np.abs(all_slopes[..., :, None] - slopes[:, None, :])
    outside = (shorter > 0) & (apart - allowed > error[..., :, None])
    disagree = np.where(outside, apart, 0).max(axis=-1)
    return Candidates(all_slopes, np.fmax(error, disagree))
