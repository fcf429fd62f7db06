"""How a caller is let out between two evaluations of a slow function."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from nudgegrad.monitor import Cancelled

__all__ = ["leave_if_asked", "stoppable"]

BETWEEN = 0.05
"""Seconds between two questions: asking costs a quick function nothing."""


class _Question:
    def __init__(self, asked: Callable[[], bool]) -> None:
        self.asked, self.last = asked, time.perf_counter()


_question: ContextVar[_Question | None] = ContextVar("question", default=None)


@contextmanager
def stoppable(asked: Callable[[], bool]) -> Iterator[None]:
    """While the block runs, `leave_if_asked` raises `Cancelled` once `asked` returns true."""
    token = _question.set(_Question(asked))
    try:
        yield
    finally:
        _question.reset(token)


def leave_if_asked() -> None:
    """Raise `Cancelled` if the caller wants to stop; for loops that call a user's function.

    Raises
    ------
    Cancelled
        Within `stoppable` only.
    """
    question = _question.get()
    if question is None:
        return
    now = time.perf_counter()
    if now - question.last >= BETWEEN:
        question.last = now
        if question.asked():
            raise Cancelled("stopped between two evaluations")
