"""A card for each training: how far it is, how fast, how good."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from nudgegrad.app import widgets
from nudgegrad.app.colours import METHOD_COLOURS, colour
from nudgegrad.app.context import Context
from nudgegrad.app.track import Track
from nudgegrad.app.train import wording
from nudgegrad.app.train.curves import holds_out, in_order
from nudgegrad.app.train.fields import learning_rate
from nudgegrad.app.train.grid import grid
from nudgegrad.app.train.steering import evaluations, progress
from nudgegrad.app.train.wording import Translate

__all__ = ["Lanes", "activity", "facts", "remark"]


def facts(_: Translate, track: Track) -> dict[str, tuple[str, str]]:
    """Return a training's numbers: key → (what it is, value)."""
    shown, kept, held = wording.accuracy, track.kept, {}
    if holds_out(track):
        found = (kept.validation_accuracy, kept.validation_loss) if kept else (None, None)
        held = {
            "held": (_("held out: accuracy"), shown(found[0])),
            "held_loss": (_("held out: loss"), wording.loss(found[1])),
        }
    return {
        "test": (_("test accuracy"), shown(track.test_accuracy)),
        "train": (_("train accuracy"), shown(track.train_accuracy)),
        **held,
        "loss": (_("loss"), wording.loss(track.losses.last)),
        "clock": (_("clock"), wording.duration(_, track.seconds)),
        "eta": (_("time left"), wording.duration(_, 0.0 if _done(track) else track.eta)),
        "rate": (_("iterations"), wording.rate(_, _rate(track))),
        "evaluations": (_("loss evaluations"), wording.count(evaluations(track))),
        "learning_rate": (
            _("learning rate"),
            f"{track.learning_rate or learning_rate(track.configuration):g}",
        ),
    }


def remark(_: Translate, track: Track, *, alone: bool = True) -> str:
    """Return a line below the numbers: what was kept, the run, and what naive would need."""
    parts = []
    if track.state == "completed" and track.message:
        text = _("Stopped early: no better epoch came for {epochs} epochs.")
        parts.append(text.format(epochs=track.configuration.patience))
    if track.best_iteration is not None:
        text = _("The weights kept are the best, after iteration {iteration}.")
        parts.append(text.format(iteration=wording.count(track.best_iteration)))
    record = track.kept
    if record is not None and record.iteration < track.iterations and track.best_iteration is None:
        text = _("Accuracies are those after iteration {iteration}.")
        parts.append(text.format(iteration=wording.count(record.iteration)))
    if track.run is not None:
        parts.append(_("Run {name}.").format(name=track.run))
    if alone and track.naive_seconds is not None and track.method != "naive":
        parts.append(
            _("naive would need {time} for this.").format(
                time=wording.duration(_, track.naive_seconds * track.planned)
            )
        )
    return " ".join(parts)


def activity(_: Translate, track: Track) -> str:
    """Return what a training does just now, an empty text where its state says all."""
    measuring = track.measuring if track.state == "training" else None
    share = "" if measuring is None else f"{100 * measuring:.0f} %"
    if track.stopping:
        text = _("stopping: measuring accuracies, {share}") if share else _("stopping")
    else:
        text = _("measuring accuracies, {share}") if share else ""
    return text.format(share=share)


def _done(track: Track) -> bool:
    return track.state == "completed"


def _rate(track: Track) -> float | None:
    """Return the rate of now, and afterwards that of the whole."""
    if track.rate is not None or not track.ended or not track.seconds:
        return track.rate
    return track.iterations / track.seconds


class Lanes:
    """The cards, made here."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.tracks: list[Track] = []
        self.lanes: list[_Lane] = []
        self.place = ui.element("div").classes("w-full").style(grid("22rem"))
        context.on_dark(self.repaint)

    def show(self) -> None:
        """Bring the cards up to date."""
        tracks = in_order(self.context.session.tracks)
        if not _same(tracks, self.tracks):
            self.tracks = tracks
            self.place.clear()
            with self.place:
                self.lanes = [_Lane(self.context, t, alone=len(tracks) == 1) for t in tracks]
        for lane in self.lanes:
            lane.show()

    def repaint(self) -> None:
        """Take the colours of the page."""
        for lane in self.lanes:
            lane.repaint()


def _same(some: Sequence[Track], others: Sequence[Track]) -> bool:
    return len(some) == len(others) and all(a is b for a, b in zip(some, others, strict=True))


class _Lane:
    def __init__(self, context: Context, track: Track, *, alone: bool) -> None:
        self.context, self.track = context, track
        _ = context._
        card = ui.element("div").classes("w-full rounded border p-3")
        card.style("border-color: #8886; min-width: 0").props(
            f'role=group aria-label="{track.method}"'
        )
        with card, ui.column().classes("w-full gap-2"):
            with ui.row().classes("w-full items-center no-wrap gap-2"):
                self.dot = ui.element("span").style(
                    "width: 0.9rem; height: 0.9rem; flex: none; border-radius: 50%"
                )
                ui.label(track.method).classes("text-base font-semibold")
                widgets.explanation(track.method, wording.describe_method(_, track.method))
                ui.space()
                self.state = ui.label().props("role=status").classes("text-sm text-right")
            self.bar = ui.linear_progress(0, show_value=False, size="10px")
            self.bar.props("rounded animation-speed=300")
            self.bar.props["aria-label"] = _("Progress of {method}").format(method=track.method)
            with ui.row().classes("w-full justify-between gap-x-3 gap-y-0"):
                self.percent = ui.label().classes("ng-number font-semibold")
                self.iterations = ui.label().classes("ng-number")
            four = "w-full m-0 grid grid-cols-2 sm:grid-cols-4 gap-x-3 gap-y-2"
            with ui.element("dl").classes(four):
                self.values = {key: self._fact(name) for key, (name, _v) in facts(_, track).items()}
            if alone:
                self.values["test"].classes("text-xl font-semibold")
            self.message = ui.label().classes("text-negative").props("role=alert")
            self.remark = ui.label().classes("text-sm text-grey-7")
            self.choose = None
            if not alone:
                self.choose = ui.button(
                    on_click=lambda: context.attempt(context.session.show, track.method)
                )
                self.choose.props("flat dense no-caps size=sm").classes("self-start")
        self.repaint()

    def _fact(self, name: str) -> ui.label:
        with ui.element("div").style("min-width: 0"):
            with ui.element("dt").classes("text-xs text-grey-7"):
                ui.label(name)
            with ui.element("dd").classes("m-0"):
                return ui.label().classes("ng-number")

    def show(self) -> None:
        """Write what is so now."""
        _, track = self.context._, self.track
        share = progress(track)
        self.state.text = activity(_, track) or self.context.state_name(track.state)
        self.bar.value = float(f"{share:.4f}")
        self.bar.props["indeterminate"] = track.state == "starting"
        self.percent.text = wording.percent(share)
        self.iterations.text = _("{done} of {planned} iterations").format(
            done=wording.count(track.iterations), planned=wording.count(track.planned)
        )
        for key, (_name, value) in facts(_, track).items():
            self.values[key].text = value
        trouble = "" if _done(track) else track.message
        self.message.text = trouble
        self.message.set_visibility(bool(trouble))
        self.remark.text = remark(_, track, alone=self.choose is None)
        self.remark.set_visibility(bool(self.remark.text))
        if self.choose is not None:
            chosen = self.context.session.main is track
            self.choose.text = (
                _("Its weights are in the other tabs")
                if chosen
                else _("Take its weights to the other tabs")
            )
            self.choose.icon = "check" if chosen else "visibility"

    def repaint(self) -> None:
        """Take the colours of the page."""
        own = colour(METHOD_COLOURS[self.track.method], dark=self.context.dark)
        self.dot.style(f"background: {own}")
        self.bar.style(f"color: {own} !important")
