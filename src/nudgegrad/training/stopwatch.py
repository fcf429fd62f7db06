"""A clock that stands still while a training waits for somebody."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from nudgegrad.training.history import History

__all__ = ["Clock", "CoreStopwatch", "Stopwatch"]


class Stopwatch:
    """Seconds that were worked."""

    def __init__(self) -> None:
        self._waited = 0.0

    def now(self) -> float:
        """Return seconds since some moment, waits left out."""
        return time.perf_counter() - self._waited

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """While the block runs, no time passes."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self._waited += time.perf_counter() - started


class CoreStopwatch(Stopwatch):
    """Seconds that this thread had a core: the time of one that gives way to others."""

    def now(self) -> float:
        """Return seconds since some moment, those without a core left out."""
        return time.thread_time()

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """While the block waits, no time passes."""
        yield


class Clock:
    """Adds the time since the last tick to a history.

    Attributes
    ----------
    now : float
        The stopwatch at the last tick.
    """

    def __init__(self, history: History, stopwatch: Stopwatch) -> None:
        self._history, self._stopwatch = history, stopwatch
        self.now = stopwatch.now()

    def tick(self) -> None:
        """Add the time."""
        now = self._stopwatch.now()
        self._history.seconds += now - self.now
        self.now = now
