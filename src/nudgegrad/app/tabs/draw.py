"""The tab *Draw*: what the network makes of a digit of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nicegui import run, ui

from nudgegrad.app import widgets
from nudgegrad.app.context import EXPECTED
from nudgegrad.app.draw import pictures
from nudgegrad.app.draw.elements import Bars, Canvas, FileButton
from nudgegrad.app.draw.frame import Frame, frame_of
from nudgegrad.app.draw.pictures import Answer, Picture
from nudgegrad.app.draw.style import STYLE
from nudgegrad.app.shown import look_at
from nudgegrad.picture import MOST_PIXELS, PictureError

if TYPE_CHECKING:
    from nudgegrad.app.context import Context
    from nudgegrad.app.session import Session
    from nudgegrad.app.shown import Shown
    from nudgegrad.data import Dataset
    from nudgegrad.network import Network

__all__ = ["build"]

NOTHING = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E"
MOST_NAMES = 12
EXPECTED_HERE = (*EXPECTED, PictureError)


def build(context: Context) -> None:
    """Build the tab here."""
    if not context.state:
        ui.add_css(STYLE)
        context.state.update(picture=None, turn=0, pen=0.08)
    _View(context).build()


def _watched(session: Session) -> int:
    """Return the version of the weights; asking for them is what has new ones fetched."""
    track = session.main
    if track is not None:
        _ = track.network
    return session.version


class _View:
    """The tab in one browser, in one language."""

    def __init__(self, context: Context) -> None:
        self.context, self.session, self.state = context, context.session, context.state
        self.network: Network | None = None
        self.data: Dataset | None = None  # that the network learns from
        self.frame: Frame | None = None  # what its pictures are like

    @property
    def picture(self) -> Picture | None:
        shown: Picture | None = self.state["picture"]
        return shown

    def build(self) -> None:
        _ = self.context._
        self.fault = ui.label().classes("ng-note text-negative").props("role=alert")
        with ui.element("div").classes("ng-draw") as self.parts:
            for part in (self._build_canvas, self._build_answer, self._build_others):
                with ui.element("div"):
                    part()
        # What the network knows stands above the canvas, which must not move under the pen.
        self.fault.visible = self.parts.visible = False
        self.context.on_change(self._take_network, of=_watched)
        self.context.on_change(self._show_progress)

    def _build_canvas(self) -> None:
        _ = self.context._
        explained = _(
            "Draw one digit, or whatever the network knows, as large as you like: it is scaled "
            "and placed as in the pictures that the network learns from. Where those have no even "
            "background, a drawing is only scaled. The answer follows while you draw. With keys: "
            "arrows move the pen, the space bar puts it down and lifts it, Ctrl+Z takes a stroke "
            "back."
        )
        with widgets.section(_("Draw"), explained=explained):
            self.knows = ui.label().classes("ng-note").props("data-part=knows")
            hint = _("Mouse, finger or pen; or keys: arrows move, space draws, Ctrl+Z undoes.")
            self.canvas = Canvas(label=_("Drawing area"), hint=hint, on_draw=self._take_drawing)
            self.canvas.classes("w-full").set_pen(self.state["pen"])
            # On a telephone the whole answer is below the screen's edge.
            self.quick = ui.label().classes("ng-quick ng-number").props("aria-hidden=true")
            with ui.row().classes("w-full gap-2 items-center"):
                ui.button(_("Clear"), icon="delete_outline", on_click=self.canvas.wipe).props(
                    "outline"
                )
                ui.button(_("Undo"), icon="undo", on_click=self.canvas.undo).props("outline")
            widgets.slider(
                _("Width of the pen"), 100 * self.state["pen"], low=4, high=14, step=1,
                explained=_(
                    "In hundredths of the drawing area. The digits that the network learns from "
                    "have strokes of a tenth of their height; much thinner ones puzzle it."
                ),
                on_change=self._change_pen, written="{:.0f} %".format,
            )  # fmt: skip

    def _build_others(self) -> None:
        _ = self.context._
        explained = _(
            "Test images are ones that the network never trains on; each has a true label. You "
            "can draw on any picture that is shown, and see what changes the answer. A file may "
            "be a PNG or JPEG picture of up to {megabytes} MB and {megapixels} million pixels. "
            "What it shows on an even background, dark on light or light on dark, is placed as a "
            "drawing is; other pictures are only scaled. It never leaves the computer that "
            "nudgegrad runs on."
        ).format(megabytes=pictures.MOST_BYTES // 10**6, megapixels=MOST_PIXELS // 10**6)
        with widgets.section(_("Or take a picture"), explained=explained):  # noqa: SIM117
            with ui.row().classes("w-full gap-2"):
                ui.button(_("Random test image"), icon="casino", on_click=self._take_random).props(
                    "outline"
                )
                ui.button(_("Next wrong one"), icon="skip_next", on_click=self._take_wrong).props(
                    "outline"
                )
                FileButton(
                    _("Open a picture…"), on_file=self._take_file, on_fault=self._refuse_file
                )

    def _build_answer(self) -> None:
        _ = self.context._
        explained = _(
            "On the left is all that the network gets: one number a pixel. Its last layer makes a "
            "probability for each class of them; together they are 100 %. While it trains, the "
            "answers are those of the latest weights."
        )
        with widgets.section(_("What the network sees"), explained=explained):
            with ui.element("div").classes("ng-seen"):
                with ui.column().classes("gap-1"):
                    self.seen = ui.element("img").props('width="28" height="28"')
                    self.seen.props["src"], self.seen.props["alt"] = NOTHING, _("nothing yet")
                    self.origin = ui.label().classes("text-sm ng-note")
                with ui.column().classes("gap-1"):
                    self.says = ui.label().classes("ng-note")
                    self.digit = ui.label().classes("ng-digit")
                    self.truth = ui.label().classes("ng-note")
                    for label in (self.says, self.digit):
                        label.props("aria-live=polite")
            self.bars = Bars(label=_("Probability of each class")).classes("w-full")
            self.ignorant = ui.label(
                _(
                    "This network has not learned anything yet: its answers are guesses. Start a "
                    "training in the tab Train, and watch them change here."
                )
            ).classes("ng-note")
            self.progress = ui.label().classes("ng-note").props("data-part=progress")

    # What the reader does

    def _change_pen(self, percent: float) -> None:
        self.state["pen"] = percent / 100
        self.canvas.set_pen(percent / 100)

    def _take_drawing(self, raster: Any, turn: Any) -> None:
        if turn != self.state["turn"]:
            return  # sent before the picture came that is shown now
        if self.frame is None:
            return
        try:
            self.state["picture"] = pictures.from_drawing(raster, self.frame)
        except PictureError as error:
            self.context.complain(error)
        self._show()

    async def _take_random(self) -> None:
        data, frame = self.data, self.frame
        if data is not None and frame is not None:
            await self._take(
                lambda: pictures.from_test_set(data, pictures.random_index(data), frame)
            )

    async def _take_wrong(self) -> None:
        network, shown, _ = self.network, self.picture, self.context._
        data, frame = self.data, self.frame
        if network is None or data is None or frame is None:
            return
        after = shown.index if shown is not None and shown.label is not None else -1

        def choose() -> Picture | None:
            index = pictures.next_wrong(network, data, after)
            return None if index is None else pictures.from_test_set(data, index, frame)

        if not await self._take(choose):
            ui.notify(_("The network gets every test image right."))

    async def _take_file(self, content: bytes, name: str) -> None:
        frame = self.frame
        if frame is not None:
            await self._take(lambda: pictures.from_file(content, name, frame))

    def _refuse_file(self, fault: str) -> None:
        _ = self.context._
        text = (
            _("The file is too large: it may have at most {megabytes} MB.")
            if fault == "large"
            else _("The file did not arrive; try again.")
        )
        self.context.complain(text.format(megabytes=pictures.MOST_BYTES // 10**6))

    async def _take(self, choose: Any) -> bool:
        """Show a picture that is made in another thread; tell whether there was one to be had."""
        try:
            picture = await run.io_bound(choose)
        except EXPECTED_HERE as error:
            self.context.complain(error)
            return True
        if picture is None:
            return False
        self.state["picture"] = picture
        self.state["turn"] += 1
        self.canvas.lay(pictures.base_of(picture), picture.ink.shape, self.state["turn"])
        self._show()
        return True

    # What is shown

    async def _take_network(self) -> None:
        try:
            # The first time it may have to wait for the data.
            looked: tuple[Shown, Frame | None] | None = await run.io_bound(self._look)
        except EXPECTED_HERE as error:
            self._forbid(str(error))
            return
        if looked is None:  # the server is ending
            return
        shown, frame = looked
        if frame is None:
            _ = self.context._
            text = _(
                "The data set {data} has no pictures that could be drawn: this network takes "
                "{count} other numbers. Choose a data set of pictures in the tab Train."
            )
            self._forbid(text.format(data=shown.data.name, count=shown.data.features))
            return
        if self.state.setdefault("data", shown.data) is not shown.data:
            self.canvas.wipe()  # what was a test image is none of these
            self.state.update(data=shown.data, picture=None)
        self.network, self.data, self.frame = shown.network, shown.data, frame
        self.canvas.set_size(pictures.raster_of(frame), frame.shape)
        self._show_knowledge(shown.data)
        self.parts.visible, self.fault.visible = True, False
        self._show()

    def _look(self) -> tuple[Shown, Frame | None]:
        shown = look_at(self.session)
        known = shown.data is self.data
        return shown, self.frame if known else frame_of(shown.data)

    def _forbid(self, reason: str) -> None:
        self.network = None
        self.fault.text = reason
        self.parts.visible, self.fault.visible = False, True

    def _show(self) -> None:
        _, picture = self.context._, self.picture
        self.seen.props["src"] = NOTHING if picture is None else picture.png()
        height, width = (28, 28) if self.frame is None else self.frame.shape
        self.seen.props["alt"] = _(
            "The picture as the network gets it, {height} × {width} pixels"
        ).format(height=height, width=width)
        self._show_origin(picture)
        if self.network is None:
            return
        if picture is None:
            self._show_answer(pictures.no_answer(self.network), None)
        else:
            self._show_answer(pictures.answer(self.network, picture), picture)

    def _show_origin(self, picture: Picture | None) -> None:
        _ = self.context._
        if picture is None:
            self.origin.text = _("nothing yet")
        elif picture.label is not None:
            self.origin.text = _("test image {number}").format(number=f"{picture.index:,}")
        else:
            self.origin.text = picture.name or _("your drawing")

    def _show_answer(self, answer: Answer, picture: Picture | None) -> None:
        _, best = self.context._, answer.best
        if picture is None:
            self.says.text = _("Draw something, or take a picture.")
        elif best is None:
            self.says.text = _("The network has diverged: its numbers are not finite any more.")
        else:
            self.says.text = _("The network says:")
        said = "" if best is None else self._name(best)
        self.digit.text = said
        self.digit.classes(**{"add" if len(said) > 2 else "remove": "ng-word"})
        self.quick.text = (
            "" if best is None else f"{said} · {100 * (answer.probabilities[best] or 0):.1f} %"
        )
        self.truth.text = ""
        if picture is not None and picture.label is not None:
            right = best == picture.label
            text = _("Right: its label is {label}.") if right else _("Wrong: its label is {label}.")
            self.truth.text = text.format(label=self._name(picture.label))
            self.truth.classes(
                add="text-positive" if right else "text-negative",
                remove="text-negative" if right else "text-positive",
            )
        shown = pictures.ranked(answer)
        self.bars.show(
            [self._name(number) for number in shown],
            [answer.probabilities[number] for number in shown],
            None if best is None else shown.index(best),
        )

    def _name(self, label: int) -> str:
        """Return what a class is called; a label may be from data before these."""
        named = self.data is not None and label < self.data.classes
        return self.data.class_name(label) if self.data is not None and named else str(label)

    def _show_knowledge(self, data: Dataset) -> None:
        _ = self.context._
        names = [data.class_name(label) for label in range(data.classes)]
        shown = ", ".join(names[:MOST_NAMES]) + (", …" if len(names) > MOST_NAMES else "")
        text = _("The network knows {data}: {names}.")
        self.knows.text = text.format(data=data.name, names=shown)

    def _show_progress(self) -> None:
        _, track = self.context._, self.session.main
        learned = track is not None and track.iterations > 0
        self.ignorant.visible = not learned
        if track is None:
            self.progress.text = ""
            return
        text = _("{state} · {iterations} of {planned} iterations").format(
            state=self.context.state_name(track.state),
            iterations=f"{track.iterations:,}",
            planned=f"{track.planned:,}",
        )
        if learned and track.test_accuracy is not None:
            accuracy = f"{100 * track.test_accuracy:.1f} %"
            text += " · " + _("{accuracy} of the test images right").format(accuracy=accuracy)
        self.progress.text = text
