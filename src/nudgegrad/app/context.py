"""What a tab is given to build itself with."""

from __future__ import annotations

import inspect
import io
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nicegui import app as nicegui_app
from nicegui import run, ui
from nicegui.slot import Slot

from nudgegrad.app.charts import Line, LineChart
from nudgegrad.app.session import Session, SessionError
from nudgegrad.app.texts import Texts
from nudgegrad.files import FileError
from nudgegrad.validation import ParameterError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EXPECTED", "Context"]

EXPECTED = (SessionError, ParameterError, FileError, OSError)
"""Errors whose messages are for the reader."""

UNSEEN = object()


@dataclass
class _Watch:
    callback: Callable[[], Any]
    of: Callable[[Session], Any]
    every: float
    slot: Slot
    last: Any = UNSEEN
    called: float = -math.inf


class Context:
    """The session, texts and helpers, for one tab in one browser.

    A new one is made when the language is switched; `state` outlives that.

    Parameters
    ----------
    session, texts
    state
        The tab's own values.
    is_dark
        Whether the page is dark now.

    Attributes
    ----------
    session : Session
    texts : Texts
    state : dict
        For what the tab has to remember of this browser, such as a step or a drawing.
    """

    def __init__(
        self, session: Session, texts: Texts, state: dict[str, Any], is_dark: Callable[[], bool]
    ) -> None:
        self.session, self.texts, self.state = session, texts, state
        self._is_dark = is_dark
        self._watches: list[_Watch] = []
        self._charts: list[LineChart] = []
        self._on_dark: list[Callable[[], Any]] = []

    def _(self, text: str) -> str:
        """Return an English text in the reader's language; write ``_ = context._`` first."""
        return self.texts(text)

    @property
    def language(self) -> str:
        """``"en"``, ``"zh_CN"`` or ``"ja"``."""
        return self.texts.language

    @property
    def dark(self) -> bool:
        """Whether the page is dark."""
        return self._is_dark()

    def state_name(self, state: str) -> str:
        """Return what a `Track.state` is called."""
        _ = self._
        return {
            "starting": _("getting ready"),
            "training": _("training"),
            "paused": _("paused"),
            "completed": _("completed"),
            "stopped": _("stopped"),
            "diverged": _("diverged"),
            "failed": _("failed"),
        }[state]

    # What changes by itself

    def on_change(
        self, callback: Callable[[], Any],
        of: Callable[[Session], Any] = lambda session: session.revision,
        *, every: float = 0.4,
    ) -> None:  # fmt: skip
        """Have the callback called when something of the session changes.

        It is looked at only while the tab is in front and its browser is there. The callback may
        be a coroutine function; elements that it makes go where `on_change` was called.

        Parameters
        ----------
        callback
            Called without arguments, once as soon as the tab is shown.
        of
            What to compare, such as ``lambda session: session.version`` for the weights.
        every
            Seconds between two calls, at least 0.2. A browser that draws takes a share of the
            cores that train, so choose no less than is needed.
        """
        self._watches.append(_Watch(callback, of, every, ui.context.slot))

    async def tick(self) -> None:
        """Call the callbacks of what has changed; the page does this."""
        for watch in self._watches:
            # A tick may come a little early; the callback must not wait for another one then.
            if time.monotonic() - watch.called < watch.every - 0.05:
                continue
            try:
                now = watch.of(self.session)
                if now == watch.last:
                    continue
                watch.last, watch.called = now, time.monotonic()
                with watch.slot:
                    result = watch.callback()
                    if inspect.isawaitable(result):
                        await result
            except EXPECTED as error:
                with watch.slot:
                    self.complain(error)
            except Exception as error:
                nicegui_app.handle_exception(error)

    def on_dark(self, callback: Callable[[], Any]) -> None:
        """Have the callback called when the page becomes dark or light; charts do it by itself."""
        self._on_dark.append(callback)

    def repaint(self) -> None:
        """Bring charts into the colours of the page; the page does this."""
        for chart in self._charts:
            chart.style()
        for callback in self._on_dark:
            callback()

    # What the reader does

    def attempt(self, action: Callable[..., Any], *args: Any, **options: Any) -> bool:
        """Call something that may be refused; show why if it is, and tell whether it was done."""
        try:
            action(*args, **options)
        except EXPECTED as error:
            self.complain(error)
            return False
        return True

    def complain(self, error: Exception | str) -> None:
        """Show an error's message."""
        close = {"label": self._("Close"), "color": "white"}
        ui.notify(str(error), type="negative", multi_line=True, actions=[close])

    # Helpers

    def line_chart(self, lines: Sequence[Line], **options: Any) -> LineChart:
        """Make a chart of lines here; options are those of `LineChart`."""
        chart = LineChart(self, lines, **options)
        self._charts.append(chart)
        return chart

    def downloads(
        self, name: str, *, figure: Callable[[], Figure] | None = None,
        csv: Callable[[], str] | None = None,
    ) -> None:  # fmt: skip
        """Make buttons that download a figure as PNG and SVG, and its numbers as CSV.

        Parameters
        ----------
        name
            Of the files, without suffix.
        figure
            Draws it, in another thread, when it is asked for.
        csv
            Returns the text of the CSV file.
        """
        _ = self._

        def content(kind: str) -> bytes:
            if kind == "csv":
                return csv().encode() if csv else b""
            stream = io.BytesIO()
            if figure:
                figure().savefig(stream, format=kind, bbox_inches="tight")
            return stream.getvalue()

        async def send(kind: str) -> None:
            try:
                made = await run.io_bound(content, kind)
            except EXPECTED as error:
                self.complain(error)
            else:
                ui.download.content(made or b"", f"{name}.{kind}")

        kinds = [*(["png", "svg"] if figure else []), *(["csv"] if csv else [])]
        with ui.row().classes("gap-1"):
            for kind in kinds:
                button = ui.button(kind.upper(), icon="download", on_click=lambda k=kind: send(k))
                button.props("flat dense no-caps size=sm")
                button.props["aria-label"] = _("Download {kind}").format(kind=kind.upper())
