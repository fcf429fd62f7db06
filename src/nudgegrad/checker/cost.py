"""What a check costs: told before a long one, and kept within a budget."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Budget", "Cost", "announce_cost"]

LONG = 5.0
"""Seconds from which a check is announced."""

TRIAL = 0.3
"""Seconds of work from which the rest is estimated."""

FIRST_LOOK = 0.7
"""Share of the time that the first look may take; the rest is for what it leaves in doubt."""


@dataclass(frozen=True)
class Cost:
    """What a check is going to take.

    Attributes
    ----------
    evaluations : int
        Of the function, for a glance at every entry; those in doubt take more.
    seconds : float
        Estimated from those done so far.
    max_seconds : float or None
        The budget that was given.
    """

    evaluations: int
    seconds: float
    max_seconds: float | None

    def __str__(self) -> str:
        text = f"{self.evaluations:,} evaluations or more, about {_duration(self.seconds)}"
        if self.max_seconds is None:
            return text + "; max_seconds= or sample= would check a part"
        if self.seconds > self.max_seconds:
            return text + f"; a part of them within {_duration(self.max_seconds)}"
        return text


def _duration(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def announce_cost(cost: Cost) -> None:
    """Write the cost to standard error, which is where a person who waits looks."""
    print(f"nudgegrad check: {cost}", file=sys.stderr, flush=True)


class Budget:
    """Counts evaluations, tells about them, and says when to stop.

    Parameters
    ----------
    total
        Evaluations of the first look.
    max_seconds
        Time for everything, from now on.
    progress
        Called with (evaluations done, total).
    cancel
        Asked now and then; a true answer ends the check with what has been seen.
    announce
        Called once with a `Cost` if it is going to take long.
    """

    def __init__(
        self,
        total: int,
        max_seconds: float | None = None,
        progress: Callable[[int, int], Any] | None = None,
        cancel: Callable[[], bool] | None = None,
        announce: Callable[[Cost], Any] | None = None,
    ) -> None:
        self.total, self.max_seconds = total, max_seconds
        self.progress, self.cancel, self.announce = progress, cancel, announce
        self.started = time.perf_counter()
        self.evaluations = 0
        self.cancelled = False
        self._first: float | None = None

    def begin(self) -> None:
        """Start to measure how long an evaluation takes."""
        self._first = time.perf_counter()

    def spend(self, evaluations: int) -> None:
        """Count evaluations that were made."""
        self.evaluations += evaluations
        if self.progress is not None:
            self.progress(min(self.evaluations, self.total), self.total)
        self.cancelled = self.cancelled or (self.cancel is not None and self.cancel())
        if self.announce is None or self._first is None:
            return
        taken = time.perf_counter() - self._first
        if taken > TRIAL:
            left = taken / self.evaluations * (self.total - self.evaluations)
            if left > LONG:
                self.announce(Cost(self.total, left, self.max_seconds))
            self.announce = None

    def over(self, share: float = 1.0) -> bool:
        """Tell whether to stop: it was cancelled, or a share of the time has gone."""
        if self.cancelled or self.max_seconds is None:
            return self.cancelled
        return time.perf_counter() - self.started > share * self.max_seconds
