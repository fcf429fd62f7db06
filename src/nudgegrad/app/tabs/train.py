"""The tab *Train*: one training or a race, its settings, its curves, and the runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nicegui import ui

from nudgegrad.app import widgets
from nudgegrad.app.train.charts_view import Charts
from nudgegrad.app.train.controls_view import Controls
from nudgegrad.app.train.lanes_view import Lanes
from nudgegrad.app.train.runs_view import Runs
from nudgegrad.app.train.settings_view import Settings
from nudgegrad.app.train.steering import Paced

if TYPE_CHECKING:
    from nudgegrad.app.context import Context
    from nudgegrad.app.session import Session

__all__ = ["build"]

WORDS_SECONDS, CHARTS_SECONDS = 0.25, 0.5


def build(context: Context) -> None:
    """Build the tab here."""
    _ = context._
    columns = "w-full grid gap-3 grid-cols-1 lg:grid-cols-[minmax(0,1fr)_23rem] items-start"
    with ui.element("div").classes(columns):
        with ui.column().classes("w-full gap-3").style("min-width: 0"):
            with widgets.section(
                _("Train"),
                explained=_(
                    "A network learns to tell pictures apart, handwritten digits unless you choose "
                    "others. Every gradient comes from "
                    "numerical differentiation, unless the method is backprop: nudge, see how the "
                    "loss moves, and go where it falls."
                ),
            ):
                controls = Controls(context)
                lanes = Lanes(context)
            with widgets.section(_("Curves")):
                charts = Charts(context)
        with widgets.section(_("Settings")):
            settings = Settings(context)
    with ui.element("div").classes("w-full mt-3"), widgets.section(
        _("Runs"),
        explained=_(
            "Every training leaves a folder with its settings, history and weights. Those of the "
            "command line are here too. An opened run shows its curves, and its weights in the "
            "other tabs; what was stopped can go on."
        ),
    ):  # fmt: skip
        runs = Runs(context)

    def show() -> None:
        controls.show()
        lanes.show()

    context.on_change(show, of=Paced(WORDS_SECONDS))
    context.on_change(charts.show, of=Paced(CHARTS_SECONDS))
    context.on_change(settings.fill, of=lambda session: session.settings)
    context.on_change(settings.lock, of=lambda session: session.busy)
    context.on_change(runs.look, of=_ended)


def _ended(session: Session) -> list[tuple[str | None, bool]]:
    return [(track.run, track.ended) for track in session.tracks.values()]
