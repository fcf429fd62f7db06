"""The benchmarks by name, and what each of them offers."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any, Protocol, cast

from matplotlib.figure import Figure

from benchmarks.tables import Table

__all__ = ["NAMES", "Benchmark", "Document", "Say", "load"]

MODULES = {
    "steps": "steps",
    "ladder": "ladder",
    "scaling": "scaling",
    "memory": "memory",
    "cold-start": "cold_start",
    "dtypes": "dtypes",
    "checkers": "checkers",
    "vectors": "vectors",
    "check-speed": "check_speed",
    "accuracy-for-time": "accuracy",
    "page": "page",
    "models": "models",
}

NAMES = tuple(MODULES)

Document = dict[str, Any]
"""What a benchmark measured, as JSON holds it.

``measures`` maps the names that the bars refer to, to ``{"median", "min", "max"}``; ``skipped``
maps what was left out to the reason. The rest is the benchmark's own.
"""

Say = Callable[[str], None]
"""Tells the person who waits how far it is."""


class Benchmark(Protocol):
    """A module that measures one claim."""

    TITLE: str
    """Heading in the report."""

    ABOUT: str
    """How it is measured, as Markdown."""

    def measure(self, *, quick: bool, say: Say) -> Document:
        """Measure; `quick` is a trial of a few seconds whose figures mean nothing."""

    def tables(self, document: Document) -> list[Table]:
        """Return the figures as tables."""

    def figure(self, document: Document) -> Figure:
        """Draw them."""


def load(name: str) -> Benchmark:
    """Return a benchmark's module, imported when it is asked for."""
    return cast(Benchmark, importlib.import_module(f"benchmarks.{MODULES[name]}"))
