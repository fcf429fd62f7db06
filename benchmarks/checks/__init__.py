"""What is checked or differentiated against the clock: one file a kind of function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.paired import Contender, Times

__all__ = ["PARTS", "Part", "repeated"]

PARTS = ("sequential", "residual", "network", "rosenbrock", "plain")
"""Modules in this package, each with a function `parts` that takes whether it is a quick run."""


@dataclass(frozen=True)
class Part:
    """Contenders that take turns.

    Attributes
    ----------
    title : str
    contenders : sequence of Contender
        A step is one check or one gradient.
    ratios : dict of str to (str, str)
        Measure → what the names above start with, and those below. Of several the fastest counts.
    repeats : int
    seconds : dict of str to str
        Measure → the contender whose seconds it is.
    derive : callable or None
        Takes the times and returns those of contenders that were not timed themselves.
    derived : dict of str to str
        What the table says of them, by name.
    """

    title: str
    contenders: Sequence[Contender]
    ratios: dict[str, tuple[str, str]]
    repeats: int
    seconds: dict[str, str] = field(default_factory=dict)
    derive: Callable[[Times], Times] | None = None
    derived: dict[str, str] = field(default_factory=dict)


def repeated(work: Callable[[], Any]) -> Callable[[int], None]:
    """Return what takes so many steps, each of which is this work."""

    def run(steps: int) -> None:
        for _ in range(steps):
            work()

    return run
