"""Ctrl-C and SIGTERM ask a run to stop; a second one does not ask."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

__all__ = ["StopRequest", "stop_on_signal"]


@dataclass
class StopRequest:
    """Whether a signal asked for a stop, and which."""

    signal_number: int | None = None

    def __bool__(self) -> bool:
        return self.signal_number is not None


@contextmanager
def stop_on_signal(*numbers: signal.Signals) -> Iterator[StopRequest]:
    """While the block runs, a first signal only sets the request.

    Signals are SIGINT and SIGTERM, unless others are given. A second one leaves at once, by
    `KeyboardInterrupt` or `SystemExit` with code 143. Shells start background jobs with SIGINT
    ignored; a run hears it all the same, since it loses nothing by it. Outside of the main thread,
    where Python allows no handlers, nothing changes.
    """
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request
        return

    def handle(number: int, _frame: FrameType | None) -> None:
        if not request:
            request.signal_number = number
        elif number == signal.SIGINT:
            raise KeyboardInterrupt
        else:
            raise SystemExit(128 + number)

    previous: dict[signal.Signals, Any] = {}
    try:
        for sent in numbers or (signal.SIGINT, signal.SIGTERM):
            previous[sent] = signal.signal(sent, handle)
        yield request
    finally:
        for sent, handler in previous.items():
            if handler is not None:  # one not set from Python cannot be set again
                signal.signal(sent, handler)
