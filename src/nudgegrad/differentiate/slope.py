"""The slopes that ladders of nudges show, and how far they may be off."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.candidates import CENTRAL, NOISES, ONE_SIDED, candidates
from nudgegrad.differentiate.ladder import Ladder
from nudgegrad.differentiate.noise import (
    Noise,
    rounding_noise,
    running_noise,
    sampled_from_bends,
    sampled_from_slopes,
)
from nudgegrad.differentiate.rungs import finite

__all__ = ["ROUNDINGS", "Slopes", "read_slopes"]

Array = NDArray[Any]

ALIKE, ROUNDED = 10.0, 3e3
"""A function that moves by at most so many times its noise is not seen to move. It is constant if
that noise is at most so many roundings of its value, or of 1 where its value is smaller."""

LITTLE = 1e-3
"""Noise up to this share of the function's value leaves nudges that are long enough their say."""

ROUNDINGS = 4.0
"""How many roundings of the entry's own size a slope may be shifted by."""

STRUCTURE = 30.0
"""An error bar that rests on so many times the noise of the shortest nudges is of structure."""

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
        The slopes that the function has at nudges of h to RATIO·h because it bends.
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


class Sides(NamedTuple):
    """The slopes on both sides of n entries, how far each may be off, and its rung: (n,) arrays."""

    left: Array
    left_error: Array
    left_rung: Array
    right: Array
    right_error: Array
    right_rung: Array

    @property
    def slack(self) -> Array:
        """How far their difference may be off."""
        return np.asarray(self.left_error + self.right_error)

    @property
    def apart(self) -> Array:
        """How far they differ."""
        return np.asarray(np.abs(self.right - self.left))

    def kinks(self, bend: Array, h: Array, noise: Array) -> NDArray[np.bool_]:
        """Tell where they settle on different values.

        Parameters
        ----------
        bend, h, noise : (n, L) arrays
            Their difference at every rung, its length, and the noise of values there.
        """
        size = np.fmax(np.abs(self.left), np.abs(self.right))
        kink = np.isfinite(self.slack) & (self.apart > np.fmax(4 * self.slack, KINK * size))
        # A smooth bend shrinks with the nudge; a kink's stays, as short as noise lets one see.
        longest = np.fmax(self.left_rung, self.right_rung)[:, None]
        telling = (4 * NOISES * noise / h <= self.apart[:, None] / 4) & np.isfinite(bend)
        telling &= np.arange(h.shape[1]) <= longest
        least = np.where(telling, np.abs(bend), np.inf).min(axis=1)
        stays = (least >= self.apart / 2) & (least <= 2 * self.apart)
        return np.asarray(kink & stays & (telling.sum(axis=1) > 1))


def read_slopes(ladder: Ladder, noise: Noise, *, assumed: float | None = None) -> Slopes:
    """Return the slopes that ladders show.

    Parameters
    ----------
    ladder : Ladder
        n ladders of L rungs.
    noise
        What is known of the noise beforehand.
    assumed
        The noise of values, in the place of what each ladder shows by itself. Where only the
        shortest rungs are short enough, they show truncation and not noise.
    """
    with np.errstate(all="ignore"):
        return _read(ladder, noise, assumed)


def _read(ladder: Ladder, noise: Noise, assumed: float | None) -> Slopes:
    h, here = ladder.h, ladder.centre
    up, down = (ladder.up - here) / ladder.up_step, (ladder.down - here) / ladder.down_step
    middle = (ladder.up - ladder.down) / (ladder.up_step - ladder.down_step)
    bend = up - down
    moved = np.fmax(np.abs(ladder.up - here), np.abs(ladder.down - here))
    floor, first, stairs = rounding_noise(ladder, moved, noise)
    sampled = np.fmax(
        sampled_from_bends(bend, h), sampled_from_slopes(middle, h, CENTRAL) * np.sqrt(2)
    )
    one_sided = [sampled_from_slopes(side, h, ONE_SIDED) for side in (down, up)]
    if assumed is not None:
        sampled, one_sided = np.full_like(h, assumed), [np.full_like(h, assumed)] * 2
    size = np.abs(here)
    running = running_noise(sampled, size, stairs)
    highest, least = np.fmax(running, floor), np.fmax(running[:, :1], floor)
    # Relative noise gives all long nudges the same bar: that of the shortest one counts.
    far = np.cbrt(np.fmax(h / ladder.size[:, None], 1))
    slope, error, rung = candidates(middle, h, sampled, running, floor, moved, size, CENTRAL).best(
        far
    )
    left, right = (
        candidates(
            side, h, own, running_noise(own, size, stairs), least, moved, size, ONE_SIDED
        ).best(far)
        for side, own in zip((down, up), one_sided, strict=True)
    )
    sides = Sides(*left, *right)
    kink = sides.kinks(bend, h, least)
    alone = ~np.isfinite(error) & np.isfinite(np.fmin(sides.left_error, sides.right_error))
    from_right = alone & (sides.right_error < sides.left_error)
    from_left = alone & ~from_right
    choices = [kink, from_right, from_left]
    rung = np.select(
        choices,
        [np.minimum(sides.left_rung, sides.right_rung), sides.right_rung, sides.left_rung],
        rung,
    )
    slope = np.select(choices, [(sides.left + sides.right) / 2, sides.right, sides.left], slope)
    error = np.select(choices, [sides.apart / 2, sides.right_error, sides.left_error], error)
    row = np.arange(len(h))
    # Rounding within the function has the effect of rounding the entry itself, which shifts a slope
    # by the curvature, as far as the nudges up to this one show it.
    curvature = np.maximum(finite((np.abs(bend) - 6 * highest[:, :1] / h) / h), 0)
    curvature = np.where(np.arange(h.shape[1]) <= rung[:, None], curvature, 0).max(axis=1)
    error = error + ROUNDINGS * noise.roundoff * ladder.size * curvature
    flat, drowned = _unmoved(moved, highest, floor, first, size[:, 0], noise)
    error = np.where(drowned, np.inf, error)
    shortest, known = highest[:, 0], np.isfinite(error)
    return Slopes(
        numeric=finite(slope),
        error=error,
        left=finite(sides.left),
        right=finite(sides.right),
        slack=sides.slack,
        kink=kink & known,
        one_sided=alone,
        still=_still(moved, rung) & known & ~kink,
        flat=flat,
        noise=np.where(kink, shortest, highest[row, np.maximum(rung - 2, 0)]),
        reach=_reach(bend, h, shortest[:, None], rung),
        h=h[row, rung],
        rough=highest[row, rung] > STRUCTURE * shortest,
        lost=np.isfinite(moved).sum(axis=1) < 2,
    )


def _still(moved: Array, rung: Array) -> NDArray[np.bool_]:
    """Tell where nothing moves up to a rung."""
    upto = np.arange(moved.shape[1]) <= rung[:, None]
    return np.asarray((finite(np.where(upto, moved, 0)) == 0).all(axis=1))


def _reach(bend: Array, h: Array, noise: Array, rung: Array) -> Array:
    """Return the slopes that the function's bend gives it near a rung, beyond noise."""
    clear = np.maximum(finite(np.abs(bend) / 2 - 3 * noise / h), 0)
    row, higher = np.arange(len(h)), np.minimum(rung + 1, h.shape[1] - 1)
    return np.asarray(np.maximum(clear[row, rung], clear[row, higher]))


def _unmoved(
    moved: Array, highest: Array, floor: Array, first: Array, size: Array, noise: Noise
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return where the function is constant but for rounding, and where it drowns in noise.

    Where the shortest nudges move it as far as any other they are too long, or there is nothing
    but noise. If that is no more than rounding, the function is constant.
    """
    furthest = np.nanmax(moved, axis=1, initial=0)
    half = highest[:, moved.shape[1] // 2]
    rounding = half <= ROUNDED * noise.coarsest * np.fmax(1, size)
    flat = (furthest <= ALIKE * half) & rounding
    shortest = highest[:, 0]
    drowned = (furthest <= ALIKE * shortest) & (first == 0) & ~flat
    drowned &= (shortest > ALIKE * noise.shown) & (shortest > LITTLE * size)
    return flat, drowned
