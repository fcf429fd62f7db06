"""One array's entries on their way through a check: looked at, looked at again, judged."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.checker.cost import Budget
from nudgegrad.checker.judge import Tolerances, judge
from nudgegrad.checker.probe import EVALUATIONS, GLANCE, Probe, complete, glance, probe
from nudgegrad.checker.report import ParameterCheck
from nudgegrad.checker.second_look import Look, doubtful, second_look
from nudgegrad.checker.verdict import Verdict
from nudgegrad.differentiate.evaluate import Evaluator
from nudgegrad.differentiate.step import Step

__all__ = ["Entries"]

Array = NDArray[Any]

MOST_SECOND_LOOKS = 4096
"""Entries of an array that are looked at twice. If nearly all of them turn out wrong, the others
that are in doubt are judged by the first look; if not, they are left unresolved."""

NEARLY_ALL = 0.99

SAMPLED = 64
"""Entries of an array that are always probed in full, to see the function's noise."""

FAR_ROUNDINGS = 8
"""Unit roundoffs of the largest gradient of all arrays. An entry that is off by less is not wrong:
sums that cancel, as for a bias before batch norm, leave that much of what they are made of."""


class Entries:
    """One array's chosen entries, and what has been found out of them.

    Attributes
    ----------
    leaf : int
        Which array.
    indices : (n,) int array
        Flat indices into it.
    analytic : (n,) array
        What was claimed.
    h, noise : float
        Nudge and the function's noise.
    roundoff : float
        Of the claimed gradient's dtype.
    seen : Probe
        The best that was measured of each entry.
    checked : (n,) bool array
        Which entries were looked at.
    sampled : (n,) bool array
        Some, spread over the array, that show the noise: a glance does not do for them.
    verdict, allowed : (n,) arrays
    looked_at_once : int
        Entries in doubt for which there was no second look.
    """

    def __init__(self, leaf: int, indices: Array, claimed: Array, step: Step) -> None:
        self.leaf, self.indices = leaf, indices
        self.analytic = np.asarray(claimed, np.float64).reshape(-1)[indices]
        self.h, self.noise = step.h, step.noise
        kind = claimed.dtype if claimed.dtype.kind == "f" else np.dtype(np.float64)
        self.roundoff = float(np.finfo(kind).eps) / 2
        size = len(indices)
        self.seen = Probe._make(np.full(size, value) for value in (*[np.nan] * 7, step.h))
        self.checked = np.zeros(size, dtype=bool)
        self.sampled = np.zeros(size, dtype=bool)
        self.sampled[:: max(1, size // SAMPLED)] = True
        self.verdict = np.zeros(size, dtype=np.int8)
        self.allowed = np.full(size, np.nan)
        self.looked_at_once = 0

    @property
    def nudge(self) -> Array:
        """The nudge that each entry's numbers come from."""
        return self.seen.h

    def look(
        self, evaluate: Evaluator, chosen: Array, centre: float, tolerances: Tolerances, *,
        balanced: bool,
    ) -> int:  # fmt: skip
        """Look at some of the entries, by their places among `indices`.

        Parameters
        ----------
        evaluate, centre, tolerances
            As in `examine`.
        balanced
            Whether h balances truncation against noise, so that a glance may do.

        Returns
        -------
        int
            Evaluations that it took.
        """
        h = np.full(len(chosen), self.h)
        indices, analytic = self.indices[chosen], self.analytic[chosen]
        if not balanced or self.sampled[chosen].all():
            seen = probe(evaluate, self.leaf, indices, h, centre, self.noise)
            rest = chosen
        else:
            seen, found = glance(evaluate, self.leaf, indices, h, centre, self.noise)
            allowed = tolerances.bars(analytic, seen.error / 2, self.roundoff)
            rest = np.flatnonzero(doubtful(analytic, seen, allowed) | self.sampled[chosen])
            if len(rest):
                whole = complete(
                    evaluate, self.leaf, indices[rest], h[rest], centre, self.noise, found[rest]
                )
                seen.put(rest, whole)
        self.seen.put(chosen, seen)
        self.checked[chosen] = True
        return GLANCE * len(chosen) + (EVALUATIONS - GLANCE) * len(rest)

    def settle(
        self, evaluate: Evaluator, centre: float, tolerances: Tolerances, budget: Budget, *,
        noisy: bool, largest: float,
    ) -> None:  # fmt: skip
        """Give every entry that was looked at its verdict, after a second look at those in doubt.

        Parameters
        ----------
        evaluate, centre, tolerances, budget
            As in `examine`.
        noisy
            Whether the function has more noise than its dtype's rounding.
        largest
            The largest gradient of all arrays.
        """
        here = np.flatnonzero(self.checked)
        if not len(here):
            return
        self.noise = max(self.noise, _scatter(self.seen.scatter[self.checked & self.sampled]))
        analytic, seen = self.analytic[here], self.seen.take(here).with_noise(self.noise)

        def allowed(claimed: Array, error: Array) -> Array:
            return tolerances.bars(claimed, error, self.roundoff)

        kink = np.zeros(len(here), dtype=bool)
        once = doubtful(analytic, seen, allowed(analytic, seen.error))
        block = evaluate.block(self.leaf, EVALUATIONS)
        doubt = _some(np.flatnonzero(once))
        for start in range(0, len(doubt), block):
            if budget.over():
                break
            again = doubt[start : start + block]
            look = second_look(
                evaluate, self.leaf, self.indices[here[again]], analytic[again], seen.take(again),
                allowed, centre, self.noise,
            )  # fmt: skip
            seen.put(again, look.best)
            kink[again] = look.kink
            once[again] = False
            budget.spend(look.evaluations)
        low, high = Look(seen, kink, 0).bounds
        verdict, bars = judge(
            analytic, seen.numeric, seen.error, tolerances, roundoff=self.roundoff, noisy=noisy,
            still=seen.still, reach=seen.reach, kink=kink, low=low, high=high,
        )  # fmt: skip
        unsure = Verdict.NOISY if noisy else Verdict.UNRESOLVED
        wrong = verdict == Verdict.WRONG
        with np.errstate(invalid="ignore"):
            off = np.abs(analytic - seen.numeric)
        rounding = FAR_ROUNDINGS * self.roundoff * largest
        verdict[wrong & ~kink & (off <= allowed(analytic, seen.error) + rounding)] = unsure
        twice = doubt[~once[doubt]]
        if once.any() and not (len(twice) and np.mean(wrong[twice]) >= NEARLY_ALL):
            verdict[once & wrong & np.isfinite(analytic)] = unsure
            self.looked_at_once = int(once.sum())
        self.seen.put(here, seen)
        self.verdict[here] = verdict
        self.allowed = np.full(len(self.indices), np.nan)
        self.allowed[here] = bars

    def result(self, name: str, array: Array, claimed: Array) -> ParameterCheck:
        """Return the entries' numbers in their places in the array."""

        def full(values: Array, rest: Any, dtype: Any = np.float64) -> Array:
            whole = np.full(array.size, rest, dtype=dtype)
            whole[self.indices] = values
            return whole.reshape(array.shape)

        unseen = ~self.checked
        return ParameterCheck(
            name=name,
            value=np.asarray(array, np.float64),
            analytic=np.asarray(claimed, np.float64),
            numeric=full(np.where(unseen, np.nan, self.seen.numeric), np.nan),
            error=full(np.where(unseen, np.nan, self.seen.error), np.nan),
            tolerance=full(self.allowed, np.nan),
            verdict=full(self.verdict, Verdict.UNCHECKED, np.int8),
            h=self.h,
        )


def _some(doubt: Array) -> Array:
    """Return the entries to look at again, spread over those in doubt."""
    if len(doubt) <= MOST_SECOND_LOOKS:
        return doubt
    places = np.linspace(0, len(doubt) - 1, MOST_SECOND_LOOKS).astype(int)
    return np.asarray(doubt[places])


def _scatter(samples: Array) -> float:
    """Return the noise that many entries' samples of it amount to, where they show any."""
    some = samples[samples > 0]
    return float(np.median(some) / 0.6745) if len(some) >= 8 else 0.0  # of a normal deviate
