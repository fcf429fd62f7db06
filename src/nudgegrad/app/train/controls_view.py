"""The buttons that steer trainings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui import run, ui

from nudgegrad.app import widgets
from nudgegrad.app.context import EXPECTED, Context
from nudgegrad.app.train import steering

__all__ = ["Controls"]


class Controls:
    """Start, Pause or Continue, Stop, Reset and Race, made here."""

    def __init__(self, context: Context) -> None:
        self.context = context
        _, session = context._, context.session
        with ui.row().classes("items-center gap-2"):
            self.start = self._button(_("Start"), "play_arrow", session.start, "unelevated")
            self.hold = self._button(_("Pause"), "pause", self._hold)
            self.stop = self._button(_("Stop"), "stop", session.stop)
            self.reset = self._button(_("Reset"), "restart_alt", session.reset)
            self.race = self._button(
                _("Race: all four"), "flag", lambda: session.race(methods=steering.RACE)
            )
            widgets.explanation(
                _("Train"),
                _(
                    "Start trains with the settings. Pause stops the clock, Continue goes on, "
                    "after Stop too. Stop ends and saves. Reset goes back to the starting "
                    "weights: with the same seed, the same start and the same numbers. Race "
                    "trains by all four methods at once, each in a process of its own; naive "
                    "gives way to the others, and its clock counts only the time that it gets."
                ),
            )
        self.words = ui.label().props("role=status aria-live=polite")

    def show(self) -> None:
        """Let be pressed what can be done now."""
        _, allowed = self.context._, steering.allowed(self.context.session)
        self.start.set_enabled(allowed.start)
        self.race.set_enabled(allowed.start)
        self.stop.set_enabled(allowed.stop)
        self.reset.set_enabled(allowed.reset)
        self.hold.set_enabled(allowed.pause or allowed.resume)
        self.hold.text = _("Continue") if allowed.resume else _("Pause")
        self.hold.icon = "play_circle" if allowed.resume else "pause"
        self.words.text = steering.guidance(_, self.context.session)

    def _hold(self) -> None:
        session = self.context.session
        (session.resume if steering.allowed(session).resume else session.pause)()

    def _button(
        self, text: str, icon: str, action: Callable[[], Any], style: str = "outline"
    ) -> ui.button:
        async def press() -> None:
            try:  # a process takes a moment to start, and the page does not wait
                await run.io_bound(action)
            except EXPECTED as error:
                self.context.complain(error)
            self.show()

        return ui.button(text, icon=icon, on_click=press).props(f"{style} no-caps")
