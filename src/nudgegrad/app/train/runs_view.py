"""The runs in the folder, to open."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from nicegui import run, ui

from nudgegrad.app.context import EXPECTED, Context
from nudgegrad.app.runs import RunFacts
from nudgegrad.app.session import Session
from nudgegrad.app.train import wording
from nudgegrad.app.train.wording import Translate

__all__ = ["Runs", "facts", "outcome_name", "why_not"]

PAGE = 10


def outcome_name(_: Translate, outcome: str) -> str:
    """Return what a run's outcome is called."""
    names = {
        "completed": _("completed"),
        "interrupted": _("stopped"),
        "diverged": _("diverged"),
        "unfinished": _("unfinished"),
    }
    return names.get(outcome, outcome)


def facts(_: Translate, found: RunFacts, *, under_way: bool = False) -> list[str]:
    """Return a run's line in parts, those that are known."""
    settings = found.configuration
    parts = [
        _("training now") if under_way else outcome_name(_, found.outcome),
        Path(settings.data).name,
        f"{settings.model} {_written(settings.hidden_sizes)}",
        settings.method,
    ]
    if found.iterations is not None:
        parts.append(_("{number} iterations").format(number=wording.count(found.iterations)))
    if found.test_accuracy is not None:
        parts.append(_("test {accuracy}").format(accuracy=wording.accuracy(found.test_accuracy)))
    if found.seconds is not None:
        parts.append(wording.duration(_, found.seconds))
    return parts


def _written(sizes: tuple[int, ...]) -> str:
    """Return hidden sizes, several equal ones as ``6 × 100``."""
    if len(sizes) > 1 and len(set(sizes)) == 1:
        return f"{len(sizes)} × {sizes[0]}"
    return "-".join(map(str, sizes)) or "0"


def why_not(_: Translate, session: Session, name: str, error: Exception | None = None) -> str:
    """Return why a run cannot be opened, or an empty text if nothing speaks against it."""
    if not (session.runs / name).is_dir():
        return _("The run {name} is no longer there: it was deleted meanwhile.").format(name=name)
    if session.busy:
        return _("A training is under way. Stop it first, then open a run.")
    return "" if error is None else str(error)


class Runs:
    """The list, made here."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.found: list[RunFacts] = []
        self.listed: tuple[list[RunFacts], set[str | None]] | None = None
        self.limit = PAGE
        _ = context._
        with ui.row().classes("items-center gap-2"):
            refresh = ui.button(_("Look again"), icon="refresh", on_click=self.look)
            refresh.props("flat dense no-caps")
            self.where = ui.label().classes("text-sm text-grey-7")
        self.rows = ui.element("ul").classes("w-full m-0 p-0").style("list-style: none")
        self.more = ui.button(_("Show more"), on_click=self._show_more)
        self.more.props("flat dense no-caps")

    async def look(self) -> None:
        """Read the folder anew."""
        self.found = await run.io_bound(self.context.session.list_runs) or []
        listed = self.found, self._under_way()
        if listed != self.listed:  # a list made anew loses the click that is on its way
            self.listed = listed
            self.show()

    def show(self) -> None:
        """List what was found."""
        _, session = self.context._, self.context.session
        self.where.text = _("{number} in {folder}").format(
            number=len(self.found), folder=session.runs
        )
        self.rows.clear()
        with self.rows:
            if not self.found:
                with ui.element("li"):
                    ui.label(_("No runs yet. Every training is kept here, and can be opened."))
            for found in self.found[: self.limit]:
                self._row(found)
        self.more.set_visibility(len(self.found) > self.limit)

    def _row(self, found: RunFacts) -> None:
        _ = self.context._
        row = ui.element("li").classes("w-full flex flex-nowrap items-center gap-3 py-2 border-t")
        with row.style("border-color: #8884"):
            with ui.column().classes("gap-0 grow").style("min-width: 0"):
                with ui.row().classes("items-baseline gap-x-3 gap-y-0"):
                    ui.label(found.name).classes("font-semibold")
                    when = datetime.fromtimestamp(found.changed)
                    ui.label(f"{when:%Y-%m-%d %H:%M}").classes("text-sm text-grey-7 ng-number")
                ui.label(
                    " · ".join(facts(_, found, under_way=found.name in self._under_way()))
                ).classes("text-sm ng-number")
            button = ui.button(_("Open"), on_click=lambda: self.open(found.name))
            button.props("outline dense no-caps").classes("px-3 shrink-0 whitespace-nowrap")
            button.props["aria-label"] = _("Open {name}").format(name=found.name)

    def _under_way(self) -> set[str | None]:
        return {track.run for track in self.context.session.tracks.values() if not track.ended}

    async def open(self, name: str) -> None:
        """Show a run in the page, or say why not."""
        _, session = self.context._, self.context.session
        problem = why_not(_, session, name)
        if not problem:
            try:
                await run.io_bound(session.open_run, name)
            except EXPECTED as error:
                problem = why_not(_, session, name, error)
        if problem:
            self.context.complain(problem)
            await self.look()
        else:
            ui.notify(_("Opened {name}.").format(name=name), type="positive")
            ui.run_javascript("window.scrollTo({top: 0})")

    def _show_more(self) -> None:
        self.limit += 5 * PAGE
        self.show()
