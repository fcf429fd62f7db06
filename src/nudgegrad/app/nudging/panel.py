"""What the parts of the tab share: the reader's choice, and the newest view of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from nicegui import background_tasks, run, ui

from nudgegrad.app.context import EXPECTED, Context
from nudgegrad.app.nudging.bench import Bench, Choice, View

__all__ = ["Panel"]

PAUSE_SECONDS = 0.2


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
            self.refresh()

    def refresh(self) -> None:
        """Make a new view soon."""
        self._wanted = True
        if not self._running:
            self._running = True
            background_tasks.create(self._run(), name="nudge: view")

    async def _run(self) -> None:
        try:
            while self._wanted and not self._root.is_deleted:
                self._wanted = False
                asked = replace(self.choice, dark=self.context.dark)
                try:
                    view = await run.io_bound(self.bench.look, self.context.session, asked)
                except EXPECTED as error:
                    self._trouble.text, self._trouble.visible = str(error), True
                else:
                    if view is not None and not self._root.is_deleted:
                        self._show(view, asked)
                await asyncio.sleep(PAUSE_SECONDS)
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
