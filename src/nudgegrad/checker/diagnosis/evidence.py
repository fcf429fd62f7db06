"""What a diagnosis starts from: one parameter's wrong entries, and what the others tell."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.checker.report.content import printable
from nudgegrad.checker.report.parameter import ParameterCheck
from nudgegrad.checker.verdict import Verdict

__all__ = ["SHARE", "Context", "Evidence"]

Array = NDArray[Any]
Mask = NDArray[np.bool_]

SHARE = 0.99  # of the wrong entries must follow a pattern, or it is none


@dataclass(frozen=True)
class Context:
    """What is known beyond one parameter.

    Attributes
    ----------
    lengths : dict of int to str
        Axis length → the first parameter that has it.
    """

    lengths: dict[int, str]

    @classmethod
    def of(cls, checks: Iterable[ParameterCheck]) -> Context:
        """Collect the parameters' dimensions."""
        lengths: dict[int, str] = {}
        for check in checks:
            for length in check.verdict.shape:
                lengths.setdefault(length, printable(check.name))
        return cls(lengths)


@dataclass(frozen=True, eq=False)
class Evidence:
    """One parameter, seen by what its entries can tell. Arrays have at least one axis."""

    check: ParameterCheck

    @cached_property
    def analytic(self) -> Array:
        """The claimed gradient."""
        return np.atleast_1d(self.check.analytic)

    @cached_property
    def numeric(self) -> Array:
        """The measured gradient."""
        return np.atleast_1d(self.check.numeric)

    @cached_property
    def value(self) -> Array:
        """The parameter."""
        return np.atleast_1d(self.check.value)

    @cached_property
    def tolerance(self) -> Array:
        """What an entry may be off."""
        return np.atleast_1d(self.check.tolerance)

    @cached_property
    def lost(self) -> Mask:
        """Checked entries whose claimed gradient is NaN or infinite."""
        return np.atleast_1d(self.check.checked & ~np.isfinite(self.check.analytic))

    @cached_property
    def known(self) -> Mask:
        """Entries with a certain verdict, ok or wrong, and finite numbers."""
        verdict = np.atleast_1d(self.check.verdict)
        finite = np.isfinite(self.analytic) & np.isfinite(self.numeric)
        return np.asarray(((verdict == Verdict.OK) | (verdict == Verdict.WRONG)) & finite)

    @cached_property
    def wrong(self) -> Mask:
        """Wrong entries that are numbers."""
        return np.asarray(self.known & np.atleast_1d(self.check.verdict == Verdict.WRONG))

    @cached_property
    def right(self) -> Mask:
        """Entries that are ok, and would not be if the wrong ones' pattern held for them.

        A pattern such as a factor is invisible where the gradient is zero.
        """
        return self.known & ~self.wrong & (np.abs(self.numeric) > 3 * self.tolerance)

    @cached_property
    def off(self) -> Array:
        """Claimed minus measured, of the wrong entries."""
        return self.analytic[self.wrong] - self.numeric[self.wrong]

    @cached_property
    def telling(self) -> Mask:
        """Which wrong entries are so far off that a pattern that fits them means something."""
        return np.atleast_1d(self.check.far)[self.wrong]

    @property
    def can_tell(self) -> bool:
        """Whether there are enough such entries."""
        return bool(self.telling.any()) and float(self.telling.mean()) >= 0.2

    def explained_by(self, predicted: Array, slack: float | Array = 1.0) -> bool:
        """Tell whether the wrong entries are what a pattern predicts of all entries.

        Parameters
        ----------
        predicted
            What the claimed gradient would be. NaN counts as not explained.
        slack
            By how much the pattern multiplies the error of a measured entry.
        """
        if not self.can_tell:
            return False
        residual = np.abs(self.analytic - predicted)[self.wrong]
        limit = self._limit(predicted, slack)[self.wrong]
        # What fits must also be far nearer than the measured gradient itself.
        limit = np.where(self.telling, np.minimum(limit, 0.2 * np.abs(self.off)), limit)
        return bool(np.mean(residual <= limit) >= SHARE)

    def holds_everywhere(self, predicted: Array, slack: float | Array = 1.0) -> bool:
        """Tell whether the entries that are ok fit the pattern too, within what is known."""
        known = self.known & np.isfinite(predicted)
        residual = np.abs(self.analytic - predicted)[known]
        return bool(np.mean(residual <= self._limit(predicted, slack)[known]) >= SHARE)

    def _limit(self, predicted: Array, slack: float | Array) -> Array:
        limit = 3 * np.maximum(slack, 1) * self.tolerance + 1e-6 * np.abs(predicted)
        return np.asarray(limit)
