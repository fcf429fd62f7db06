"""The fifth part, on demand: the error over h."""

from __future__ import annotations

import asyncio
import math

from nicegui import run, ui

from nudgegrad.app import widgets
from nudgegrad.app.charts import Line
from nudgegrad.app.context import EXPECTED
from nudgegrad.app.nudging.errors import ErrorCurves
from nudgegrad.app.nudging.panel import Panel
from nudgegrad.app.nudging.plot import Plot

__all__ = ["build_errors"]

LOOK_SECONDS = 0.3
KEYS = {
    ("plain", "float32"): "plain32",
    ("plain", "float64"): "plain64",
    ("propagated", "float32"): "propagated32",
    ("propagated", "float64"): "propagated64",
}


def build_errors(panel: Panel) -> None:
    """Build it here."""
    _, context = panel.context._, panel.context
    found: list[ErrorCurves] = []
    with widgets.section(
        _("The error over h"),
        _(
            "Measured, not sketched: the slope of this weight with every h from 1e-12 to 1e-1, "
            "and how far each is from backprop in float64. The plain curves are a V, truncation "
            "on the right and rounding on the left. The propagated ones have only the right "
            "side. A gap means that h is lost in w, or that there is no error to draw; a jump, "
            "with ReLU or pooling, that a unit switches within ±h."
        ),
    ):
        with ui.row().classes("items-center gap-4"):
            button = ui.button(_("Measure"), icon="science").props("no-caps")
            said = ui.label().props("role=status")
        with ui.column().classes("w-full gap-2") as shown:
            chart = Plot(
                context,
                [
                    Line("plain32", _("plain, float32"), colour=3, dashed=True),
                    Line("plain64", _("plain, float64"), colour=3),
                    Line("propagated32", _("propagated, float32"), colour=1, dashed=True),
                    Line("propagated64", _("propagated, float64"), colour=1),
                ],
                title=_("Relative error of the slope over h"),
                x="h",
                y=_("relative error"),
                both_logarithmic=True,
                height="24rem",
            )
            context.downloads(
                "nudge-errors", figure=lambda: found[-1].figure(), csv=lambda: found[-1].csv()
            )
        shown.visible = False

    async def measure() -> None:
        button.disable()
        share = [0.0]

        def tell(done: int, total: int) -> None:
            share[0] = done / total

        work = run.io_bound(panel.bench.errors, context.session, panel.choice, tell)
        measuring = asyncio.ensure_future(work)
        try:
            while not measuring.done():
                said.text = _("measuring, {share}").format(share=f"{100 * share[0]:.0f} %")
                await asyncio.wait([measuring], timeout=LOOK_SECONDS)
            curves = measuring.result()
        except EXPECTED as error:
            context.complain(error)
            said.text = ""
        else:
            if curves is not None and not shown.is_deleted:
                found.append(curves)
                del found[:-1]
                shown.visible = True
                said.text = _("of {entry}, whose slope is {slope:.6g}").format(
                    entry=curves.entry, slope=curves.true
                )
                _draw(chart, curves)
        finally:
            button.enable()

    button.on_click(measure)


def _draw(chart: Plot, curves: ErrorCurves) -> None:
    """Draw the curves; a logarithm has no place for an error of zero."""
    points = {
        KEYS[key]: [(h, error if error > 0 else None) for h, error in line]
        for key, line in curves.curves.items()
    }
    drawn = [error for line in points.values() for _, error in line if error and error < math.inf]
    decades = [math.log10(limit(drawn)) for limit in (min, max)] if drawn else [0.0, 0.0]
    frame = (10.0 ** math.floor(decades[0]), 10.0 ** (math.floor(decades[1]) + 1))
    chart.draw(points, x_range=(1e-12, 1e-1), y_range=frame)
