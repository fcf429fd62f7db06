"""The charts of losses and accuracies, and what can be downloaded of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from matplotlib.figure import Figure
from nicegui import ui

from nudgegrad.app import widgets
from nudgegrad.app.context import Context
from nudgegrad.app.session import SessionError
from nudgegrad.app.track import Track
from nudgegrad.app.train import curves, files
from nudgegrad.app.train.grid import grid

__all__ = ["Charts"]


class Charts:
    """The charts, made here."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.tracks: list[Track] = []
        self.style: tuple[str, bool] | None = None
        _ = context._
        with ui.row().classes("items-center gap-x-3 gap-y-0"):
            ui.label(_("Along x:"))
            options = {
                "auto": _("what suits"),
                "iterations": _("iterations"),
                "seconds": _("seconds"),
            }
            radio = ui.radio(options, value=context.state.get("along", "auto"))
            radio.props("inline dense color=primary").props["aria-label"] = _("Along x:")
            radio.on_value_change(lambda event: self._choose(event.value))
            widgets.explanation(
                _("Along x:"),
                _(
                    "By iterations all methods draw the same curve, since they take the same "
                    "steps: in a race the lines lie on each other, the lower ones wider. By "
                    "seconds each runs on its own clock; a race then has a logarithmic axis. "
                    "What suits is iterations for one training, and seconds for a race."
                ),
            )
        with ui.element("div").classes("w-full").style(grid("21rem", "1rem")):
            with ui.column().classes("w-full gap-0").style("min-width: 0"):
                ui.label(_("Loss of mini-batches")).classes("font-semibold")
                self.losses = context.line_chart(
                    [], title=_("Loss of mini-batches"), x=_("iterations"), y=_("loss"),
                    y_range=(0, None), height="17rem",
                )  # fmt: skip
                context.downloads("loss", figure=lambda: self._draw(files.draw_losses))
            with ui.column().classes("w-full gap-0").style("min-width: 0"):
                self.heading = ui.label().classes("font-semibold")
                self.accuracies = context.line_chart(
                    [], title=_("Accuracy"), x=_("iterations"), y=_("accuracy"),
                    y_range=(0, 1), height="17rem",
                )  # fmt: skip
                with ui.row().classes("items-center gap-2"):
                    context.downloads("accuracy", figure=lambda: self._draw(files.draw_accuracies))
        with ui.row().classes("items-center gap-2"):
            ui.label(_("All numbers:"))
            context.downloads("history", csv=self._write)

    @property
    def along(self) -> str:
        """What is along x: ``"iterations"`` or ``"seconds"``."""
        chosen = str(self.context.state.get("along", "auto"))
        if chosen in curves.SCALES:
            return chosen
        return "seconds" if len(self.context.session.tracks) > 1 else "iterations"

    def show(self) -> None:
        """Draw what is so now."""
        _ = self.context._
        tracks = curves.in_order(self.context.session.tracks)
        along, race = self.along, len(tracks) > 1
        methods = [track.method for track in tracks]
        if methods != [track.method for track in self.tracks] or self.style != (along, race):
            self.style = along, race
            name = _("seconds") if along == "seconds" else _("iterations")
            self.heading.text = (
                _("Test accuracy") if race else _("Accuracy: train solid, test dashed")
            )
            for chart, lines in (
                (self.losses, curves.loss_lines),
                (self.accuracies, curves.accuracy_lines),
            ):
                chart.set_x(name, logarithmic=race and along == "seconds")
                chart.set_lines(lines(_, tracks) if tracks else [])
        self.tracks = tracks
        self.losses.show(curves.loss_curves(tracks, along))
        self.accuracies.show(curves.accuracy_curves(tracks, along))

    def _choose(self, along: str) -> None:
        self.context.state["along"] = along
        self.show()

    def _shown(self) -> Sequence[Track]:
        tracks = curves.in_order(self.context.session.tracks)
        if not tracks:
            raise SessionError(self.context._("There is nothing to download yet: press Start."))
        return tracks

    def _draw(self, draw: Callable[[Sequence[Track], str], Figure]) -> Figure:
        return draw(self._shown(), self.along)

    def _write(self) -> str:
        return files.write_history(self.context.session.runs, self._shown())
