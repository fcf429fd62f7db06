"""Times of contenders that take turns, and ratios of them within a turn.

A machine that slows down for a while slows all contenders of that repeat, so that a ratio formed
within a repeat, and the median of these over the repeats, hardly move.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.registry import Say
from benchmarks.threads import BlasThreads

__all__ = ["Contender", "Times", "best", "paired_ratio", "spread", "take_turns", "thread_suffix"]

PAUSE = 0.05  # seconds in which the thread pools of the one before stop spinning
TURN = 0.15  # seconds that a turn takes at least, whoever's: a processor needs some to wake up

Times = dict[str, list[float]]
"""Seconds a step of each contender, one for each repeat."""


@dataclass
class Contender:
    """Something that takes steps.

    Attributes
    ----------
    name : str
    run : callable
        Takes so many steps.
    steps : int
        Of one turn; several times as many if they take less than `TURN`.
    most_steps : int or None
        How many `run` can take in one call.
    threads : int or None
        How many it runs on, for the tables. None: as it chooses by itself.
    blas_threads : int or None
        What NumPy's BLAS is limited to for its turn.
    enter : callable or None
        Sets up its own thread pool before a turn.
    weights : callable or None
        Returns W1, b1, W2, b2, …, so that what it learned can be tested.
    note : str
    """

    name: str
    run: Callable[[int], Any]
    steps: int = 50
    most_steps: int | None = None
    threads: int | None = None
    blas_threads: int | None = None
    enter: Callable[[], Any] | None = None
    weights: Callable[[], Sequence[Any]] | None = None
    note: str = ""


def take_turns(
    contenders: Sequence[Contender], *, repeats: int, say: Say, pause: float = PAUSE,
    turn: float = TURN,
) -> Times:  # fmt: skip
    """Time a block of steps of every contender, over and over.

    A turn is a pause, a fifth of the block untimed, and the block. Each repeat starts with another
    contender. A first round is not counted: compilers compile in it, and how many steps fill a turn
    is found out.
    """
    pools = BlasThreads()
    times: Times = {contender.name: [] for contender in contenders}
    for repeat in range(repeats + 1):
        say(f"repeat {repeat} of {repeats}" if repeat else "warming up")
        first = repeat % max(1, len(contenders))
        for contender in (*contenders[first:], *contenders[:first]):
            with pools.limit(contender.blas_threads):
                if contender.enter is not None:
                    contender.enter()
                time.sleep(pause)
                contender.run(-(-contender.steps // 5))
                started = time.perf_counter()
                contender.run(contender.steps)
                seconds = time.perf_counter() - started
                if not repeat:
                    _fill(contender, turn)
            if repeat:
                times[contender.name].append(seconds / contender.steps)
    return times


def _fill(contender: Contender, turn: float) -> None:
    """Find out how many steps fill a turn, and take them once: they may be compiled for."""
    for _ in range(2):  # the first time counts what is compiled
        started = time.perf_counter()
        contender.run(contender.steps)
        seconds = time.perf_counter() - started
    times = max(1, math.ceil(turn / seconds))
    if contender.most_steps is not None:
        times = max(1, min(times, contender.most_steps // contender.steps))
    contender.steps *= times
    contender.run(-(-contender.steps // 5))
    contender.run(contender.steps)


def thread_suffix(threads: int | None) -> str:
    """Return how a contender's name ends that runs on so many threads; None: as it chooses."""
    return "" if threads is None else f", {threads} thread{'s'[: threads > 1]}"


def spread(values: Iterable[float]) -> dict[str, float]:
    """Return median, min and max."""
    array = np.asarray(list(values), dtype=float)
    return {"median": float(np.median(array)), "min": float(array.min()), "max": float(array.max())}


def best(times: Mapping[str, Sequence[float]], names: Iterable[str]) -> str | None:
    """Return the name of the lowest median among those that were timed, or None."""
    timed = [name for name in names if times.get(name)]
    return min(timed, key=lambda name: float(np.median(times[name])), default=None)


def paired_ratio(
    times: Mapping[str, Sequence[float]], over: Iterable[str], under: Iterable[str]
) -> dict[str, Any] | None:
    """Return the spread of a ratio formed within each repeat; of several, the best counts.

    Returns
    -------
    dict or None
        Median, min, max, and the names ``"over"`` and ``"under"`` that it is of. None if one side
        was not timed.
    """
    a, b = best(times, over), best(times, under)
    if a is None or b is None:
        return None
    return {
        **spread(x / y for x, y in zip(times[a], times[b], strict=True)),
        "over": a,
        "under": b,
    }
