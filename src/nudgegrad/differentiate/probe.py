"""Looking at entries that share a nudge with a sample that has been surveyed.

A `pair` of nudges, RATIO apart, takes four evaluations of an entry. It gives a slope with an error
bar, from two central differences and their extrapolation, and the slopes on both sides. A `glance`
takes two evaluations at one nudge, and relies on the sample for the truncation error.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.candidates import NOISES, SETTLED
from nudgegrad.differentiate.ladder import RATIO, Ladder, values_at
from nudgegrad.differentiate.share import Group
from nudgegrad.differentiate.slope import Slopes
from nudgegrad.differentiate.surroundings import Surroundings

__all__ = ["GLANCE", "PAIR", "bends", "glance", "pair", "read_pair"]

Array = NDArray[Any]

GLANCE = 2
"""Evaluations of an entry at ±h."""

PAIR = 4
"""Evaluations of an entry at ±h and ±h/RATIO."""

BENT = 0.05
"""Slopes on both sides that differ by less than this share are not called bent."""


DRIFTS = 4.0
"""A glance allows for so many times the truncation error that a sample shows."""

CURVED = 10.0
"""So many times the bend that a sample shows is not called bent at a glance."""


def pair(around: Surroundings, leaf: int, indices: Array, group: Group) -> Slopes:
    """Look at some entries at two nudges of clearly different lengths.

    Parameters
    ----------
    around
        The function.
    leaf
        Which array.
    indices : (n,) int array
        Flat indices into it.
    group
        What a sample showed, and the longer nudge.
    """
    assert group.pair is not None
    lengths = np.tile([group.pair / RATIO, group.pair], (len(indices), 1))
    found = values_at(around.evaluate, leaf, indices, lengths, around.centre)
    return read_pair(found, around.noise.roundoff, np.tile(group.noise, len(indices)))


def read_pair(found: Ladder, roundoff: float, noise: Array) -> Slopes:
    """Return what the values at two nudges say."""
    with np.errstate(all="ignore"):
        up = (found.up - found.centre) / found.up_step
        down = (found.down - found.centre) / found.down_step
        middle = (found.up - found.down) / (found.up_step - found.down_step)
        short, long = middle[:, 0], middle[:, 1]
        numeric = short + (short - long) / (RATIO**2 - 1)
        apart = np.abs(short - long)
        settled = apart <= SETTLED * np.abs(numeric)
        bend = up - down
        own = np.abs(bend[:, 0] - bend[:, 1] / RATIO) * found.h[:, 0] / np.sqrt(6)
        moved, value_noise = _moved(found, roundoff, noise)
        value_noise = np.fmax(value_noise, own)
        error = apart * np.where(settled, 1 / 16, 1.0) + NOISES * value_noise / found.h[:, 0]
        left, right = (side[:, 0] + (side[:, 0] - side[:, 1]) / (RATIO - 1) for side in (down, up))
    return _seen(found, numeric, error, left, right, moved, value_noise)


def glance(around: Surroundings, leaf: int, indices: Array, group: Group) -> Slopes:
    """Look at some entries at one nudge; parameters are those of `pair`."""
    lengths = np.full((len(indices), 1), group.single)
    found = values_at(around.evaluate, leaf, indices, lengths, around.centre)
    with np.errstate(all="ignore"):
        up = (found.up - found.centre) / found.up_step
        down = (found.down - found.centre) / found.down_step
        numeric = ((found.up - found.down) / (found.up_step - found.down_step))[:, 0]
        moved, noise = _moved(found, around.noise.roundoff, np.tile(group.noise, len(indices)))
        error = DRIFTS * np.tile(group.drift, len(indices)) + 2 * NOISES * noise / found.h[:, 0]
    seen = _seen(found, numeric, error, down[:, 0], up[:, 0], moved, noise)
    return seen._replace(slack=np.fmax(seen.slack, CURVED * np.tile(group.bend, len(indices))))


def bends(seen: Slopes) -> NDArray[np.bool_]:
    """Tell where the slopes on both sides differ by more than noise and a small share."""
    size = np.maximum(np.abs(seen.left), np.abs(seen.right))
    bend = np.abs(seen.right - seen.left)
    return np.asarray((bend > seen.slack) & (bend > BENT * size))


def _moved(found: Ladder, roundoff: float, noise: Array) -> tuple[Array, Array]:
    """Return how far the function moves, (n, L), and the noise of each entry's values, (n,)."""
    moved = np.fmax(np.abs(found.up - found.centre), np.abs(found.down - found.centre))
    furthest = np.nan_to_num(moved).max(axis=1)
    here = np.abs(found.centre[:, 0])
    # A value far from f(x) has larger last digits.
    grown = noise * np.where(here > 0, np.maximum(1, furthest / np.where(here > 0, here, 1)), 1)
    return moved, np.maximum(grown, roundoff * np.maximum(here, furthest))


def _seen(
    found: Ladder, numeric: Array, error: Array, left: Array, right: Array, moved: Array,
    noise: Array,
) -> Slopes:  # fmt: skip
    fine = np.isfinite(numeric) & np.isfinite(error)
    seen = Slopes.unseen(len(numeric))
    shortest = found.h[:, 0]
    return seen._replace(
        numeric=np.where(fine, numeric, 0.0),
        error=np.where(fine, error, np.inf),
        left=np.where(fine, left, 0.0),
        right=np.where(fine, right, 0.0),
        slack=np.where(fine, 16 * NOISES * noise / shortest, np.inf),
        still=fine & (np.nan_to_num(moved).max(axis=1) == 0),
        noise=noise,
        reach=np.zeros(len(numeric)),
        h=shortest,
        lost=~fine,
    )
