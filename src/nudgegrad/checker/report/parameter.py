"""What a check found of one parameter, and of one entry."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.checker.reason import Reason
from nudgegrad.checker.verdict import Verdict

__all__ = ["Entry", "ParameterCheck"]

Array = NDArray[Any]

FAR = 10.0
"""Tolerances: an entry that is off by more is known to a tenth of its difference."""

REASONS = tuple(str(reason) if reason else "" for reason in Reason)
"""What each reason is called where entries are listed."""


@dataclass(frozen=True, eq=False)
class ParameterCheck:
    """One parameter's entries. All arrays have the parameter's shape and are float64.

    Attributes
    ----------
    name : str
    value : array
        The parameter itself.
    analytic : array
        The gradient that was claimed.
    numeric : array
        The gradient by differences; NaN where it was not measured.
    error : array
        The error bar of `numeric`: how far it may be off, by truncation, rounding and noise.
    tolerance : array
        How far `analytic` may be from `numeric`: a factor times the bar and what the claimed
        gradient's own dtype may round, or what rtol and atol allow.
    verdict : int8 array of `Verdict`
    h : float
        The nudge that was taken first; single entries may have got others.
    unverified : bool array
        Entries that are neither wrong nor verified, and whose error bar could hide a mistake that
        matters. By default there are none.
    reason : int8 array of `Reason`
        Why an entry could not be verified.
    """

    name: str
    value: Array
    analytic: Array
    numeric: Array
    error: Array
    tolerance: Array
    verdict: NDArray[np.int8]
    h: float
    unverified: NDArray[np.bool_] = field(default_factory=lambda: np.zeros((), dtype=bool))
    reason: NDArray[np.int8] = field(default_factory=lambda: np.zeros((), dtype=np.int8))

    def __post_init__(self) -> None:
        for name in ("unverified", "reason"):  # a default stands for every entry
            values = np.broadcast_to(getattr(self, name), self.verdict.shape)
            object.__setattr__(self, name, values)

    @property
    def claimed(self) -> Array:
        """The gradient that was claimed: another name of `analytic`."""
        return self.analytic

    @cached_property
    def ratio(self) -> Array:
        """|claimed − numeric| over the tolerance: infinite where the claim is not finite."""
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            ratio = np.asarray(np.abs(self.analytic - self.numeric) / self.tolerance)
        ratio[np.asarray(self.analytic == self.numeric)] = 0.0
        ratio[~np.isfinite(self.analytic)] = np.inf
        return ratio

    @property
    def checked(self) -> NDArray[np.bool_]:
        """Which entries were checked."""
        return np.asarray(self.verdict != Verdict.UNCHECKED)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many entries got each verdict, but for those that were not checked."""
        found = np.bincount(self.verdict.ravel(), minlength=len(Verdict))
        return {str(verdict): int(found[verdict]) for verdict in Verdict if verdict}

    @cached_property
    def not_finite(self) -> int:
        """How many of the claimed values that were checked are NaN or infinite."""
        return int(np.count_nonzero(self.checked & ~np.isfinite(self.analytic)))

    def unverified_places(self, reason: Reason | None = None) -> NDArray[np.intp]:
        """Return the indices of the unverified entries, of one reason or of any, (n, axes)."""
        chosen = self.unverified if reason is None else self.unverified & (self.reason == reason)
        return np.argwhere(chosen)

    def unverified_as(self, verdict: str) -> int:
        """Return how many of the entries with a verdict are unverified."""
        return int(np.count_nonzero(self.unverified & (self.verdict == Verdict[verdict.upper()])))

    @cached_property
    def relative_error(self) -> float:
        """Largest |claimed − numeric| / max(|claimed|, |numeric|) of the wrong entries.

        Those that are barely outside of their tolerance do not count if others are `far` outside:
        their difference is mostly the error bar's. If no entry is wrong, it is the largest of the
        entries that are ok and not so small that their tolerance exceeds them. NaN if there are
        none of these either.
        """
        wrong = self.verdict == Verdict.WRONG
        sharp = wrong & self.far if (wrong & self.far).any() else wrong
        size = np.maximum(np.abs(self.analytic), np.abs(self.numeric))
        if not sharp.any():
            sharp = (self.verdict == Verdict.OK) & ((self.tolerance < size) | (size == 0))
        if not sharp.any():
            return float("nan")
        if not np.isfinite(self.analytic[sharp]).all():
            return float("inf")
        size = size[sharp]
        with np.errstate(over="ignore", invalid="ignore"):
            off = np.abs(self.analytic[sharp] - self.numeric[sharp])
            return float(np.max(off / np.where(size > 0, size, 1)))

    @property
    def far(self) -> NDArray[np.bool_]:
        """Which entries are so far outside of their tolerance that their difference is known."""
        return self.ratio > FAR

    def worst(self, n: int) -> list[Entry]:
        """Return the `n` worst entries that were checked, in no order."""
        verdict, ratio = (
            self.verdict.ravel(),
            np.nan_to_num(self.ratio.ravel(), nan=-1.0, posinf=np.inf),
        )
        entries: list[Entry] = []
        wrong, unverified = verdict == Verdict.WRONG, self.unverified.ravel()
        for among in (wrong, ~wrong & unverified, ~wrong & ~unverified):
            places = np.flatnonzero(among & (verdict != Verdict.UNCHECKED))
            left = n - len(entries)
            if places.size > left:
                places = places[np.argsort(-ratio[places], kind="stable")[:left]]
            entries += [self.entry(int(place)) for place in places]
        return entries

    def entry(self, place: int) -> Entry:
        """Return the entry at a place of the flattened parameter."""
        index = tuple(int(i) for i in np.unravel_index(place, self.verdict.shape))
        return Entry(
            parameter=self.name,
            index=index,
            analytic=float(self.analytic[index]),
            numeric=float(self.numeric[index]),
            error=float(self.error[index]),
            ratio=float(self.ratio[index]),
            verdict=str(Verdict(int(self.verdict[index]))),
            unverified=bool(self.unverified[index]),
            reason=REASONS[int(self.reason[index])],
        )

    def __repr__(self) -> str:
        return f"ParameterCheck({self.name!r}, shape={self.verdict.shape}, counts={self.counts})"


@dataclass(frozen=True)
class Entry:
    """One entry of a gradient.

    Attributes
    ----------
    parameter : str
    index : tuple of int
    analytic, numeric : float
        Claimed, and by differences.
    error : float
        Error bar of `numeric`.
    ratio : float
        |claimed − numeric| over what it may be: above 1 is outside.
    verdict : str
    unverified : bool
        Whether the entry could not be verified though a mistake in it would matter.
    reason : str
        Why an entry could not be verified: the name of a `Reason`, ``""`` for none.
    """

    parameter: str
    index: tuple[int, ...]
    analytic: float
    numeric: float
    error: float
    ratio: float
    verdict: str
    unverified: bool = False
    reason: str = ""

    @property
    def claimed(self) -> float:
        """The claimed value: another name of `analytic`."""
        return self.analytic

    @property
    def rank(self) -> tuple[bool, bool, float]:
        """What the worst entries are sorted by: wrong ones, unverified ones, then the ratio."""
        ratio = -1.0 if math.isnan(self.ratio) else self.ratio
        return self.verdict == str(Verdict.WRONG), self.unverified, ratio
