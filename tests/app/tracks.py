"""Tracks without processes, for tests of the tab Train."""

from __future__ import annotations

import itertools

from nudgegrad.app.protocol import Progress, Started
from nudgegrad.app.track import Track
from nudgegrad.training.configuration import Configuration
from nudgegrad.training.history import EpochRecord


def same(text: str) -> str:
    """Translate into English."""
    return text


def make_track(method: str = "node", iterations: int = 0, seconds: float = 0.0) -> Track:
    """Return a track that began, and after so many iterations was heard of once."""
    numbers = itertools.count()
    track = Track(Configuration(method=method, hidden_sizes=(5,)), lambda: next(numbers))
    track.take(Started("run", 16, 4, None, (), (), 0.1, "", 30.0))
    start = EpochRecord(0.0, 0, 0.1, 0.1)
    take(track, 0, 0.0, epochs=(start,))
    if iterations or seconds:
        take(track, iterations, seconds)
    return track


def take(
    track: Track, iterations: int, seconds: float, *, fraction: float = 0.0,
    epochs: tuple[EpochRecord, ...] = (), paused: bool = False, measuring: float | None = None,
) -> None:  # fmt: skip
    losses = tuple(1.0 / (1 + k) for k in range(track.iterations, iterations))
    track.take(
        Progress(paused, losses, epochs, iterations, 22 * iterations, fraction, seconds, 1.0, 2.0,
                 0.1, measuring)
    )  # fmt: skip
