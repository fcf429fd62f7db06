"""The fourth part: what the nudge changed in the forward pass, and what that saves."""

from __future__ import annotations

from typing import Any

import numpy as np
from nicegui import ui

from nudgegrad.app import widgets
from nudgegrad.app.nudging.bench import View
from nudgegrad.app.nudging.changes import Changes, Stage
from nudgegrad.app.nudging.panel import Panel
from nudgegrad.app.nudging.pictures import matrix
from nudgegrad.app.nudging.writing import rough

__all__ = ["build_changes"]

MOST_ROWS = 120
MOST_STAGES = 7
HEIGHT = 220  # of a picture, in pixels


def build_changes(panel: Panel) -> None:
    """Build it here."""
    _ = panel.context._
    with widgets.section(
        _("What the nudge changes"),
        _(
            "Each picture is what a layer gives for the mini-batch: a line for each sample, a "
            "column for each unit. Grey numbers stay as they were; coloured ones change, blue "
            "down and orange up, the stronger the more. Only the coloured ones need computing. Of "
            "a picture a column is a channel: the mean of its numbers, and its largest change."
        ),
    ):
        row = ui.element("div").classes("flex flex-wrap gap-4 w-full items-start")
        legend = ui.label().classes("text-caption")
        count = _count(panel)

    def show(view: View) -> None:
        changes = view.changes
        row.clear()
        with row:
            for stage in _shown(changes.stages):
                _stage(panel, stage, dark=view.choice.dark)
        legend.text = _(
            "{touched} of {samples} samples have an input there that is not zero; the others do "
            "not move."
        ).format(touched=changes.touched, samples=changes.samples)
        if changes.samples > MOST_ROWS:
            legend.text += " " + _("The first {count} samples are shown.").format(count=MOST_ROWS)
        count(changes)

    panel.on_view(show)


def _shown(stages: list[Stage]) -> list[Stage]:
    """Return all stages, or of a deep network those of layers with weights, and the losses."""
    if len(stages) <= MOST_STAGES:
        return stages
    return [stage for stage in stages if stage.kind in ("sums", "logits", "losses")]


def _stage(panel: Panel, stage: Stage, *, dark: bool) -> None:
    """Make the picture of one stage."""
    _ = panel.context._
    names = {
        "sums": _("input sums, layer {number}"),
        "hidden": _("hidden activations, layer {number}"),
        "pooled": _("largest of each window, layer {number}"),
        "logits": _("logits"),
        "losses": _("losses"),
    }
    before, change = stage.before[:MOST_ROWS], stage.change[:MOST_ROWS]
    units = before.shape[1]
    name = names[stage.kind].format(number=stage.number)
    if stage.kind == "losses":
        changed = _("one for each sample")
    elif stage.places > 1 and stage.column is not None:
        changed = _("one of {units} channels changes: {column}").format(
            units=units, column=stage.column
        )
    elif stage.column is None:
        changed = _("all {units} columns change").format(units=units)
    else:
        changed = _("one of {units} columns changes: {column}").format(
            units=units, column=stage.column
        )
    width = min(300, max(18, 12 * units if units < 25 else 300))
    with ui.column().classes("gap-1").style(f"width: {max(width, 150)}px; max-width: 100%"):
        ui.label(name).classes("text-weight-medium")
        marker = ui.label("▼" if stage.column is not None else " ").style(
            "line-height: 0.8; height: 0.8em"
        )
        marker.props("aria-hidden=true")
        if stage.column is not None:
            place = 100 * (stage.column + 0.5) / units
            marker.style(
                f"position: relative; left: min({place:.2f}%, {place * width / 100:.1f}px);"
                "transform: translateX(-50%); color: #d0008c"
            )
        picture = ui.element("img").style(
            f"width: {width}px; max-width: 100%; height: {HEIGHT}px; image-rendering: pixelated;"
            "object-fit: fill; border: 1px solid #8888"
        )
        picture.props["src"] = matrix(before, change, dark=dark)
        picture.props["alt"] = f"{name}: {changed}"
        ui.label(changed).classes("text-caption")
        largest = float(np.abs(stage.change).max())
        ui.label(_("largest change {size}").format(size=rough(largest))).classes("text-caption")


def _count(panel: Panel) -> Any:
    """Make the count of what is computed."""
    _ = panel.context._
    cells = []
    with ui.element("table").classes("ng-number"):
        with ui.element("tr"):
            ui.element("td")
            for text in (_("numbers"), _("multiplications")):
                _head(text)
        for text in (_("whole forward pass"), _("what the nudge changes"), _("times less")):
            with ui.element("tr"):
                _head(text)
                for _column in range(2):
                    with ui.element("td").style("padding: 2px 12px 2px 0"):
                        cells.append(ui.label().classes("text-no-wrap"))
    formula = ui.label().classes("ng-number text-caption")

    def show(changes: Changes) -> None:
        numbers = (
            f"{changes.whole_numbers:,}",
            f"{changes.whole_products:,}",
            f"{changes.changed_numbers:,}",
            f"{changes.changed_products:,}",
            _ratio(changes.whole_numbers, changes.changed_numbers),
            _ratio(changes.whole_products, changes.changed_products),
        )
        for cell, text in zip(cells, numbers, strict=True):
            cell.text = text
        formula.text = _(
            "Multiplications by weights: whole, {whole} (samples times the sizes of the layers); "
            "with the nudge, {changed} (samples that move, times what they move)."
        ).format(whole=changes.whole_formula, changed=changes.changed_formula)

    return show


def _head(text: str) -> None:
    with ui.element("th").classes("text-left").style("font-weight: 500; padding: 2px 12px 2px 0"):
        ui.label(text).style("overflow-wrap: normal")


def _ratio(whole: int, part: int) -> str:
    return f"{whole / part:,.0f}" if part else "∞"
