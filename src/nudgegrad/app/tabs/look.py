"""The tab *Look*: what the network gets right and wrong on the test data."""

from __future__ import annotations

import time
from html import escape
from typing import TYPE_CHECKING, Any

from nicegui import run, ui

from nudgegrad.app import widgets
from nudgegrad.app.context import EXPECTED
from nudgegrad.app.gallery import GALLERY_STYLE, gallery
from nudgegrad.app.looking import Findings, is_of_images, look
from nudgegrad.app.matrix import MATRIX_STYLE, Matrix
from nudgegrad.app.session import SessionError

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.figure import Figure

    from nudgegrad.app.context import Context
    from nudgegrad.app.shown import Shown

__all__ = ["build"]

SECONDS = 2.0  # between two looks while a training goes on …
SHARE = 0.25  # … or more, so that they take at most so much of the time
BATCH = 12  # pictures shown at first, and with every further click
MOST_CLASSES = 100  # of a matrix on the page; as CSV there is no end

STYLE = """
.ng-look { display: grid; gap: 0.75rem; width: 100%; grid-template-columns: minmax(0, 1fr); }
@media (min-width: 1024px) { .ng-look { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
.sr-only { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.ng-classes { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
.ng-classes th, .ng-classes td { padding: 0.2rem 0.35rem; text-align: right; white-space: nowrap; }
.ng-classes .ng-share { width: 100%; text-align: left; }
.ng-classes .ng-share div { height: 1rem; border-radius: 2px; background: #0072b2; }
.body--dark .ng-classes .ng-share div { background: #56b4e9; }
"""


def build(context: Context) -> None:
    """Build the tab here."""
    if not context.state.get("styled"):
        context.state["styled"] = True
        ui.add_css(STYLE + GALLERY_STYLE + MATRIX_STYLE)
    _Look(context)


class _Look:
    """The tab in one browser."""

    def __init__(self, context: Context) -> None:
        self.context, self.state = context, context.state
        self.shown: Shown | None = None
        self.findings: Findings | None = None
        self.of_images: bool | None = None
        self.failed_version: int | None = None
        self.rested = 0.0  # when it is time to look again
        self._make()
        context.on_change(self.follow, of=lambda session: int(time.monotonic() / SECONDS))

    # What there is

    def _make(self) -> None:
        _ = self.context._
        explained = _(
            "The network of this session predicts all test samples: those that no training sees."
        )
        with widgets.section(_("Look"), explained):
            with ui.row().classes("w-full items-center gap-4"):
                self.facts = ui.label(_("Looking …")).classes("ng-number")
                self.facts.props("role=status")
            with ui.row().classes("w-full items-center gap-4"):
                ui.button(_("Look now"), icon="refresh", on_click=self.refresh).props("unelevated")
                with ui.element("div"):
                    widgets.switch(
                        _("Follow the training"), self.state.setdefault("follow", True),
                        on_change=lambda on: self.state.update(follow=on),
                        explained=_(
                            "While the network learns, look again every two seconds, or less "
                            "often where a look takes long. Switched off, what is shown stays "
                            "until you press Look now."
                        ),
                    )  # fmt: skip
        with ui.element("div").classes("ng-look"):
            self._make_confusion()
            self._make_cell()
            self._make_classes()
            self._make_worst()

    def _make_confusion(self) -> None:
        _ = self.context._
        explained = _(
            "A row is a true class, a column what the network took it for. Right ones lie on the "
            "diagonal, in blue by their share of the class. Mistakes are orange, the more of them "
            "the stronger. Choose a cell to see its samples: click it, or go there by the arrow "
            "keys and press Enter."
        )
        with widgets.section(_("Confusion matrix"), explained):
            ui.label(_("Rows: true class. Columns: predicted class.")).classes("text-grey-7")
            self.matrix = Matrix(
                label=_("Confusion matrix"),
                cell=_("true {row}, predicted {column}: {count}"),
                on_choose=self.choose,
            )
            self.too_many = ui.label(_("These are too many classes to draw; the CSV has them all."))
            self.too_many.set_visibility(False)
            self.context.downloads(
                "confusion",
                figure=lambda: _figures().plot_confusion(self._found()),
                csv=lambda: self._found().confusion_csv(),
            )

    def _make_cell(self) -> None:
        _ = self.context._
        explained = _(
            "The samples of the chosen cell, the most confident first: true class → predicted "
            "class, the probabilities p of both, a bar for each class's probability, and the "
            "sample's index in the test data."
        )
        with widgets.section(_("Samples of a cell"), explained):
            self.cell = _Gallery(self.context, self, "cell", lambda found: _members(self, found))

    def _make_classes(self) -> None:
        _ = self.context._
        explained = _("Of each class's test samples, the share that the network assigns to it.")
        with widgets.section(_("Accuracy by class"), explained):
            self.bars = ui.html("", sanitize=False).classes("w-full")
            self.context.downloads(
                "accuracy-by-class",
                figure=lambda: _figures().plot_by_class(self._found()),
                csv=lambda: self._found().by_class_csv(),
            )

    def _make_worst(self) -> None:
        _ = self.context._
        explained = _(
            "Mistakes of which the network was surest: true class → predicted class, with the "
            "probabilities p that it gives to both."
        )
        with widgets.section(_("Worst mistakes"), explained):
            self.worst = _Gallery(self.context, self, "worst", lambda found: found.worst())

    # What happens

    @property
    def chosen(self) -> tuple[int, int] | None:
        """The cell whose samples are shown: the reader's, or that with the most mistakes."""
        if self.findings is None:
            return None
        cell: tuple[int, int] | None = self.state.get("cell")
        if cell is not None and max(cell) < len(self.findings.confusion):
            return cell
        return self.findings.most_confused()

    async def follow(self) -> None:
        """Look again if the network is another one, unless the reader wants to keep this."""
        session = self.context.session
        if self.shown is not None and not self.state["follow"]:
            return
        if session.main is not None:
            _ = session.main.network  # to ask is to have new weights fetched
        seen = self.failed_version if self.shown is None else self.shown.version
        if session.version != seen and time.monotonic() >= self.rested:
            await self.refresh()

    async def refresh(self) -> None:
        """Look at the network of now."""
        session, version = self.context.session, self.context.session.version
        begun = time.monotonic()
        try:
            result = await run.io_bound(look, session)
            self.rested = begun + (time.monotonic() - begun) / SHARE
        except EXPECTED as error:
            self.shown, self.failed_version = None, version
            self.facts.text = str(error)
            return
        if result is None or self.facts.is_deleted:
            return
        self.shown, self.findings = result
        await self._show()

    async def choose(self, row: int, column: int) -> None:
        """Show another cell's samples."""
        self.state["cell"] = (row, column)
        if self.findings is not None:
            self._draw_matrix(self.findings)
            self.cell.shown = BATCH
            await self.cell.show(self.findings)

    async def _show(self) -> None:
        _, shown, found = self.context._, self.shown, self.findings
        assert shown is not None
        assert found is not None
        text = _("{data}, test data: accuracy {accuracy}, {mistakes} mistakes in {samples}.")
        words = [
            text.format(
                data=shown.data.name, accuracy=f"{found.accuracy:.4f}",
                mistakes=f"{found.mistakes:,}", samples=f"{len(found.labels):,}",
            )
        ]  # fmt: skip
        if shown.iterations:
            after = _("Weights after about {iterations} iterations.")
            words.append(after.format(iterations=f"{shown.iterations:,}"))
        else:
            words.append(_("These are the starting weights: nothing is learnt yet."))
        if len(found.labels) < len(shown.data.t_test):
            words.append(_("Only the first samples are looked at."))
        if found.undefined:
            words.append(
                _("{count} samples have no finite outputs; they count as class {name}.").format(
                    count=f"{found.undefined:,}", name=found.names[0]
                )
            )
        self.facts.text = " ".join(words)
        self._draw_matrix(found)
        self.bars.content = _bars(found, _)
        of_images = is_of_images(found.data)
        if of_images != self.of_images:
            self.of_images = of_images
            self.cell.make_downloads(images=of_images)
            self.worst.make_downloads(images=of_images)
        await self.cell.show(found)
        await self.worst.show(found)

    def _draw_matrix(self, found: Findings) -> None:
        few = len(found.confusion) <= MOST_CLASSES
        self.matrix.show(found.confusion.tolist() if few else [], found.names, self.chosen)
        self.too_many.set_visibility(not few)

    def _found(self) -> Findings:
        if self.findings is None:
            raise SessionError("nothing has been looked at yet")
        return self.findings


class _Gallery:
    """Some samples as pictures, and more of them when asked."""

    def __init__(
        self, context: Context, tab: _Look, name: str, choose: Callable[[Findings], Any]
    ) -> None:
        _ = context._
        self.context, self.tab, self.name, self.choose = context, tab, name, choose
        self.shown = BATCH
        self.count = ui.label("").classes("ng-number").props("role=status")
        self.pictures = ui.html("", sanitize=False).classes("w-full")
        with ui.row().classes("items-center gap-2"):
            self.more = ui.button(_("Show more"), icon="expand_more", on_click=self._show_more)
            self.more.props("outline").set_visibility(False)
            self.buttons = ui.row()

    def make_downloads(self, *, images: bool) -> None:
        """Offer what can be downloaded; a picture only of images."""
        tab = self.tab
        self.buttons.clear()
        with self.buttons:
            self.context.downloads(
                {"cell": "samples-of-a-cell", "worst": "worst-mistakes"}[self.name],
                figure=(lambda: self._figure(tab._found())) if images else None,
                csv=lambda: tab._found().predictions_csv(self.choose(tab._found())),
            )

    async def show(self, found: Findings) -> None:
        """Draw the samples anew."""
        _ = self.context._

        def make() -> tuple[Any, str]:
            indices = self.choose(found)
            return indices, gallery(found, indices[: self.shown], _)

        made = await run.io_bound(make)
        if made is None or self.pictures.is_deleted:
            return
        indices, html = made
        count, shown = len(indices), min(self.shown, len(indices))
        chosen = self.tab.chosen
        head = ""
        if self.name == "cell" and chosen is not None:
            head = _("True {true}, predicted {predicted}:").format(
                true=found.names[chosen[0]], predicted=found.names[chosen[1]]
            )
        some = _("{shown} of {count} samples").format(shown=shown, count=f"{count:,}")
        none = _("no samples")
        self.count.text = f"{head} {some if count else none}".strip()
        self.pictures.content = html
        self.more.set_visibility(shown < count)

    async def _show_more(self) -> None:
        self.shown += BATCH
        if self.tab.findings is not None:
            await self.show(self.tab.findings)

    def _figure(self, found: Findings) -> Figure:
        indices = self.choose(found)[: self.shown].tolist()
        if not indices:
            raise SessionError("there are no samples to draw")
        figure: Figure = _figures().plot_predictions(found, indices)
        return figure


def _members(tab: _Look, found: Findings) -> Any:
    chosen = tab.chosen
    return found.members(*chosen) if chosen is not None else found.worst()[:0]


def _bars(found: Findings, _: Callable[[str], str]) -> str:
    rows = "".join(
        f'<tr><th scope="row">{escape(found.names[c.label])}</th><td class="ng-share">'
        f'<div style="width: {100 * (c.share or 0):.2f}%"></div></td>'
        f"<td>{'–' if c.share is None else f'{c.share:.4f}'}</td>"
        f"<td>{c.right:,} / {c.samples:,}</td></tr>"
        for c in found.by_class()
    )
    name, accuracy, counts = _("class"), _("accuracy"), _("right / all")
    head = (
        f'<tr><th scope="col">{name}</th><td></td><th scope="col">{accuracy}</th>'
        f'<th scope="col">{counts}</th></tr>'
    )
    return f'<table class="ng-classes"><thead>{head}</thead><tbody>{rows}</tbody></table>'


def _figures() -> Any:
    from nudgegrad.app import look_figures  # matplotlib takes a second

    return look_figures
