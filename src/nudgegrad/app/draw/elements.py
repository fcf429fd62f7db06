"""The canvas, the bars and the chooser of a file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fastapi import Request, Response
from nicegui import app, ui
from nicegui.events import GenericEventArguments, handle_event

from nudgegrad.app.draw.pictures import MOST_BYTES

__all__ = ["Bars", "Canvas", "FileButton", "receive"]

TOO_LARGE = 413  # the status of an answer


class Canvas(ui.element, component="canvas.js"):  # type: ignore[misc, call-arg, unused-ignore]
    """A square to draw in: by mouse, finger, pen or keys.

    Parameters
    ----------
    label, hint
        What it is called and how keys draw, for screen readers.
    on_draw
        Called with what the browser sent, at most five times a second: the pixels, to be
        checked, and the `turn` of the last `lay`.
    """

    def __init__(self, *, label: str, hint: str, on_draw: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.props["label"], self.props["hint"] = label, hint
        self.props["side"], self.props["shape"] = 84, [28, 28]
        self.props["pen"] = 0.08

        def draw(event: GenericEventArguments) -> Any:
            sent = event.args if isinstance(event.args, dict) else {}
            return on_draw(sent.get("raster"), sent.get("turn"))

        self.on("draw", draw)

    def wipe(self) -> None:
        """Take everything away."""
        self.run_method("wipe")

    def undo(self) -> None:
        """Take the last stroke away."""
        self.run_method("undo")

    def set_size(self, side: int, shape: tuple[int, int]) -> None:
        """Change how many pixels on each side are sent, and the shape of the network's pictures."""
        if [self.props["side"], self.props["shape"]] != [side, list(shape)]:
            self.props["side"], self.props["shape"] = side, list(shape)
            self.update()

    def lay(self, ink: str, shape: tuple[int, int], turn: int) -> None:
        """Put a picture of bytes in base 64 in place of everything, to draw on."""
        self.run_method("lay", ink, list(shape), turn)

    def set_pen(self, width: float) -> None:
        """Change how wide strokes are, as a part of the square's side."""
        self.props["pen"] = width


class Bars(ui.element, component="bars.js"):  # type: ignore[misc, call-arg, unused-ignore]
    """Probabilities as bars with numbers, the largest highlighted.

    Parameters
    ----------
    label
        What they are, for screen readers.
    """

    def __init__(self, *, label: str) -> None:
        super().__init__()
        self.props["label"] = label
        self.show([], [], None)

    def show(self, names: Sequence[str], values: Sequence[float | None], best: int | None) -> None:
        """Show values from 0 to 1; None is a gap."""
        with self.props.suspend_updates():
            self.props["names"], self.props["values"] = list(names), list(values)
            self.props["best"] = -1 if best is None else best
        self.update()


class FileButton(ui.element, component="file_button.js"):  # type: ignore[misc, call-arg, unused-ignore]
    """A button that sends one file.

    Parameters
    ----------
    label
    on_file
        Called with the content and the name, of which nothing has been checked but the size.
    on_fault
        Called with ``"large"`` or ``"failed"`` if no file arrived.
    """

    def __init__(
        self, label: str, *, on_file: Callable[[bytes, str], Any],
        on_fault: Callable[[str], Any],
    ) -> None:  # fmt: skip
        super().__init__()
        self.address = f"/_nicegui/client/{self.client.id}/picture/{self.id}"
        self.props["label"], self.props["address"] = label, self.address
        self.props["limit"], self.props["accept"] = MOST_BYTES, "image/png,image/jpeg"

        async def take(request: Request) -> Response:
            content = await receive(request, MOST_BYTES)
            if content is None:
                return Response(status_code=TOO_LARGE)
            name = request.query_params.get("name", "")[:200]
            arguments = GenericEventArguments(sender=self, client=self.client, args=None)
            handle_event(lambda _: on_file(content, name), arguments)
            return Response(status_code=204)

        def fault(event: GenericEventArguments) -> Any:
            return on_fault("large" if event.args == "large" else "failed")

        app.post(self.address, include_in_schema=False)(take)
        self.on("fault", fault)

    def _handle_delete(self) -> None:
        app.remove_route(self.address)
        super()._handle_delete()


async def receive(request: Request, limit: int) -> bytes | None:
    """Return a request's body, or None as soon as it is larger than allowed."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            return None
        parts.append(part)
    return b"".join(parts)
