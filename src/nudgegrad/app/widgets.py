"""Parts that tabs are made of: sections, and controls with a word of explanation.

All texts are given translated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nicegui import ui

__all__ = ["explanation", "number", "section", "select", "slider", "switch"]

LIGHTER = "color=primary"  # which dark pages make lighter
OnChange = Callable[[Any], Any]
"""Called with the new value."""


@contextmanager
def section(title: str, explained: str = "") -> Iterator[ui.column]:
    """Make a card with a heading; what the block makes goes into it."""
    with ui.card().classes("ng-section w-full"):
        with ui.row().classes("items-center no-wrap gap-1"):
            ui.label(title).props("role=heading aria-level=2").classes("ng-heading")
            if explained:
                explanation(title, explained)
        with ui.column().classes("w-full gap-3") as content:
            yield content


def explanation(about: str, text: str) -> ui.button:
    """Make a small button that opens a text, by mouse, finger or key."""
    button = ui.button(icon="help_outline").props("flat round dense size=sm color=grey-7")
    button.props["aria-label"] = f"? {about}"
    with button, ui.menu().props("max-width=22rem"):
        ui.label(text).classes("ng-explanation")
    return button


@contextmanager
def _explained(label: str, text: str) -> Iterator[None]:
    with ui.row().classes("items-center no-wrap gap-1 w-full"):
        yield
        if text:
            explanation(label, text)


def number(
    label: str, value: float | None, *, explained: str = "", low: float | None = None,
    high: float | None = None, step: float | None = None, whole: bool = False,
    on_change: OnChange | None = None,
) -> ui.number:  # fmt: skip
    """Make a field for a number. None is passed on where it is empty."""
    with _explained(label, explained):
        field = ui.number(
            label, value=value, min=low, max=high, step=step or (1 if whole else None),
            precision=0 if whole else None,
        ).classes("col").props("dense outlined")  # fmt: skip
        if on_change is not None:
            field.on_value_change(
                lambda event: on_change(
                    int(event.value) if whole and event.value is not None else event.value
                )
            )
    return field


def slider(
    label: str, value: float, *, low: float, high: float, step: float, explained: str = "",
    on_change: OnChange | None = None, written: Callable[[float], str] = "{:g}".format,
) -> ui.slider:  # fmt: skip
    """Make a slider with its value written beside the label."""
    with ui.column().classes("w-full gap-0"):
        with _explained(label, explained):
            ui.label(label)
            shown = ui.label(written(value)).classes("ng-number q-ml-sm")
        made = ui.slider(value=value, min=low, max=high, step=step).props(LIGHTER)
        made.props["aria-label"] = label

        def changed(event: Any) -> None:
            shown.text = written(event.value)
            if on_change is not None:
                on_change(event.value)

        made.on_value_change(changed)
    return made


def select(
    label: str, options: Mapping[Any, str], value: Any, *, explained: str = "",
    on_change: OnChange | None = None,
) -> ui.select:  # fmt: skip
    """Make a choice among values, each with what it is called."""
    with _explained(label, explained):
        field = ui.select(dict(options), value=value, label=label).classes("col")
        field.props("dense outlined options-dense")
        if on_change is not None:
            field.on_value_change(lambda event: on_change(event.value))
    return field


def switch(
    label: str, value: bool, *, explained: str = "", on_change: OnChange | None = None
) -> ui.switch:
    """Make a switch."""
    with _explained(label, explained):
        made = ui.switch(label, value=value).props(LIGHTER)
        if on_change is not None:
            made.on_value_change(lambda event: on_change(event.value))
    return made
