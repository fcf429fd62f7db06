"""Progress of a long computation, and how it is stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Cancelled", "Monitor"]


class Cancelled(Exception):
    """A gradient was stopped between two blocks by the caller's `cancel`."""


@dataclass
class Monitor:
    """Counts loss evaluations, tells the caller, and stops when the caller says so.

    Parameters
    ----------
    total
        Loss evaluations that there will be.
    progress
        Called with (done, total) after every block.
    cancel
        Asked between blocks; a true answer raises `Cancelled`.
    """

    total: int
    progress: Callable[[int, int], Any] | None = None
    cancel: Callable[[], bool] | None = None
    done: int = 0

    def advance(self, evaluations: int) -> None:
        """Count the loss evaluations of a block that is finished."""
        self.done += evaluations
        if self.progress is not None:
            self.progress(self.done, self.total)
        if self.cancel is not None and self.cancel():
            raise Cancelled(f"stopped after {self.done} of {self.total} loss evaluations")

    def advance_beyond(self, evaluations: int) -> None:
        """Count evaluations that may be more than there were to be."""
        self.total = max(self.total, self.done + evaluations)
        self.advance(evaluations)
