"""The noise of a function's values: rounding, and what its ladder shows by itself.

A sample of the noise is what remains of the bend at a rung once the curvature that the next rung
shows is subtracted, or of a slope once the truncation error that the next rungs show is subtracted.
In a smooth function nothing but noise remains at short nudges. Source of the idea, for tables of
differences: J. Moré and S. Wild, *Estimating computational noise* (2011).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from nudgegrad.differentiate.ladder import RATIO, Ladder
from nudgegrad.differentiate.rungs import above, below, finite

__all__ = ["Noise", "rounding_noise", "running_noise", "sampled_from_bends", "sampled_from_slopes"]

Array = NDArray[Any]

FEWEST = 3
"""Rungs that noise is read from at least."""

LEVEL, EVEN, LONG = 4, 30.0, 12
"""Samples of so many rungs that are within this factor of each other are a level of noise, in
ladders of so many rungs: those of float32 are too short to tell a level from kinks."""

FALL = RATIO**3
"""Samples of the truncation error in what is left of slopes and bends fall by this from rung to
rung, or faster."""

STEP_WIDTH, STEP_NOISES, STEP_HEIGHT, STEP_ROUNDINGS = 1e-6, 100.0, 2e-6, 60.0
"""A function that is constant next to the point is a staircase, and not just rounded, if the step
is wider than this share of the entry, and higher than so many times the noise that other entries
show, or where they show none, than this share of the function's value, and so many of its
roundings."""

CANCELLED = 1e-12
"""Steps of this share of what the function grows to are what cancellation left. The dtypes that
round by more have too few digits to tell."""

TAME = 1.5 * RATIO**2
"""A function that changes by more than so many times from rung to rung has left its regime."""


class Noise(NamedTuple):
    """What is known of the noise of a function's values before a ladder is read.

    Attributes
    ----------
    roundoff : float
        Of the values, relative to them.
    coarsest : float
        That of the coarsest dtype that the function may compute with.
    calls : float
        How far calls at one point scatter, 0 for a deterministic function.
    shown : float
        The noise that other entries show, 0 if not known.
    """

    roundoff: float
    coarsest: float
    calls: float = 0.0
    shown: float = 0.0


def sampled_from_bends(bend: Array, h: Array) -> Array:
    """Return samples of the noise from the differences of the slopes on both sides, (n, L)."""
    return np.asarray(np.abs(bend - finite(above(bend)) / RATIO) * h / np.sqrt(6))


def sampled_from_slopes(slopes: Array, h: Array, base: float) -> Array:
    """Return samples of the noise from how slopes differ from rung to rung, (n, L).

    The leading truncation error, which shrinks by `base` from rung to rung, is taken off.
    """
    apart = slopes - above(slopes)
    return np.asarray(np.abs(apart - above(apart) / base) * h)


def running_noise(sampled: Array, size: Array, stairs: Array) -> Array:
    """Return the largest sample of the noise at every rung and those below it, (n, L).

    Parameters
    ----------
    sampled : (n, L) array
        Samples of the noise, NaN where there is none.
    size : (n, 1) array
        The magnitude of the function's value.
    stairs : (n,) bool array
        Where the function is a staircase, whose steps are not noise of shorter nudges.
    """
    sampled = finite(sampled)
    highest = np.fmax.accumulate(sampled, axis=1)
    few = min(FEWEST, highest.shape[1]) - 1
    first = (np.arange(highest.shape[1]) < few) & ~stairs[:, None]
    if highest.shape[1] < LONG:
        # In float32 only two or three nudges may be shorter than a narrow feature. The third sample
        # is then truncation, which falls at once to the level of noise, as noise hardly ever does.
        falls = (highest[:, few - 1] > 0) & (FALL * highest[:, few - 1] <= sampled[:, few])
        highest = np.where(first & falls[:, None], highest[:, few - 1, None], highest)
        first &= ~falls[:, None]
        return np.where(first, highest[:, few, None], highest)
    highest = np.where(first, highest[:, few, None], highest)
    # A part of the function that is rounded coarsely shows only from some rung on, as a level: what
    # is truncation or a kink grows with the nudge. Shorter nudges do not see it and have it too.
    windows = sliding_window_view(sampled, LEVEL, axis=1)
    ordered = np.sort(windows, axis=2)
    top = ordered[..., -1]
    level = (top <= EVEN * ordered[..., 1]) & (top <= STEP_HEIGHT * size)  # one may be low by luck
    level = np.where(level, ordered[..., -2], 0.0)
    hidden = np.fmax.accumulate(level[:, ::-1], axis=1)[:, ::-1]
    highest[:, : hidden.shape[1]] = np.fmax(highest[:, : hidden.shape[1]], hidden)
    return highest


def _largest(change: Array) -> Array:
    """Return how far the function moves at most, without jumps and not faster than x^2, (n,).

    A difference of numbers that are nearly equal, such as 1 - cos(x) next to zero, is far smaller
    than these. Its change grows to their size.
    """
    before = below(change)
    fast = (before > 0) & (change > TAME * before)
    return np.asarray(np.where(np.logical_or.accumulate(fast, axis=1), 0.0, change).max(axis=1))


def rounding_noise(ladder: Ladder, moved: Array, noise: Noise) -> tuple[Array, Array, Array]:
    """Return the least noise that each value has by its rounding.

    Parameters
    ----------
    ladder
        The values.
    moved : (n, L) array
        How far they are from that at the point.
    noise
        What is known beforehand.

    Returns
    -------
    floor : (n, L) array
    first : (n,) int array
        The first rung that is not lost in rounding, 0 on a staircase.
    stairs : (n,) bool array
        Where the function is a staircase, whose steps are not rounding.
    """
    change = finite(moved)
    size = np.fmax(np.abs(ladder.centre), change)
    floor = np.fmax(noise.roundoff * size, noise.calls)
    moving = change > 0
    first = np.where(moving.any(axis=1), moving.argmax(axis=1), moving.shape[1])
    quiet = np.arange(moving.shape[1]) < first[:, None]
    if not quiet.any():
        return floor, first, np.zeros(len(moving), dtype=bool)
    # Where nothing moves the change may be below the last digit of what the function computes
    # with, which its first move shows. A staircase has steps that are too wide and high for that.
    row = np.arange(len(moving))
    step = np.where(first < moving.shape[1], change[row, np.minimum(first, moving.shape[1] - 1)], 0)
    width = np.where(first > 0, ladder.h[row, np.maximum(first - 1, 0)], 0)
    height = max(STEP_HEIGHT, STEP_ROUNDINGS * noise.coarsest) * np.abs(ladder.centre[:, 0])
    if noise.coarsest < CANCELLED:
        height = np.fmax(height, CANCELLED * _largest(change))
    high = STEP_NOISES * noise.shown if noise.shown > 0 else height
    stairs = (width > STEP_WIDTH * ladder.size) & (step > high)
    rounded = (first > 0) & ~stairs
    unseen = np.where(quiet, step[:, None], step[:, None] / 4)
    floor = np.where(rounded[:, None], np.fmax(floor, unseen), floor)
    # What no nudge moves may be below the rounding of the coarsest dtype, or that of other entries.
    hidden = np.fmax(noise.coarsest * np.abs(ladder.centre), noise.shown)
    floor = np.where(first[:, None] == moving.shape[1], np.fmax(floor, hidden), floor)
    return floor, np.where(stairs, 0, first), stairs
