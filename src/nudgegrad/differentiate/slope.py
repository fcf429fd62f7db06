"""The slope that a ladder of nudges shows, and how far it may be off.

For every rung the central difference, and its extrapolations by the rungs above it (Richardson,
twice), are candidates. A candidate's error bar adds up two things:

    truncation   how far it is from the same candidate one rung up, or a sixteenth of that where
                 candidates approach each other from rung to rung as those of a smooth function do
    noise        the function's noise over the length of the nudge

and it is at least as far as the candidate lies outside of the bar of any shorter nudge: a longer
nudge may average over what a shorter one resolves, never the other way round. The candidate with
the smallest bar is the slope. So no slope rests on one length alone.

The noise of an entry is read from its own ladder: what is left of the second differences on both
sides once the curvature that the next rung shows is taken off, and what is left of the slopes once
the truncation that the next rungs show is taken off. In a smooth function nothing but noise remains
of them at short nudges (J. Moré and S. Wild, *Estimating computational noise*, 2011, by difference
tables). For balancing noise against truncation see P. Gill, W. Murray, M. Saunders and M. Wright,
*Computing forward-difference intervals for numerical optimization* (1983), and H.-J. M. Shi, Y. Xie,
M. Q. Xuan and J. Nocedal, *Adaptive finite-difference interval estimation for noisy derivative-free
optimization* (2022).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.ladder import RATIO, Ladder

__all__ = ["NOISES", "Slopes", "read_slopes"]

Array = NDArray[Any]

NOISES = 2.0
"""How many times the noise over h an error bar allows. The noise is the largest of some twenty
samples, which is about twice its standard deviation."""

FEWEST = 3
"""Rungs that noise is read from at least."""

CENTRAL, ONE_SIDED = RATIO**2, RATIO
"""By how much the leading truncation error shrinks from rung to rung."""

SETTLED = 0.5
"""Neighbouring candidates that differ by more than this share of themselves have not settled."""

STEP_WIDTH, STEP_NOISES, STEP_HEIGHT = 1e-6, 100.0, 2e-6
"""A function that is constant next to the point is a staircase, and not just rounded, if the step is
wider than this share of the entry, and higher than so many times the noise that other entries show,
or where they show none, than this share of the function's value."""

ALIKE, ROUNDED = 10.0, 3e3
"""A function that moves by at most so many times its noise is not seen to move. It is constant if
that noise is at most so many roundings of its value, or of 1 where its value is smaller."""

ROUGH = 4.0
"""A sample of the noise that is more than so many times what shorter nudges show is structure."""

ROUNDINGS = 4.0
"""How many roundings of the entry's own size a slope may be shifted by."""

LITTLE = 1e-3
"""Noise up to this share of the function's value leaves nudges that are long enough their say."""

KINK = 0.02
"""One-sided slopes that differ by less than this share are not called a kink."""


class Slopes(NamedTuple):
    """What ladders show of n entries; arrays of shape (n,).

    Attributes
    ----------
    numeric, error : array
        Slope and error bar, infinite where nothing can be said.
    left, right, slack : array
        One-sided slopes, and how far they may be off.
    kink : bool array
        Whether the slopes on both sides settle on different values. `numeric` is then halfway, and
        `error` half of their distance.
    one_sided : bool array
        Whether the function is finite on one side only.
    still : bool array
        Whether the function does not change at all at nudges up to `h`.
    flat : bool array
        Whether the function changes by no more than rounding at any nudge.
    noise : array
        Of the function's values, as this entry shows it.
    reach : array
        The largest change of the function at nudges up to RATIO·h, over their length.
    h : array
        The nudge that the slope was read from.
    rough : bool array
        Whether what limits the bar is structure, such as kinks or steps, and not noise.
    lost : bool array
        Whether too few values were finite to say anything.
    """

    numeric: Array
    error: Array
    left: Array
    right: Array
    slack: Array
    kink: NDArray[np.bool_]
    one_sided: NDArray[np.bool_]
    still: NDArray[np.bool_]
    flat: NDArray[np.bool_]
    noise: Array
    reach: Array
    h: Array
    rough: NDArray[np.bool_]
    lost: NDArray[np.bool_]

    def take(self, entries: Array) -> Slopes:
        """Return some entries."""
        return Slopes(*(values[entries] for values in self))

    def put(self, entries: Array, other: Slopes) -> None:
        """Write others in the place of some entries."""
        # In place: a copy for each block of entries would cost the square of their number.
        for values, new in zip(self, other, strict=True):
            values[entries] = new

    @classmethod
    def unseen(cls, count: int, h: float = np.nan) -> Slopes:
        """Return entries of which nothing is known."""
        numbers, flags = np.zeros(count), np.zeros(count, dtype=bool)
        return cls(
            numbers.copy(), np.full(count, np.inf), numbers.copy(), numbers.copy(),
            np.full(count, np.inf), flags.copy(), flags.copy(), flags.copy(), flags.copy(),
            numbers.copy(), numbers.copy(), np.full(count, h), flags.copy(), flags.copy(),
        )  # fmt: skip


class Candidates(NamedTuple):
    """Candidates for a slope: (3, n, L) arrays, by the number of extrapolations and by rung."""

    slope: Array
    error: Array


def read_slopes(
    ladder: Ladder, roundoff: float, noise: float = 0.0, shown: float = 0.0, *,
    coarsest: float | None = None, assumed: float | None = None,
) -> Slopes:  # fmt: skip
    """Return the slopes that ladders show.

    Parameters
    ----------
    ladder : Ladder
        n ladders of L rungs.
    roundoff
        Of the function's values, relative to them.
    noise
        The noise of values at least: where calls at one point differ, that of calls.
    shown
        The noise that other entries show, 0 if not known.
    coarsest
        The roundoff of the coarsest dtype that the function may compute with; by default `roundoff`.
    assumed
        The noise of values, in the place of what each ladder shows by itself. Where only the
        shortest rungs are short enough, they show truncation and not noise.
    """
    with np.errstate(all="ignore"):
        return _read(ladder, roundoff, noise, shown, coarsest or roundoff, assumed)


def _read(
    ladder: Ladder, roundoff: float, noise: float, shown: float, coarsest: float,
    assumed: float | None,
) -> Slopes:  # fmt: skip
    h, here = ladder.h, ladder.centre
    up, down = (ladder.up - here) / ladder.up_step, (ladder.down - here) / ladder.down_step
    middle = (ladder.up - ladder.down) / (ladder.up_step - ladder.down_step)
    moved = np.fmax(np.abs(ladder.up - here), np.abs(ladder.down - here))
    floor, first = _rounding(ladder, moved, roundoff, coarsest, noise, shown)
    bend = up - down
    curved = np.abs(bend - _zero(_above(bend)) / RATIO) * h / np.sqrt(6)
    sampled = np.fmax(curved, _odd(middle, h, CENTRAL) * np.sqrt(2))
    odd = [_odd(side, h, ONE_SIDED) for side in (down, up)]
    if assumed is not None:
        sampled, odd = np.full_like(h, assumed), [np.full_like(h, assumed)] * 2
    size = np.abs(here)
    growth = np.where(size > 0, np.fmax(1, _zero(moved) / size), 1.0)
    highest = _highest(sampled)
    central = candidates(middle, h, sampled, highest, floor, growth, CENTRAL)
    least = np.fmax(floor, highest[:, :1])
    sides = [
        candidates(side, h, own, _highest(own), least, growth, ONE_SIDED)
        for side, own in zip((down, up), odd, strict=True)
    ]
    slope, error, rung = _best(central)
    (left, left_error, left_rung), (right, right_error, right_rung) = map(_best, sides)
    slack = left_error + right_error
    bend_left = np.abs(right - left)
    kink = np.isfinite(slack) & (bend_left > 4 * slack)
    kink &= bend_left > KINK * np.fmax(np.abs(left), np.abs(right))
    # A smooth bend shrinks with the nudge; that of a kink stays, as short as noise lets one see.
    telling = (4 * NOISES * least / h <= bend_left[:, None] / 4) & np.isfinite(bend)
    telling &= np.arange(h.shape[1]) <= np.fmax(left_rung, right_rung)[:, None]
    stays = np.where(telling, np.abs(bend), np.inf).min(axis=1) >= bend_left / 2
    kink &= stays & (telling.sum(axis=1) > 1)
    alone = ~np.isfinite(error) & np.isfinite(np.fmin(left_error, right_error))
    from_right = right_error < left_error
    slope = np.where(alone, np.where(from_right, right, left), slope)
    error = np.where(alone, np.where(from_right, right_error, left_error), error)
    rung = np.where(alone, np.where(from_right, right_rung, left_rung), rung)
    rung = np.where(kink, np.minimum(left_rung, right_rung), rung)
    slope = np.where(kink, (left + right) / 2, slope)
    error = np.where(kink, bend_left / 2, error)
    each, row = np.arange(h.shape[1]), np.arange(len(h))
    upto = each <= rung[:, None]
    still = np.isfinite(error) & ~(np.where(upto, _zero(moved), 0) > 0).any(axis=1) & ~kink
    moves = _zero(moved / h)
    near = np.where(upto, moves, 0).max(axis=1)
    reach = np.minimum(np.where(each <= rung[:, None] + 1, moves, 0).max(axis=1), 10 * near)
    # Rounding within the function has the effect of rounding the entry itself, which shifts a slope
    # by the curvature.
    curvature = np.abs(bend / h)[row, np.minimum(rung, h.shape[1] - 1)]
    error = error + ROUNDINGS * roundoff * ladder.size * _zero(curvature)
    entry_noise = np.fmax(highest, floor)[row, rung]
    entry_quiet = np.fmax(highest, floor)[row, np.maximum(rung - 2, 0)]
    furthest = np.nanmax(moved, axis=1, initial=0)
    # Where the shortest nudges move the function as far as any other, they are too long, or there
    # is nothing but noise; if that is no more than rounding, the function is constant.
    half = np.fmax(highest[:, h.shape[1] // 2], floor[:, 0])
    rounding = half <= ROUNDED * coarsest * np.fmax(1, np.abs(here[:, 0]))
    flat = (furthest <= ALIKE * half) & rounding
    shortest = np.fmax(highest, floor)[:, 0]
    drowned = (furthest <= ALIKE * shortest) & (first == 0) & ~flat
    drowned &= (shortest > ALIKE * shown) & (shortest > LITTLE * np.abs(here[:, 0]))
    error = np.where(drowned, np.inf, error)
    entry_quiet = np.where(kink, shortest, entry_quiet)
    return Slopes(
        np.where(np.isfinite(error), slope, 0.0), error, _zero(left), _zero(right), slack,
        kink & np.isfinite(error), alone, still, flat, entry_quiet, reach, h[row, rung],
        entry_noise > 30 * shortest, np.isfinite(moved).sum(axis=1) < 2,
    )  # fmt: skip


def _zero(values: Array) -> Array:
    return np.where(np.isfinite(values), values, 0.0)


def _above(values: Array) -> Array:
    """Return what the next rung up has, NaN at the top."""
    moved = np.full_like(values, np.nan)
    moved[..., :-1] = values[..., 1:]
    return moved


def _below(values: Array) -> Array:
    """Return what the next rung down has, NaN at the bottom."""
    moved = np.full_like(values, np.nan)
    moved[..., 1:] = values[..., :-1]
    return moved


def _highest(sampled: Array) -> Array:
    """Return the largest sample of the noise at every rung and those below it."""
    highest = np.fmax.accumulate(_zero(sampled), axis=1)
    few = min(FEWEST, highest.shape[1]) - 1
    return np.where(np.arange(highest.shape[1]) < few, highest[:, few, None], highest)


def _odd(slopes: Array, h: Array, base: float) -> Array:
    """Return the noise of values that slopes show, once the truncation of the rungs above is off."""
    apart = slopes - _above(slopes)
    return np.asarray(np.abs(apart - _above(apart) / base) * h)


def _rounding(
    ladder: Ladder, moved: Array, roundoff: float, coarsest: float, noise: float, shown: float
) -> tuple[Array, Array]:
    """Return the least noise of each value by its rounding, (n, L), and the first rung that shows it.

    Rungs below that one, (n,), move nothing, because the function rounds what they do.
    """
    change = _zero(moved)
    size = np.fmax(np.abs(ladder.centre), change)
    floor = np.fmax(roundoff * size, noise)
    moving = change > 0
    first = np.where(moving.any(axis=1), moving.argmax(axis=1), moving.shape[1])
    quiet = np.arange(moving.shape[1]) < first[:, None]
    if not quiet.any():
        return floor, first
    # Where nothing moves the change may be below the last digit of what the function computes
    # with, which its first move shows. A staircase has steps that are too wide and high for that.
    row = np.arange(len(moving))
    step = np.where(first < moving.shape[1], change[row, np.minimum(first, moving.shape[1] - 1)], 0)
    width = np.where(first > 0, ladder.h[row, np.maximum(first - 1, 0)], 0)
    high = STEP_NOISES * shown if shown > 0 else STEP_HEIGHT * np.abs(ladder.centre[:, 0])
    stairs = (width > STEP_WIDTH * ladder.size) & (step > high)
    rounded = (first > 0) & ~stairs
    unseen = np.where(quiet, step[:, None], step[:, None] / 4)
    floor = np.where(rounded[:, None], np.fmax(floor, unseen), floor)
    # What no nudge moves may be below the rounding of the coarsest dtype, or that of other entries.
    hidden = np.fmax(coarsest * np.abs(ladder.centre), shown)
    floor = np.where(first[:, None] == moving.shape[1], np.fmax(floor, hidden), floor)
    return floor, np.where(stairs, 0, first)


def candidates(
    slopes: Array,
    h: Array,
    sampled: Array,
    highest: Array,
    floor: Array,
    growth: Array,
    base: float,
) -> Candidates:
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
        The noise of values that each nudge and those shorter show.
    floor : (n, L) array
        The least noise.
    growth : (n, L) array
        By how much values are larger than at the point: noise may grow with them.
    base
        By how much the leading truncation error shrinks from rung to rung.
    """
    # Truncation looks like noise at long nudges. The extrapolations, which allow for it, take the
    # noise that nudges two rungs shorter show.
    below = highest[:, np.maximum(np.arange(h.shape[1]) - 2, 0)]
    # Kinks look like noise too, and no extrapolation allows for them. What a smooth function leaves
    # falls much faster from rung to rung.
    own = _zero(sampled)
    smooth = (own <= ROUGH * below) | (own <= _above(own) / (base * RATIO))
    smooth &= np.concatenate([smooth[:, :1], smooth[:, :-1]], axis=1)
    below = np.where(smooth, below, highest)
    noise = NOISES * np.fmax(highest, floor) / h
    quiet = NOISES * np.fmax(below * growth, floor) / h
    once = slopes + (slopes - _above(slopes)) / (base - 1)
    twice = once + (once - _above(once)) / (base**2 - 1)
    all_slopes = np.stack([slopes, once, twice])
    apart = np.abs(all_slopes - _above(all_slopes))
    settled = apart <= SETTLED * np.abs(all_slopes)
    # Candidates approach each other if they do so from above, or on to the rung below, as far as
    # noise lets one see. Extrapolated ones do so faster.
    approach = (1 / (2 * np.sqrt(base))) ** np.array([1, 2, 2])[:, None, None]
    from_above = apart <= 2 * approach * _above(apart)
    onwards = _below(apart) <= approach * apart + _below(quiet) + quiet
    approaching = settled & (from_above | onwards)
    error = apart * np.where(approaching, approach, 1.0)
    # The first extrapolation is no worse than what it starts from.
    error[1] = np.fmin(error[1], np.where(approaching[0], error[0], np.inf))
    # The rung below, whose truncation is far smaller, bounds this one's.
    error[0] = np.fmin(error[0], _below(apart[0]) + _below(noise))
    error = error + np.stack([noise, quiet, quiet])
    error = np.where(np.isfinite(error), error, np.inf)
    # A candidate holds only if the difference quotients of all shorter nudges agree with it, as
    # those of a smooth function do. The two below it are held to the noise of those yet shorter:
    # what drifts is not noise.
    rung = np.arange(h.shape[1])
    shorter = rung[:, None] - rung
    strict = (shorter > 0) & (shorter <= 2)
    allowed = np.where(strict, quiet[:, None, :] / NOISES, noise[:, None, :])
    allowed = allowed + (approach[0] * _zero(apart[0]))[:, None, :]
    apart = np.abs(all_slopes[..., :, None] - slopes[:, None, :])
    outside = (shorter > 0) & (apart - allowed > error[..., :, None])
    disagree = np.where(outside, apart, 0).max(axis=-1)
    return Candidates(all_slopes, np.fmax(error, disagree))


def _best(found: Candidates) -> tuple[Array, Array, Array]:
    """Return the candidates with the smallest error bars: slope, error and rung, (n,) each."""
    _, count, rungs = found.slope.shape
    error = np.moveaxis(found.error, 0, 1).reshape(count, -1)
    slope = np.moveaxis(found.slope, 0, 1).reshape(count, -1)
    place, row = error.argmin(axis=1), np.arange(count)
    return slope[row, place], error[row, place], place % rungs
