"""From numbers to verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.checker.verdict import Verdict

__all__ = ["SHARP", "SMALL", "Judgement", "Others", "Tolerances", "judge"]

Array = NDArray[Any]

ROUNDINGS = 32
"""Unit roundoffs that a claim may be off by, of its own size and of the terms that it sums."""

SHARP = 0.095
"""A tolerance up to this share of an entry tells it from zero, from twice itself, from its negative
and from nine tenths of itself."""

SMALL = 1e-3
"""A tolerance up to this share of the other slopes hides nothing that counts."""

COUNTS = 3e-2
"""A tolerance does not count if it is up to this share of what the other slopes amount to."""

TOP = 0.1
"""Zero is confirmed, as at an optimum, by a tolerance up to this share of the slopes next to it."""

HIDES = 0.9
"""A tolerance above this share of a slope could hide a zero, a sign or a factor of 2."""


@dataclass(frozen=True)
class Tolerances:
    """How far an entry may be off.

    Attributes
    ----------
    factor : float
        Error bars.
    rtol, atol : float or None
        In the place of error bars: atol + rtol·max(|analytic|, |numeric|).
    """

    factor: float = 3.0
    rtol: float | None = None
    atol: float | None = None

    @property
    def given(self) -> bool:
        """Whether tolerances take the place of error bars."""
        return self.rtol is not None or self.atol is not None

    def of(self, analytic: Array, numeric: Array, bars: Array) -> Array:
        """Return how far each entry may be off: its bars, or what was asked for."""
        if not self.given:
            return bars
        size = np.maximum(np.abs(analytic), np.abs(numeric))
        return (self.atol or 0.0) + (self.rtol or 0.0) * size

    def bars(self, analytic: Array, error: Array, roundoff: float, largest: Array | float) -> Array:
        """Return error bars times the factor, and the rounding of what was claimed.

        Parameters
        ----------
        analytic, error : (n,) arrays
        roundoff
            Unit roundoff of the claimed gradient's dtype.
        largest
            The slopes that a claim may be a difference of: sums that cancel leave their rounding.
        """
        own = np.where(np.isfinite(analytic), np.abs(analytic), 0.0)
        # An absurd claim is not granted its own rounding.
        own = np.minimum(own, np.maximum(largest, 1e3 * np.where(np.isfinite(error), error, 0)))
        return self.factor * error + ROUNDINGS * roundoff * (own + largest) / 2


@dataclass(frozen=True)
class Others:
    """The slopes that an array's entries are compared with.

    A slope has the units of the function over those of its entry, so that slopes by entries of
    different units are compared by how far the function moves when each entry moves by its size.

    Attributes
    ----------
    largest : (n,) array
        The largest slope of the entry's array, but no more than `matters`.
    matters : (n,) array
        The largest of all arrays' slopes times the sizes of their entries, over this entry's size.
        Zero if none is known.
    """

    largest: Array
    matters: Array


@dataclass
class Judgement:
    """What is said of an array's entries: (n,) arrays."""

    verdict: NDArray[np.int8]
    allowed: Array
    unverified: NDArray[np.bool_]


def judge(
    analytic: Array,
    numeric: Array,
    error: Array,
    tolerances: Tolerances,
    others: Others,
    *,
    roundoff: float,
    noisy: bool,
    confirmed: NDArray[np.bool_],
    reach: Array,
    kink: NDArray[np.bool_],
    low: Array,
    high: Array,
) -> Judgement:
    """Judge some entries of an array.

    Parameters
    ----------
    analytic, numeric, error : (n,) arrays
        What was claimed, what was measured, and its error bar.
    tolerances
        How far an entry may be off.
    others
        What entries are compared with.
    roundoff
        Unit roundoff of the claimed gradient's dtype.
    noisy
        Whether the function has more noise than rounding.
    confirmed : (n,) bool array
        Where nothing but rounding was claimed, and nothing but rounding was seen.
    reach : (n,) array
        The slopes that the function has at the nudge that counts because it bends.
    kink, low, high : (n,) arrays
        Where the function bends, and between which slopes any value will do.
    """
    bars = tolerances.bars(analytic, error, roundoff, others.largest)
    with np.errstate(invalid="ignore"):
        off = np.abs(analytic - numeric)
        allowed = tolerances.of(analytic, numeric, bars)
        inside = off <= allowed
        # A difference that the error bar explains is no evidence, whatever rtol says.
        wrong = ~inside & ~(off <= bars)
        sharp = (bars <= SHARP * np.abs(numeric)) | (bars <= SMALL * others.largest)
        # At an optimum slopes are nothing to compare with, but the function bends.
        nothing = (np.abs(analytic) <= bars) & (np.abs(numeric) <= bars)
        sharp |= (nothing & (bars <= TOP * reach)) | confirmed
        if tolerances.given:
            sharp |= (bars <= allowed) & (allowed > 0)
        inside |= confirmed  # whatever rounding has left of the zero that was claimed
        wrong &= ~confirmed
        ok = inside & sharp
        matters = (others.matters == 0) | ~(bars <= COUNTS * others.matters)
        unverified = ~ok & ~wrong & matters & ~(bars <= HIDES * np.abs(numeric))
    verdict = np.full(analytic.shape, Verdict.NOISY if noisy else Verdict.UNRESOLVED, np.int8)
    verdict[ok] = Verdict.OK
    verdict[wrong] = Verdict.WRONG
    with np.errstate(invalid="ignore"):
        between = (analytic >= low) & (analytic <= high)
    verdict[kink] = np.where(between, Verdict.KINK, Verdict.WRONG)[kink]
    verdict[~np.isfinite(analytic)] = Verdict.WRONG
    return Judgement(verdict, allowed, unverified & ~kink & np.isfinite(analytic))
