"""One array's entries on their way through a check: looked at, looked at again, judged."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.checker.cost import Budget
from nudgegrad.checker.judge import SHARP, SMALL, Others, Tolerances, judge
from nudgegrad.checker.reason import Reason
from nudgegrad.checker.report import ParameterCheck
from nudgegrad.checker.verdict import Verdict
from nudgegrad.differentiate.entries import Entries
from nudgegrad.differentiate.probe import bends
from nudgegrad.differentiate.slope import Slopes
from nudgegrad.differentiate.surroundings import Surroundings

__all__ = ["Claims"]

Array = NDArray[Any]

MOST_CLIMBS = 4096
"""Entries of an array whose doubts are settled by a ladder each. If nearly all of them turn out
wrong, the others in doubt are judged by the first look; if not, they are left unresolved."""

NEARLY_ALL = 0.95

EDGE, ROOM = 0.2, 1.5
"""Where more than this share of an array cannot be resolved, as with kinks within all nudges that
are long enough, an entry is wrong only if it is off by so many tolerances."""

DISAGREE = 10.0
"""An error bar of more than so many noises over the nudge is not one of noise."""

CONSTANT = 1e-3
"""A function is constant if moving an entry by its size changes it by no more than this share."""

ZERO = 200.0
"""So many roundings of the slopes that a claim is compared with, or of 1, are as good as zero."""


class Claims(Entries):
    """One array's entries with the gradient that was claimed.

    Attributes
    ----------
    analytic : (n,) array
        What was claimed.
    roundoff : float
        Of the claimed gradient's dtype.
    doubt : (n,) bool array
        Entries that the first look did not settle.
    verdict, allowed, unverified, reason : (n,) arrays
    looked_at_once : int
        Entries in doubt that got no ladder.
    """

    def __init__(
        self, around: Surroundings, leaf: int, indices: Array, claimed: Array, h: float | None
    ) -> None:
        super().__init__(around, leaf, indices, h)
        self.analytic = np.asarray(claimed, np.float64).reshape(-1)[indices]
        kind = claimed.dtype if claimed.dtype.kind == "f" else np.dtype(np.float64)
        self.roundoff = float(np.finfo(kind).eps) / 2
        size = len(indices)
        self.doubt = np.zeros(size, dtype=bool)
        self.verdict = np.zeros(size, dtype=np.int8)
        self.allowed = np.full(size, np.nan)
        self.unverified = np.zeros(size, dtype=bool)
        self.reason = np.zeros(size, dtype=np.int8)
        self.looked_at_once = 0

    def settle(self, tolerances: Tolerances, budget: Budget) -> None:
        """Give a ladder to the entries that are in doubt after the first look."""
        self.doubt = self.in_doubt(tolerances, np.arange(len(self.indices)))
        doubt = _some(np.flatnonzero(self.doubt))
        block = self.block(whole=True)
        for start in range(0, len(doubt), block):
            if budget.over():
                break
            places = doubt[start : start + block]
            budget.spend(self.climb(places), planned=0, later=-len(places) * self.ladder)

    def in_doubt(self, tolerances: Tolerances, places: Array) -> NDArray[np.bool_]:
        """Tell which of some entries the first look does not settle."""
        seen, analytic = self.seen.take(places), self.analytic[places]
        error = seen.error + self.shown / self.scale[places]
        bars = tolerances.bars(analytic, error, self.roundoff, self.largest)
        with np.errstate(invalid="ignore"):
            outside = ~(np.abs(analytic - seen.numeric) <= bars)
            size = np.fmax(np.abs(analytic), np.abs(seen.numeric))
            blunt = ~((bars <= SHARP * size) | (bars <= SMALL * self.largest))
        blunt &= ~(seen.still & (analytic == 0))
        doubt = outside | bends(seen) | blunt | seen.lost
        return np.asarray(doubt & self.looked[places] & ~self.climbed[places])

    def moves(self) -> float:
        """Return how far the function moves at most when an entry moves by its size."""
        seen = self.seen
        with np.errstate(invalid="ignore", over="ignore"):
            known = self.looked & (seen.error <= 0.5 * np.abs(seen.numeric))
            return float((np.abs(seen.numeric) * self.scale)[known].max(initial=0.0))

    def judge(self, tolerances: Tolerances, most: float, *, noisy: bool, random: bool) -> None:
        """Give every entry that was looked at its verdict.

        Parameters
        ----------
        tolerances
            How far entries may be off.
        most
            The largest `moves` of all arrays.
        noisy
            Whether the function has more noise than its dtype's rounding.
        random
            Whether calls at one point differ.
        """
        here = np.flatnonzero(self.looked)
        if not len(here):
            return
        seen, analytic = self.seen.take(here)._replace(error=self.error[here]), self.analytic[here]
        known = seen.error <= 0.5 * np.abs(seen.numeric)
        largest = float(np.abs(seen.numeric[known]).max(initial=0.0))
        with np.errstate(divide="ignore", over="ignore"):
            matters = np.nan_to_num(most / self.scale[here], nan=0.0)
        others = Others(np.minimum(largest, matters), matters)
        bars = tolerances.bars(analytic, seen.error, self.roundoff, others.largest)
        zero = np.abs(analytic) <= ZERO * self.roundoff * np.maximum(1, others.largest)
        constant = (seen.still | seen.flat) & (not random)
        if most == 0:  # no entry moves the function beyond its noise
            constant |= bars * self.scale[here] <= CONSTANT * float(np.abs(self.around.centre))
        room = np.where(seen.kink, seen.slack + 0.02 * np.abs(seen.right - seen.left), bars)
        found = judge(
            analytic, seen.numeric, seen.error, tolerances, others, roundoff=self.roundoff,
            noisy=noisy, confirmed=constant & zero, reach=seen.reach,
            kink=seen.kink, low=np.minimum(seen.left, seen.right) - room,
            high=np.maximum(seen.left, seen.right) + room,
        )  # fmt: skip
        verdict = found.verdict
        unsure = Verdict.NOISY if noisy else Verdict.UNRESOLVED
        if np.mean(verdict == unsure) > EDGE:
            with np.errstate(invalid="ignore"):
                near = np.abs(analytic - seen.numeric) <= ROOM * bars
            near &= (verdict == Verdict.WRONG) & ~seen.kink
            verdict[near] = unsure
            found.unverified |= near
        once = self.doubt[here] & ~self.climbed[here]
        wrong = verdict == Verdict.WRONG
        tried = self.doubt[here] & self.climbed[here]
        if once.any() and not (tried.any() and np.mean(wrong[tried]) >= NEARLY_ALL):
            given_up = once & np.isfinite(analytic)
            verdict[given_up & wrong] = unsure
            found.unverified |= given_up & (verdict != Verdict.OK)
            self.looked_at_once = int(once.sum())
        self.verdict[here] = verdict
        self.allowed[here] = found.allowed
        self.unverified[here] = found.unverified
        self.reason[here] = np.where(verdict == unsure, _reasons(seen, once, random), Reason.NONE)

    def result(self, name: str, array: Array, claimed: Array) -> ParameterCheck:
        """Return the entries' numbers in their places in the array."""

        def full(values: Array, rest: Any, dtype: Any = np.float64) -> Array:
            whole = np.full(array.size, rest, dtype=dtype)
            whole[self.indices] = values
            return whole.reshape(array.shape)

        unseen = ~self.looked
        return ParameterCheck(
            name=name,
            value=np.asarray(array, np.float64),
            analytic=np.asarray(claimed, np.float64),
            numeric=full(np.where(unseen, np.nan, self.seen.numeric), np.nan),
            error=full(np.where(unseen, np.nan, self.error), np.nan),
            tolerance=full(self.allowed, np.nan),
            verdict=full(self.verdict, Verdict.UNCHECKED, np.int8),
            h=self.typical_h,
            unverified=full(self.unverified, False, bool),
            reason=full(self.reason, Reason.NONE, np.int8),
        )


def _reasons(seen: Slopes, once: NDArray[np.bool_], random: bool) -> Array:
    """Return why entries could not be verified."""
    coarse = ~np.isfinite(seen.error) & (not random)
    disagree = np.isfinite(seen.error) & (seen.error * seen.h > DISAGREE * seen.noise)
    return np.select(
        [once, seen.lost, coarse, seen.rough, disagree],
        [
            Reason.LOOKED_ONCE, Reason.NOT_FINITE, Reason.TOO_COARSE, Reason.KINKS,
            Reason.DISAGREE,
        ],
        Reason.BELOW_NOISE,
    )  # fmt: skip


def _some(doubt: Array) -> Array:
    """Return the entries to look at again, spread over those in doubt."""
    if len(doubt) <= MOST_CLIMBS:
        return doubt
    places = np.linspace(0, len(doubt) - 1, MOST_CLIMBS).astype(int)
    return np.asarray(doubt[places])
