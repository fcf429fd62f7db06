"""How far a download is: a bar on a terminal, otherwise lines, always on standard error."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

__all__ = ["tell_of_downloads"]

LINES = 10  # a file, where there is no terminal


@contextmanager
def tell_of_downloads(*, quiet: bool = False) -> Iterator[Callable[[str, int, int], None] | None]:
    """Give what `nudgegrad.data.load` takes as `on_progress`, and tell what it is called with."""
    if quiet:
        yield None
    elif os.environ.get("NO_COLOR") or not sys.stderr.isatty():
        yield _Lines()
    else:
        with _bars() as on_progress:
            yield on_progress


class _Lines:
    """A line for each tenth of a file."""

    def __init__(self) -> None:
        self._told: dict[str, int] = {}

    def __call__(self, name: str, done: int, size: int) -> None:
        tenth = LINES * done // size
        if self._told.get(name) != tenth:
            self._told[name] = tenth
            click.echo(f"downloading {name}: {done:,} of {size:,} bytes", err=True)


@contextmanager
def _bars() -> Iterator[Callable[[str, int, int], None]]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )  # fmt: skip

    progress = Progress(
        TextColumn("{task.description}", markup=False), BarColumn(bar_width=30), DownloadColumn(),
        TransferSpeedColumn(), TimeRemainingColumn(),
        console=Console(stderr=True, highlight=False, markup=False, emoji=False),
    )  # fmt: skip
    tasks: dict[str, TaskID] = {}

    def on_progress(name: str, done: int, size: int) -> None:
        progress.start()  # here, since most data are on the machine already
        if name not in tasks:
            tasks[name] = progress.add_task(name, total=size)
        progress.update(tasks[name], completed=done)

    try:
        yield on_progress
    finally:
        if tasks:
            progress.stop()
