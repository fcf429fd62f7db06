"""The arrow keys, wherever on the page no control needs them itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nicegui.element import Element

__all__ = ["StepKeys"]


class StepKeys(Element, component="step_keys.js"):  # type: ignore[misc, call-arg, unused-ignore]
    """Listens for arrow keys, Home and End while it is on the page.

    Parameters
    ----------
    on_step
        Called with ``"ArrowLeft"``, ``"ArrowRight"``, ``"Home"`` or ``"End"``.
    """

    def __init__(self, on_step: Callable[[str], Any]) -> None:
        super().__init__()
        self.on("step", lambda event: on_step(str(event.args)))
