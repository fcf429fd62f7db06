"""A second look at entries that the first one left in doubt, with longer and shorter nudges.

A shorter nudge steps over fewer kinks and less curvature, a longer one rises further above the
noise. Of all nudges the one with the smallest error bar counts. An entry has a **kink** if the
slopes on both sides stay apart however short the nudge, as far down as noise lets one see.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.checker.probe import EVALUATIONS, SIGNIFICANT, Probe, probe
from nudgegrad.differentiate.evaluate import Evaluator

__all__ = ["Look", "doubtful", "second_look"]

Array = NDArray[Any]

FIRST_ROUND = (1 / 64, 8.0)
"""Nudges for every entry in doubt, as multiples of its first …"""

SECOND_ROUND = (1 / 8, 64.0, 1 / 512, 512.0, 1 / 4096)
"""… and those for entries that are in doubt still …"""

OWN = 2.0**-13
"""… together with one of this share of the entry's own size."""

OWN_NOISE = 3 / 8
"""How much of the noise of an entry's own values counts beside the median of all entries'.

It is one sample, large by chance at times; but a sum's noise depends on the term that moves.
"""

ROUGH = 2.0
"""By how much error bars widen where any nudge meets a kink: they then rest on chance a little."""


@dataclass
class Look:
    """What is known of n entries of an array.

    Attributes
    ----------
    best : Probe
        Of all nudges the one with the smallest error bar.
    kink : (n,) bool array
        Whether the function bends at the entry.
    evaluations : int
        That it took.
    """

    best: Probe
    kink: NDArray[np.bool_]
    evaluations: int

    @property
    def bounds(self) -> tuple[Array, Array]:
        """Return the lowest and the highest slope that is right at a kink, with what noise adds."""
        slack = SIGNIFICANT * self.best.noise + 0.02 * self.best.bend
        low = np.minimum(self.best.left, self.best.right) - slack
        return low, np.maximum(self.best.left, self.best.right) + slack


def doubtful(analytic: Array, seen: Probe, allowed: Array) -> NDArray[np.bool_]:
    """Tell which entries a first look has not settled.

    Parameters
    ----------
    analytic : (n,) array
    seen : Probe
    allowed : (n,) array
        How far each may be off: outside of it, or if it is a tenth of the slope itself and more,
        the entry is in doubt. So is one where the function bends.
    """
    with np.errstate(invalid="ignore"):
        outside = ~(np.abs(analytic - seen.numeric) <= allowed)
    return np.asarray(outside | seen.bends | blunt(analytic, seen, allowed))


def blunt(analytic: Array, seen: Probe, allowed: Array) -> NDArray[np.bool_]:
    """Tell where the tolerance is too wide to say anything: beside the entry, and the array."""
    size = np.fmax(np.abs(analytic), np.abs(seen.numeric))
    largest = float(size[np.isfinite(size)].max(initial=0.0))
    return np.asarray((allowed > 0.1 * size) & (allowed > 1e-3 * largest))


def second_look(
    evaluate: Evaluator,
    leaf: int,
    indices: Array,
    analytic: Array,
    first: Probe,
    allowance: Any,
    centre: float,
    noise: float,
) -> Look:
    """Look again at some entries of an array.

    Parameters
    ----------
    evaluate, leaf, indices, centre, noise
        As for `probe`.
    analytic : (n,) array
        What was claimed of them.
    first : Probe
        The first look.
    allowance : callable
        (analytic, error) → how far entries may be off.

    Returns
    -------
    Look
    """
    levels = [first]

    def at(multiple: float, entries: Array) -> Probe:
        part = first.take(entries)
        return probe(evaluate, leaf, indices[entries], part.h * multiple, centre, noise)

    everything = np.arange(len(indices))
    levels += [at(multiple, everything) for multiple in FIRST_ROUND]
    evaluations = EVALUATIONS * len(FIRST_ROUND) * len(indices)
    best = _best(reconcile(levels))
    unclear = np.any([level.bends for level in levels], axis=0)
    unclear |= ~(np.abs(analytic - best.numeric) <= allowance(analytic, best.error))
    unclear |= blunt(analytic, best, allowance(analytic, best.error))
    kink = np.zeros(len(indices), dtype=bool)
    left = np.flatnonzero(unclear)
    if not len(left):
        return Look(best, kink, evaluations)
    part = [level.take(left) for level in levels]
    part += [at(multiple, left) for multiple in SECOND_ROUND]
    size = np.abs(evaluate.arrays[leaf].flat[indices[left]].astype(np.float64))
    h = np.where(size > 0, OWN * size, first.h[left])
    own = probe(evaluate, leaf, indices[left], h, centre, noise)
    evaluations += EVALUATIONS * (len(SECOND_ROUND) + 1) * len(left)
    kink[left], where = find_kinks(part)
    again = _best(reconcile([*part, own])).where(kink[left], where)
    best.put(left, again)
    return Look(best, kink, evaluations)


def reconcile(levels: list[Probe]) -> list[Probe]:
    """Widen the error bars of nudges where others say otherwise.

    Of a smooth function a longer nudge has the larger truncation error, and its slope lies within
    the error bars of the shorter ones. Where several kinks lie within a nudge, its two slopes may
    agree by chance, and neither holds. If a longer nudge sees kinks, a shorter one has its share of
    them, by its length.

    Parameters
    ----------
    levels : list of Probe
        The same entries with several nudges, in any order.
    """
    levels = _longest_first(levels)
    h = np.stack([level.h for level in levels])
    numeric = np.stack([level.numeric for level in levels])
    error = np.stack([level.error for level in levels])
    bend = np.stack([level.bend for level in levels])
    bends = np.stack([level.bends & np.isfinite(level.error) for level in levels])
    scatter = np.stack([level.scatter for level in levels])
    least = _left_by_shortest(levels)
    bends &= scatter > 4 * least
    noise = np.maximum(np.stack([level.noise for level in levels]), scatter / h)
    # A short nudge's slope may be off by its noise, and then says nothing of longer ones; unless
    # kinks are about, whose changes look like noise.
    spared = np.where(bends[1:].any(axis=0), 0, least / h)
    with np.errstate(invalid="ignore"):
        truncation = np.maximum(error - 8 * noise, 0)
        widened = []
        for k, level in enumerate(levels):
            shorter = (h < h[k]) & np.isfinite(error)
            apart = np.abs(numeric - numeric[k])
            disagreement = np.where(shorter & (apart > error + spared), apart, 0)
            inherited = np.where(shorter, truncation, 0)
            share = np.where((h > h[k]) & bends, bend * h[k] / h, 0)
            slack = np.maximum.reduce([disagreement, inherited, share]).max(axis=0)
            wide = np.maximum(level.error, slack) * np.where(bends.any(axis=0), ROUGH, 1)
            widened.append(level._replace(error=wide))
    return widened


def _longest_first(levels: list[Probe]) -> list[Probe]:
    return sorted(levels, key=lambda level: -float(np.median(level.h)))


def _left_by_shortest(levels: list[Probe]) -> Array:
    """Return the noise of single values that the shortest nudges show, longest first.

    A kink's share in the values shrinks with h. What the shortest nudges leave is noise.
    """
    return np.asarray(np.median([level.scatter for level in levels[-3:]], axis=0))


def _best(levels: list[Probe]) -> Probe:
    best = levels[0]
    for level in levels[1:]:
        best = best.where(level.error < best.error, level)
    return best


def find_kinks(levels: list[Probe]) -> tuple[NDArray[np.bool_], Probe]:
    """Return where the function bends, and what the shortest telling nudge shows there.

    Parameters
    ----------
    levels : list of Probe
        The same entries with several nudges, in any order.
    """
    levels = _longest_first(levels)
    least = _left_by_shortest(levels)
    noise = np.stack([np.maximum(level.noise, least / level.h * OWN_NOISE) for level in levels])
    bend = np.stack([np.where(np.isfinite(level.error), level.bend, 0.0) for level in levels])
    bends = np.stack([level.bends for level in levels])
    bends &= bend > 2 * SIGNIFICANT * least / np.stack([level.h for level in levels])
    # Nudges so short that noise would hide a quarter of the largest bend tell nothing.
    telling = SIGNIFICANT / 2 * noise <= 0.25 * bend.max(axis=0)
    kink = np.zeros(bend.shape[1], dtype=bool)
    where = previous = levels[0]
    for k, level in enumerate(levels):
        # The last telling nudge decides: a smooth bend, or a kink beside x, is gone by then, and
        # where there are several kinks the slopes change from nudge to nudge.
        slack = 0.25 * bend[k] + SIGNIFICANT * noise[k]
        same = (np.abs(level.left - previous.left) <= slack) & (
            np.abs(level.right - previous.right) <= slack
        )
        stays = bends[k] & same & (k > 0)
        kink = np.where(telling[k], stays, kink)
        where = where.where(telling[k], level)
        previous = previous.where(telling[k], level)
    centred = np.where(kink, (where.left + where.right) / 2, where.numeric)
    half = np.where(kink, where.bend / 2, where.error)
    return kink, where._replace(numeric=centred, error=half)
