"""From numbers to verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.checker.verdict import Verdict

__all__ = ["Tolerances", "judge"]

Array = NDArray[Any]

ROUNDINGS = 32
"""Unit roundoffs that a claimed gradient may be off by, of its own size and its array's."""

BLUNT = 0.1
"""A tolerance above this share of an entry says nothing about it …"""

SMALL = 1e-3
"""… unless it is below this share of the largest entry of the array."""


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

    def of(self, analytic: Array, numeric: Array, error: Array, roundoff: float) -> Array:
        """Return how far each entry may be off."""
        size = np.maximum(np.abs(analytic), np.abs(numeric))
        if self.rtol is not None or self.atol is not None:
            return (self.atol or 0.0) + (self.rtol or 0.0) * size
        return self.bars(analytic, error, roundoff)

    def bars(self, analytic: Array, error: Array, roundoff: float) -> Array:
        """Return error bars times the factor, and the rounding of what was claimed."""
        finite = np.abs(analytic[np.isfinite(analytic)])
        largest = float(finite.max(initial=0.0))
        own = np.where(np.isfinite(analytic), np.abs(analytic), 0.0)
        return self.factor * error + ROUNDINGS * roundoff * (own + largest) / 2


def judge(
    analytic: Array,
    numeric: Array,
    error: Array,
    tolerances: Tolerances,
    *,
    roundoff: float,
    noisy: bool,
    still: NDArray[np.bool_],
    reach: Array,
    kink: NDArray[np.bool_] | None = None,
    low: Array | None = None,
    high: Array | None = None,
) -> tuple[NDArray[np.int8], Array]:
    """Return verdicts and tolerances of some entries of an array.

    Parameters
    ----------
    analytic, numeric, error : (n,) arrays
        What was claimed, what was measured, and its error bar.
    tolerances
        How far an entry may be off.
    roundoff
        Unit roundoff of the claimed gradient's dtype.
    noisy
        Whether the function has more noise than its dtype's rounding.
    still : (n,) bool array
        Where the function did not change by a single bit.
    reach : (n,) array
        How much the function moved at most, over h.
    kink, low, high : (n,) arrays, or None
        Where the function bends, and between which slopes any value will do.
    """
    allowed = tolerances.of(analytic, numeric, error, roundoff)
    bars = tolerances.bars(analytic, error, roundoff)
    with np.errstate(invalid="ignore"):
        off = np.abs(analytic - numeric)
        inside = off <= allowed
        # A difference that the error bar explains is no evidence, whatever rtol says.
        wrong = ~inside & ~(off <= bars)
        size = np.maximum(np.abs(analytic), np.abs(numeric))
        seen = np.isfinite(error)
        largest = max(
            float(np.abs(analytic[np.isfinite(analytic)]).max(initial=0.0)),
            float(np.abs(numeric[seen & (bars < BLUNT * size)]).max(initial=0.0)),
        )
        if largest == 0:  # at a minimum the slopes are nothing to compare with, the curvature is
            largest = float(reach[seen].max(initial=0.0))
        sharp = (bars <= BLUNT * size) | (bars <= SMALL * largest)
        ok = still & (analytic == 0)
        ok |= inside & (sharp | (bars <= allowed) & (allowed > 0) & _given(tolerances))
    unsure = Verdict.NOISY if noisy else Verdict.UNRESOLVED
    verdict = np.full(analytic.shape, unsure, dtype=np.int8)
    verdict[ok] = Verdict.OK
    verdict[wrong] = Verdict.WRONG
    if kink is not None and low is not None and high is not None:
        with np.errstate(invalid="ignore"):
            between = (analytic >= low) & (analytic <= high)
        verdict[kink] = np.where(between, Verdict.KINK, Verdict.WRONG)[kink]
    verdict[~np.isfinite(analytic)] = Verdict.WRONG
    return verdict, allowed


def _given(tolerances: Tolerances) -> bool:
    return tolerances.rtol is not None or tolerances.atol is not None
