"""The third part: w itself is moved, and everything follows."""

from __future__ import annotations

from typing import Any

from nicegui import ui

from nudgegrad.app import widgets
from nudgegrad.app.colours import colour, ink
from nudgegrad.app.nudging.bench import View
from nudgegrad.app.nudging.panel import Panel
from nudgegrad.app.nudging.pictures import ink_picture
from nudgegrad.app.nudging.writing import signed
from nudgegrad.files import finite_or_none

__all__ = ["build_move"]


def build_move(panel: Panel) -> None:
    """Build it here."""
    _, choice = panel.context._, panel.choice

    def changed(value: float) -> None:
        panel.change(offset=float(value))

    with widgets.section(
        _("Move the weight"),
        _(
            "Moves w on a copy of the network. The loss, the probabilities, the curve and the "
            "pictures follow; the training is not disturbed, and does not see it."
        ),
    ):
        slider = widgets.slider(
            _("Moved by"), choice.offset, low=-10, high=10, step=0.01, written=signed,
            on_change=changed,
            explained=_("How far w is from where the training has it. The range is that of the "
                        "curve."),
        )  # fmt: skip
        with ui.row().classes("items-center gap-4"):
            back = ui.button(
                _("Put w back"), icon="undo", on_click=lambda: panel.change(offset=0.0)
            )
            back.props("outline no-caps")
            state = ui.label().props("role=status")
        loss = ui.label().classes("ng-number")
        with ui.element("div").classes("grid grid-cols-1 md:grid-cols-3 gap-4 w-full items-start"):
            sample = _sample(panel)
            with ui.column().classes("md:col-span-2 w-full min-w-0"):
                bars = _bars(panel)

    def show(view: View) -> None:
        reach = 10.0**view.choice.reach
        if slider.props.get("max") != reach:
            slider.props["min"], slider.props["max"] = -reach, reach
            slider.props["step"] = reach / 200
        if panel.choice.offset == view.choice.offset != slider.value:
            slider.value = view.choice.offset
        back.set_enabled(bool(view.choice.offset))
        if view.choice.offset:
            state.text = _("A copy with w moved; it keeps the weights of that moment.")
        else:
            state.text = _("Not moved; the copy follows the training.")
        loss.text = _("w = {value:.6g}, loss of the mini-batch {loss:.8g}").format(
            value=view.value + view.choice.offset, loss=view.slopes.loss
        )
        sample(view)
        bars(view)

    panel.on_view(show)


def _sample(panel: Panel) -> Any:
    """Make the choice of a sample, and its picture."""
    _ = panel.context._
    with ui.column().classes("w-full gap-2"):
        field = widgets.number(
            _("Sample"), panel.choice.sample, low=0, whole=True,
            on_change=lambda value: None if value is None else panel.change(sample=value),
            explained=_("Which sample of the mini-batch, counted from 0."),
        )  # fmt: skip
        picture = ui.element("img").style(
            "image-rendering: pixelated; width: 140px; max-width: 100%"
        )
        label = ui.label()

    def show(view: View) -> None:
        field.max = view.changes.samples - 1
        if panel.choice.sample == view.choice.sample != field.value:
            field.value = view.choice.sample
        name = view.class_names[view.label]
        label.text = _("its class: {label}").format(label=name)
        shape = view.sample_shape
        picture.visible = shape is not None
        if shape is not None:
            picture.props["src"] = ink_picture(view.sample, shape, dark=view.choice.dark)
            picture.props["alt"] = _("The sample, of class {label}").format(label=name)

    return show


def _bars(panel: Panel) -> Any:
    """Make the chart of the probabilities."""
    _ = panel.context._
    title = _("Probabilities of the sample's classes, before and after")
    chart = ui.echart({}).classes("w-full").style("height: 15rem")
    chart.props["role"], chart.props["aria-label"] = "img", title

    def show(view: View) -> None:
        dark = view.choice.dark
        letters, grid = ink(dark=dark)
        axis = {
            "nameTextStyle": {"color": letters},
            "axisLabel": {"color": letters},
            "axisLine": {"lineStyle": {"color": letters}},
            "splitLine": {"lineStyle": {"color": grid}},
            "nameLocation": "middle",
        }
        series = [
            (_("before"), view.probabilities_before, 4),
            (_("with w moved"), view.probabilities, 1),
        ]
        chart.options.clear()
        chart.options.update(
            {
                "animation": False,
                "backgroundColor": "transparent",
                "textStyle": {"fontFamily": "inherit"},
                "aria": {"enabled": True, "label": {"description": title}},
                "grid": {"left": 56, "right": 16, "top": 36, "bottom": 44},
                "legend": {"top": 0, "textStyle": {"color": letters}},
                "tooltip": {"trigger": "axis", "confine": True},
                "xAxis": {"type": "category", "name": _("class"), "nameGap": 26, **axis,
                          "data": list(view.class_names)},
                "yAxis": {"type": "value", "min": 0, "max": 1, "name": _("probability"),
                          "nameGap": 36, **axis},
                "series": [
                    {"type": "bar", "name": name, "data": finite_or_none(values),
                     "color": colour(number, dark=dark), "barGap": "0%"}
                    for name, values, number in series
                ],
            }
        )  # fmt: skip
        chart.update()

    return show
