"""What the parts of the tab share: the reader's choice, and the newest view of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from nicegui import background_tasks, run, ui

from nudgegrad.app.context import EXPECTED, Context
from nudgegrad.app.nudging.bench import Bench, Choice, View

__all__ = ["Panel"]

PAUSE_SECONDS = 0.2  # between two views …
SHARE = 0.3  # … and more if they take long while a training has new weights: at most so much time


class Panel:
    """Asks the bench for a view of the choice, and shows it in all parts.

    While one view is made, further changes are gathered for the next.

    Attributes
    ----------
    context : Context
    bench : Bench
    choice : Choice
        Set by `change`; what it leaves open is filled in by the first view.
    view : View or None
        The newest.
    """

    def __init__(self, context: Context) -> None:
        self.context = context
        self.bench: Bench = context.state.setdefault("bench", Bench())
        self.choice: Choice = context.state.get("choice", Choice())
        self.view: View | None = None
        self._parts: list[Callable[[View], Any]] = []
        self._wanted = self._running = False
        self._asked = asyncio.Event()  # by the reader, who does not wait
        self._root = ui.element("div").style("display: contents")
        with self._root:
            self._trouble = ui.label().classes("text-negative").props("role=alert")
        self._trouble.visible = False

    def on_view(self, show: Callable[[View], Any]) -> None:
        """Have a part show every new view."""
        self._parts.append(show)

    def change(self, **changes: Any) -> None:
        """Choose something else."""
        changed = replace(self.choice, **changes)
        if changed != self.choice:
            self.choice = self.context.state["choice"] = changed
            self.refresh(now=True)

    def refresh(self, *, now: bool = False) -> None:
        """Make a new view soon: now if the reader asks, else when there is time."""
        self._wanted = True
        if now:
            self._asked.set()
        if not self._running:
            self._running = True
            background_tasks.create(self._run(), name="nudge: view")

    async def _run(self) -> None:
        try:
            while self._wanted and not self._root.is_deleted:
                self._wanted = False
                self._asked.clear()
                asked = replace(self.choice, dark=self.context.dark)
                begun = time.monotonic()
                try:
                    view = await run.io_bound(self.bench.look, self.context.session, asked)
                except EXPECTED as error:
                    self._trouble.text, self._trouble.visible = str(error), True
                else:
                    if view is not None and not self._root.is_deleted:
                        self._show(view, asked)
                await asyncio.sleep(PAUSE_SECONDS)
                rest = (time.monotonic() - begun) * (1 - SHARE) / SHARE
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._asked.wait(), rest)
        finally:
            self._running = False

    def _show(self, view: View, asked: Choice) -> None:
        self._trouble.visible = False
        if replace(self.choice, dark=asked.dark) == asked:  # not changed meanwhile
            self.choice = self.context.state["choice"] = view.choice
        self.view = view
        with self._root:
            for show in self._parts:
                show(view)
