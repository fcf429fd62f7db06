"""What a check costs: told before a long one, and kept within a budget."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from nudgegrad.differentiate.stopping import stoppable
from nudgegrad.monitor import Cancelled

__all__ = ["Budget", "Cost", "announce_cost"]

LONG = 5.0
"""Seconds from which a check is announced."""

TRIAL = 0.3
"""Seconds of work from which the rest is estimated."""

FIRST_LOOK = 0.7
"""Share of the time that the first look may take; the rest is for what it leaves in doubt."""


AGAIN = 1.5
"""A check that is going to take so many times what was announced is announced again."""


@dataclass(frozen=True)
class Cost:
    """What a check is going to take, as far as the entries seen so far tell.

    Attributes
    ----------
    evaluations : int
        Of the function, those for entries in doubt included.
    seconds : float
        Of what is left, at the pace of what was done.
    max_seconds : float or None
        The budget that was given.
    """

    evaluations: int
    seconds: float
    max_seconds: float | None

    def __str__(self) -> str:
        text = (
            f"about {self.evaluations:,} evaluations and {_duration(self.seconds)}, more if many "
            "entries are in doubt"
        )
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
        Evaluations of the first look, if it leaves nothing in doubt.
    max_seconds
        Time for everything, from now on.
    progress
        Called with (evaluations done, all that are expected).
    cancel
        Asked now and then; a true answer ends the check with what has been seen.
    announce
        Called with a `Cost` if it is going to take long, and again if it turns out that it is going
        to take much longer.
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
        self._planned = self._later = self._once = 0
        self._first: float | None = None
        self._announced = LONG

    def begin(self) -> None:
        """Start to measure how long an evaluation takes."""
        self._first = time.perf_counter()

    def spend(self, evaluations: int, *, planned: int | None = None, later: int = 0) -> None:
        """Count evaluations that were made.

        Parameters
        ----------
        evaluations
            How many.
        planned
            How many of `total` that was; None for all of them. Entries in doubt take more than was
            planned for them, and 0 is for what is done once, whatever the number of entries.
        later
            How many more the entries that were looked at are going to need; negative when these
            are made.
        """
        self.evaluations += evaluations
        self._planned += evaluations if planned is None else planned
        self._later += later
        self._once += evaluations if planned == 0 and later == 0 else 0
        expected = self.expected
        if self.progress is not None:
            self.progress(self.evaluations, expected)
        self._ask()
        if self.announce is None or self._first is None:
            return
        taken = time.perf_counter() - self._first
        if taken <= TRIAL:
            return
        left = taken / self.evaluations * (expected - self.evaluations)
        if taken + left > self._announced and left > LONG:
            self._announced = AGAIN * (taken + left)
            self.announce(Cost(expected, left, self.max_seconds))
            if self.max_seconds is not None:  # which holds however long all would take
                self.announce = None

    @property
    def expected(self) -> int:
        """Evaluations of the whole check, if the rest of the entries are as those seen so far."""
        seen = self.evaluations - self._once + max(self._later, 0)
        if self._planned >= self.total:
            return self._once + seen
        if self._planned > 0:
            seen = round(seen * self.total / self._planned)
        return self._once + max(seen, self.total)

    @contextmanager
    def stoppable(self) -> Iterator[None]:
        """While the block runs, `cancel` is also asked between the evaluations of a slow function.

        A true answer leaves the block, quietly, and sets `cancelled`.
        """
        with suppress(Cancelled), stoppable(self._ask):
            yield

    def over(self, share: float = 1.0) -> bool:
        """Tell whether to stop: it was cancelled, or a share of the time has gone."""
        if self.cancelled or self.max_seconds is None:
            return self.cancelled
        return time.perf_counter() - self.started > share * self.max_seconds

    def _ask(self) -> bool:
        self.cancelled = self.cancelled or (self.cancel is not None and self.cancel())
        return self.cancelled
