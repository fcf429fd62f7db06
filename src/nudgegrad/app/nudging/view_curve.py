"""The second part: the loss along the weight, the nudge, and its slope in four ways."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager
from typing import Any

from nicegui import ui

from nudgegrad.app import widgets
from nudgegrad.app.charts import Line
from nudgegrad.app.nudging.bench import View
from nudgegrad.app.nudging.curve import clip_line
from nudgegrad.app.nudging.panel import Panel
from nudgegrad.app.nudging.plot import Plot
from nudgegrad.app.nudging.writing import exact, power, rough, slope

__all__ = ["build_curve"]

MARGIN = 0.15
GRID = "grid grid-cols-1 gap-4 w-full"


def build_curve(panel: Panel) -> None:
    """Build it here."""
    _, choice = panel.context._, panel.choice
    with _section(panel), ui.element("div").classes(f"{GRID} lg:grid-cols-3"):
        with ui.column().classes("lg:col-span-2 w-full gap-2 min-w-0"):
            chart = _chart(panel)
            with ui.element("div").classes("grid grid-cols-1 sm:grid-cols-2 gap-x-6 w-full"):
                widgets.slider(
                    _("The nudge h"), choice.exponent, low=-12, high=-1, step=0.25,
                    written=power, on_change=lambda value: panel.change(exponent=value),
                    explained=_("Large h: the secant cuts across the curve (truncation error, "
                                "it falls with h²). Small h: the two losses agree in nearly "
                                "all digits, and their difference is noise (rounding error, "
                                "it grows with 1/h). Between them is the sweet spot."),
                )  # fmt: skip
                widgets.slider(
                    _("Range of s"), choice.reach, low=-2, high=2, step=0.25,
                    written=lambda value: f"±{power(value)}",
                    on_change=lambda value: panel.change(reach=value),
                    explained=_("How far the curve goes to both sides, and how far w can be "
                                "moved below."),
                )  # fmt: skip
            widgets.switch(
                _("Look closely: three h to both sides"), choice.close,
                on_change=lambda value: panel.change(close=value),
                explained=_("Shows what the secant sees. With a small h the curve falls apart "
                            "into the steps that the dtype can tell apart."),
            )  # fmt: skip
        with ui.column().classes("w-full gap-2 min-w-0"):
            numbers = _numbers(panel)

    def show(view: View) -> None:
        _draw(panel, chart, view)
        numbers(view)

    panel.on_view(show)


def _section(panel: Panel) -> AbstractContextManager[ui.column]:
    _ = panel.context._
    return widgets.section(
        _("The loss along this weight"),
        _(
            "Every point of the curve is a whole forward pass of the mini-batch with this one "
            "weight moved by s. The slope at s = 0 is the gradient's entry: the secant through "
            "the two points at ±h comes close to it, the tangent is what backpropagation says."
        ),
    )


def _chart(panel: Panel) -> Plot:
    _ = panel.context._
    lines = [
        Line("loss", _("loss"), colour=4),
        Line("secant", _("secant (±h)"), colour=3),
        Line("tangent", _("tangent (backprop)"), colour=2, dashed=True),
        Line("nudges", "±h", colour=3),
        Line("now", "w", colour=1),
    ]
    title = _("The loss along the weight, its secant and its tangent")
    return Plot(
        panel.context, lines, title=title, x=_("s, how far the weight is moved"), y=_("loss"),
        dots=("nudges", "now"),
    )  # fmt: skip


def _draw(panel: Panel, chart: Plot, view: View) -> None:
    _ = panel.context._
    slopes, at = view.slopes, view.choice.offset
    losses = [loss for _, loss in view.curve if math.isfinite(loss)]
    if not losses:
        chart.draw({key: [] for key in ("loss", "tangent", "secant", "nudges", "now")})
        return
    low, high = min(losses), max(losses)
    # Axis labels have six digits: where all losses share those, their differences are shown.
    base = slopes.loss if high - low < 1e-3 * abs(slopes.loss) else 0.0
    pad = MARGIN * (high - low) or abs(slopes.loss) * 1e-15 or 1.0
    frame = (low - base - pad, high - base + pad)
    ends = view.curve[0][0], view.curve[-1][0]
    upper, lower = slopes.upper - base, slopes.lower - base
    chart.draw(
        {
            "loss": [(s, loss - base) for s, loss in view.curve],
            "tangent": clip_line((at, slopes.loss - base), slopes.backprop, ends, frame),
            "secant": clip_line((at, (upper + lower) / 2), slopes.secant, ends, frame),
            "nudges": [(at - slopes.h, lower), (at + slopes.h, upper)],
            "now": [(at, slopes.loss - base)],
        },
        x_range=ends,
        y_range=frame,
        y=_("loss, L(w + s) − L(w)") if base else _("loss, L(w + s)"),
    )


def _numbers(panel: Panel) -> Any:
    """Make the table of numbers."""
    _ = panel.context._
    losses = {"loss": "L(w)", "upper": "L(w + h)", "lower": "L(w − h)"}
    ways = {
        "secant": _("secant (plain)"),
        "weight": _("propagated, weight"),
        "node": _("propagated, node"),
        "backprop": _("backprop"),
    }
    cells: dict[str, ui.label] = {}
    errors: dict[str, ui.label] = {}
    with ui.element("table").classes("w-full ng-number text-no-wrap") as table:
        table.style("border-collapse: collapse")
        for key, name in losses.items():
            with ui.element("tr"):
                _cell("th", name)
                with ui.element("td").classes("text-right").props("colspan=2"):
                    cells[key] = ui.label()
        with ui.element("tr").style("border-top: 1px solid #8888"):
            _cell("th", _("slope"))
            ui.element("td")
            _cell("th", _("relative error"), "text-right")
        for key, name in ways.items():
            with ui.element("tr"):
                _cell("th", name)
                with ui.element("td").classes("text-right"):
                    cells[key] = ui.label()
                with ui.element("td").classes("text-right"):
                    errors[key] = ui.label()
    parts = ui.label().classes("ng-number")
    verdict = ui.label().classes("text-weight-medium").props("role=status")
    with ui.row().classes("items-center no-wrap gap-1"):
        ui.label(_("What these numbers are")).classes("text-caption")
        widgets.explanation(
            _("What these numbers are"),
            _(
                "The plain secant is ( L(w + h) − L(w − h) ) / 2h, the very number of "
                "nudgegrad's numerical differentiation. The propagated slopes are the same "
                "nudge carried through the layers as an exact difference, without subtracting "
                "two losses. So what the propagated one is off by is truncation, and what the "
                "plain one differs from it by is rounding."
            ),
        )
    verdicts = {
        "truncation": _("Truncation dominates: a smaller h would do better."),
        "rounding": _("Rounding dominates: a larger h would do better."),
        "both": _("Near the sweet spot: both errors are about as small."),
        "stuck": _("h is too small: in this dtype w + h and w − h are the same number."),
        "flat": _("The slope is zero: this input is zero in all samples, so nothing moves."),
    }

    def show(view: View) -> None:
        slopes = view.slopes
        for key, label in cells.items():
            value = getattr(slopes, key)
            label.text = exact(value) if key in losses else slope(value)
        for key, label in errors.items():
            label.text = "" if key == "backprop" else rough(slopes.error(key))
        parts.text = _("truncation {truncation}, rounding {rounding}").format(
            truncation=rough(slopes.truncation), rounding=rough(slopes.rounding)
        )
        verdict.text = verdicts[slopes.verdict]

    return show


def _cell(kind: str, text: str, classes: str = "text-left") -> None:
    with ui.element(kind).classes(classes).style("font-weight: 400; padding: 2px 4px 2px 0"):
        ui.label(text)
