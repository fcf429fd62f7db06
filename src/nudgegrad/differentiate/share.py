"""Entries of an array that may share a nudge, because a sample of them behaves alike.

Every entry of a short array, and a sample of a long one, gets a ladder. If one rung suits the whole
sample, the others are nudged by that rung's length. If none does, the entries are divided by their
magnitude and each part is tried by itself; where that fails too, every entry gets its own ladder.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.candidates import NOISES
from nudgegrad.differentiate.climb import SHORT, ladders
from nudgegrad.differentiate.ladder import (
    RATIO,
    Ladder,
    lowest_rungs,
    rung_length,
    typical_size,
    values_at,
)
from nudgegrad.differentiate.rungs import above
from nudgegrad.differentiate.select import spread_sample
from nudgegrad.differentiate.slope import Slopes
from nudgegrad.differentiate.surroundings import Surroundings

__all__ = ["SAMPLE", "Group", "survey"]

Array = NDArray[Any]

SAMPLE = 6
"""Entries of a long array that get a ladder to see whether they are alike."""

WORSE, GOOD = 30.0, 0.01
"""A shared rung suits an entry if its error bar is at most so many times that of the best one, or
this share of the slope."""

COUNTS = 0.01
"""Entries whose slope is below this share of the sample's largest need no better bar than those."""

NEARLY = 4.0
"""How much worse than the best a shorter shared nudge may be."""

PART = 2
"""Rungs of magnitude that a part of an array spans when it is divided."""


@dataclass
class Group:
    """Entries of an array that are looked at alike.

    Attributes
    ----------
    places : (n,) int array
        Which of the chosen entries.
    pair : float or None
        The longer of the two nudges, RATIO apart, that suit the sample; None if nothing does, so
        that every entry gets its own ladder.
    single : float
        The nudge that suits a plain central difference best.
    noise : (m,) array
        The noise of each output's values that the sample shows.
    drift, bend : (m,) arrays
        How far plain central differences of length `single` are off by truncation, and how far the
        slopes on both sides differ.
    """

    places: Array
    pair: float | None
    single: float
    noise: Array
    drift: Array
    bend: Array


def survey(
    around: Surroundings, leaf: int, indices: Array, seed: int | None,
    advance: Callable[[int], Any],
) -> tuple[list[Group], Array, Slopes]:  # fmt: skip
    """Climb the ladders of a sample, and return which entries share a nudge.

    Parameters
    ----------
    around
        The function.
    leaf
        Which array.
    indices : (n,) int array
        Flat indices of the chosen entries.
    seed
        Of the sample.
    advance
        Called with numbers of evaluations as they are made.

    Returns
    -------
    groups : list of Group
        Together all chosen entries.
    climbed : (m,) int array
        Places among `indices` of the sample.
    slopes : Slopes
        What their ladders show.
    """
    everything = np.arange(len(indices))
    rng = np.random.default_rng(seed)
    climbed: list[Array] = []
    slopes: list[Slopes] = []

    def attempt(places: Array) -> Group:
        sample = _sample(around, leaf, indices, places, rng)
        found, ladder, lowest, used = ladders(around, leaf, indices[sample])
        advance(used)
        climbed.append(sample)
        slopes.append(found)
        group, unasked = _shared(places, ladder, lowest, found)
        if len(sample) == len(places):
            group.pair = None
        elif group.pair is not None and len(unasked):
            advance(4 * len(unasked))
            if not _agree(around, leaf, indices[sample], unasked, found, group.pair):
                group.pair = None
        return group

    if not len(indices):
        return [], everything, Slopes.unseen(0)
    groups = [attempt(everything)]
    if groups[0].pair is None and len(indices) > SHORT:
        parts = _parts(around, leaf, indices)
        if len(parts) > 1:
            groups = [attempt(part) for part in parts]
    places = np.concatenate(climbed)
    joined = Slopes(*(np.concatenate(part) for part in zip(*slopes, strict=True)))
    outputs = len(joined.numeric) // len(places)
    _, first = np.unique(places, return_index=True)
    rows = first[:, None] * outputs + np.arange(outputs)
    return groups, places[first], joined.take(rows.reshape(-1))


def _sample(
    around: Surroundings, leaf: int, indices: Array, places: Array, rng: np.random.Generator
) -> Array:
    """Return places of a sample: the largest, the smallest, and some spread over the array."""
    if len(places) <= SHORT:
        return places
    values = np.abs(around.evaluate.arrays[leaf].flat[indices[places]])
    values = np.where(np.isfinite(values), values, 0)
    smallest = np.where(values > 0, values, np.inf).argmin()
    ends = places[[values.argmax(), smallest]]
    return np.unique(np.concatenate([ends, spread_sample(places, SAMPLE - 2, rng)]))


def _parts(around: Surroundings, leaf: int, indices: Array) -> list[Array]:
    """Divide entries by magnitude."""
    array = around.evaluate.arrays[leaf]
    lowest, _ = lowest_rungs(array.flat[indices], typical_size(array))
    return [np.flatnonzero(lowest // PART == part) for part in np.unique(lowest // PART)]


def _shared(
    places: Array, ladder: Ladder, lowest: Array, slopes: Slopes
) -> tuple[Group, NDArray[np.intp]]:
    """Return the group that a sample answers for, and which of the sample were not asked.

    Those are so small that their ladders end below the rung that suits the others.
    """
    outputs = len(ladder.h) // len(lowest)
    lowest = np.repeat(lowest, outputs)
    count = ladder.h.shape[1]
    votes = np.isfinite(slopes.error) & ~slopes.flat & ~slopes.kink & ~slopes.one_sided
    noise = _by_output(slopes.noise, votes, outputs, np.nanmedian)
    nobody = np.empty(0, np.intp)
    if not votes.any():
        long = float(rung_length(np.median(lowest) + count - 2))
        return Group(places, long, long, noise, np.zeros(outputs), np.zeros(outputs)), nobody
    with np.errstate(all="ignore"):
        middle = (ladder.up - ladder.down) / (ladder.up_step - ladder.down_step)
        rounding = NOISES * slopes.noise[:, None] / ladder.h
        drift = np.abs(middle - slopes.numeric[:, None])
        paired = np.abs(_extrapolated(middle, above(middle)) - slopes.numeric[:, None])
        paired += rounding + np.abs(middle - above(middle)) / 16
    need = _needed(slopes, votes)
    best_pair = _best_rung(paired / need[:, None], lowest, votes)
    best_single = _best_rung((drift + rounding) / need[:, None], lowest, votes)
    if best_pair is None or best_single is None:
        nothing = np.zeros(outputs)
        return Group(places, None, np.nan, noise, nothing, nothing), nobody
    rows = np.flatnonzero(votes)
    at = best_single - lowest[rows]
    inside = (at >= 0) & (at < count)
    with np.errstate(all="ignore"):
        up = (ladder.up - ladder.centre) / ladder.up_step
        sides = np.abs(up - (ladder.down - ladder.centre) / ladder.down_step)
    off, bend = np.zeros(len(votes)), np.zeros(len(votes))
    off[rows[inside]] = drift[rows[inside], at[inside]]
    bend[rows[inside]] = sides[rows[inside], at[inside]]
    group = Group(
        places, float(rung_length(best_pair + 1)), float(rung_length(best_single)), noise,
        off.reshape(-1, outputs).max(axis=0), bend.reshape(-1, outputs).max(axis=0),
    )  # fmt: skip
    unasked = rows[lowest[rows] + count - 2 < max(best_pair, best_single)]
    return group, np.unique(unasked // outputs)


def _by_output(
    values: Array, votes: NDArray[np.bool_], outputs: int, of: Callable[..., Array]
) -> Array:
    """Return a statistic of the votes of each output; of all its rows where none votes."""
    table = np.where(votes, values, np.nan).reshape(-1, outputs)
    silent = np.isnan(table).all(axis=0)
    table[:, silent] = values.reshape(-1, outputs)[:, silent].min(axis=0)
    return np.asarray(of(table, axis=0))


def _extrapolated(short: Array, long: Array) -> Array:
    return np.asarray(short + (short - long) / (RATIO**2 - 1))


def _needed(slopes: Slopes, votes: NDArray[np.bool_]) -> Array:
    """Return how far a shared nudge's slope may be off."""
    size = np.abs(slopes.numeric)
    return np.asarray(
        np.maximum(WORSE * slopes.error, GOOD * np.maximum(size, COUNTS * size[votes].max()))
    )


def _best_rung(cost: Array, lowest: Array, votes: NDArray[np.bool_]) -> int | None:
    """Return the shortest rung whose highest cost is nearly the lowest, None if that is above 1.

    At least half of the votes must have it on their ladders.
    """
    count = cost.shape[1]
    rows = np.flatnonzero(votes)
    first = int(lowest[rows].min())
    rungs = int(lowest[rows].max()) + count - first
    worst, asked = np.zeros(rungs), np.zeros(rungs)
    for row in rows:
        start = int(lowest[row]) - first
        worst[:start] = np.inf
        own = np.where(np.isfinite(cost[row]), cost[row], np.inf)
        worst[start : start + count - 1] = np.maximum(worst[start : start + count - 1], own[:-1])
        asked[start : start + count - 1] += 1
    worst[2 * asked < len(rows)] = np.inf
    least = worst.min()
    if not least <= 1:
        return None
    # The shortest that is nearly as good: short nudges meet fewer kinks and less curvature.
    return first + int(np.flatnonzero(worst <= NEARLY * least)[0])


def _agree(
    around: Surroundings, leaf: int, indices: Array, unasked: Array, slopes: Slopes, pair: float
) -> bool:
    """Tell whether entries whose ladders end below a shared rung have the same slope there."""
    outputs = len(slopes.numeric) // len(indices)
    lengths = np.tile([pair / RATIO, pair], (len(unasked), 1))
    found = values_at(around.evaluate, leaf, indices[unasked], lengths, around.centre)
    rows = (unasked[:, None] * outputs + np.arange(outputs)).reshape(-1)
    votes = np.isfinite(slopes.error)
    with np.errstate(all="ignore"):
        middle = (found.up - found.down) / (found.up_step - found.down_step)
        off = np.abs(_extrapolated(middle[:, 0], middle[:, 1]) - slopes.numeric[rows])
    need = _needed(slopes, votes)[rows] + NOISES * slopes.noise[rows] * RATIO / pair
    return bool((off <= need).all())
