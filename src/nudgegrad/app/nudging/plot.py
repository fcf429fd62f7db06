"""A line chart whose axes follow very small numbers, may be logarithmic, and have points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nudgegrad.app.charts import Line, LineChart
from nudgegrad.files import finite_or_none

if TYPE_CHECKING:
    from nudgegrad.app.context import Context

__all__ = ["Plot"]

WRITE = (
    "v => v === 0 ? '0' : (Math.abs(v) >= 0.001 && Math.abs(v) < 100000)"
    " ? String(+v.toPrecision(6)) : v.toExponential(1).replace('.0e', 'e')"
)
WRITE_EXACTLY = "v => v == null ? '–' : String(+Number(v).toPrecision(9))"
Range = tuple[float | None, float | None]


class Plot(LineChart):
    """A `LineChart` with a frame that is told, and points beside lines.

    Parameters
    ----------
    context, lines, title, x, y, height
        As for `LineChart`.
    dots
        Keys of lines that are drawn as points alone.
    both_logarithmic
        Whether both axes are.
    """

    def __init__(
        self, context: Context, lines: Sequence[Line], *, title: str, x: str, y: str,
        dots: Sequence[str] = (), both_logarithmic: bool = False, height: str = "20rem",
    ) -> None:  # fmt: skip
        self._dots, self._x_range = tuple(dots), (None, None)
        self._both = both_logarithmic
        super().__init__(
            context, lines, title=title, x=x, y=y, logarithmic=both_logarithmic, height=height
        )
        context.on_dark(self.style)

    _x_range: Range

    def draw(
        self, points: Mapping[str, Sequence[tuple[float, float | None]]], *,
        x_range: Range = (None, None), y_range: Range = (None, None), y: str | None = None,
    ) -> None:  # fmt: skip
        """Draw points, by key, within a frame; `y` is another name for that axis."""
        self._points.update({key: finite_or_none(list(line)) for key, line in points.items()})
        self._x_range, self._y_range = x_range, y_range
        self._y = self._y if y is None else y
        self.style()

    def _options(self) -> dict[str, Any]:
        options = super()._options()
        options["grid"] = {"left": 72, "right": 20, "top": 40, "bottom": 44}
        options["tooltip"][":valueFormatter"] = WRITE_EXACTLY
        options["legend"]["data"] = [
            {"name": line.name, "itemStyle": {"opacity": float(line.key in self._dots)}}
            for line in self._lines
        ]
        low, high = self._x_range
        kind = "log" if self._both else "value"
        options["xAxis"] |= {"type": kind, "min": low, "max": high}
        options["yAxis"] |= {"nameGap": 56}
        for name in ("xAxis", "yAxis"):
            axis = options[name]
            axis["scale"] = True
            if self._both:
                axis["interval"] = 2  # decades
            axis["axisLabel"] = {**axis["axisLabel"], ":formatter": WRITE}
            if low is not None or name == "yAxis":  # ends of a frame are no round numbers
                axis["axisLabel"] |= {"showMinLabel": self._both, "showMaxLabel": self._both}
        return options

    def _series(self, line: Line, *, dark: bool) -> dict[str, Any]:
        series = super()._series(line, dark=dark)
        series["symbol"] = "none"
        if line.key in self._dots:
            series |= {"symbol": "circle", "symbolSize": 11, "z": 5}
            series["lineStyle"] = {"width": 0, "opacity": 0}
        return series
