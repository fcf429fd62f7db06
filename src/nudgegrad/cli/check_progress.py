"""How far a long check is: a bar on a terminal, otherwise one line."""

from __future__ import annotations

import os
import sys
from types import TracebackType
from typing import TYPE_CHECKING

import click

from nudgegrad.cli.durations import format_duration

if TYPE_CHECKING:
    from rich.progress import Progress

    from nudgegrad.checker.cost import Cost

__all__ = ["CheckProgress"]


class CheckProgress:
    """Tells about one check on standard error, if it takes long; a context manager."""

    def __init__(self) -> None:
        self._live: Progress | None = None

    def announce(self, cost: Cost) -> None:
        """Say what the check is going to take, and start the bar; again if it takes longer."""
        text = (
            f"about {cost.evaluations:,} evaluations and {format_duration(cost.seconds)}, more if "
            "many entries are in doubt"
        )
        if cost.max_seconds is None:
            text += "; --max-seconds or --sample checks a part"
        elif cost.seconds > cost.max_seconds:
            text += f"; a part of them within {format_duration(cost.max_seconds)}"
        if self._live is not None:
            self._live.console.print(text)
            return
        click.echo(text, err=True)
        if os.environ.get("NO_COLOR") or not sys.stderr.isatty():
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

        self._live = Progress(
            BarColumn(bar_width=30), MofNCompleteColumn(), TimeRemainingColumn(),
            console=Console(stderr=True, highlight=False, markup=False, emoji=False),
            transient=True, redirect_stdout=sys.stdout.isatty(),
        )  # fmt: skip
        self._task = self._live.add_task("", total=cost.evaluations)
        self._live.start()

    def progress(self, done: int, total: int) -> None:
        """Move the bar."""
        if self._live is not None:
            self._live.update(self._task, completed=done, total=total)

    def __enter__(self) -> CheckProgress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._live is not None:
            self._live.stop()
