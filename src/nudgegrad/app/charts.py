"""Charts of lines that grow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nicegui import ui

from nudgegrad.app.colours import colour, ink
from nudgegrad.files import finite_or_none

if TYPE_CHECKING:
    from nudgegrad.app.context import Context

__all__ = ["Line", "LineChart"]

Points = Sequence[tuple[float, float | None]]


@dataclass(frozen=True)
class Line:
    """A line of a chart.

    Attributes
    ----------
    key
        What `LineChart.show` calls it.
    name
        What the legend calls it, translated.
    colour
        Its number in `nudgegrad.app.colours`.
    dashed
    faint
        Drawn thin and pale: the noise behind a mean.
    width
        In pixels; lines that lie on each other stay visible if the lower ones are wider.
    """

    key: str
    name: str
    colour: int = 0
    dashed: bool = False
    faint: bool = False
    width: float = 2


class LineChart:
    """A chart of lines; make it by `Context.line_chart`, within the element that shall hold it."""

    def __init__(
        self, context: Context, lines: Sequence[Line], *, title: str, x: str, y: str,
        y_range: tuple[float | None, float | None] = (None, None), logarithmic: bool = False,
        height: str = "18rem",
    ) -> None:  # fmt: skip
        self._context = context
        self._title, self._x, self._y = title, x, y
        self._y_range, self._logarithmic = y_range, logarithmic
        self._x_logarithmic = False
        self._lines: list[Line] = []
        self._points: dict[str, Any] = {}
        self.element = ui.echart({}).classes("w-full").style(f"height: {height}")
        self.element.props(f'role=img aria-label="{title.replace(chr(34), "")}"')
        self.set_lines(lines)

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Have other lines; points of keys that stay are kept."""
        self._lines = list(lines)
        self.style()

    def set_x(self, name: str, *, logarithmic: bool = False) -> None:
        """Have something else along x."""
        self._x, self._x_logarithmic = name, logarithmic
        self.style()

    def show(self, points: Mapping[str, Points]) -> None:
        """Draw lines' points anew, by key; None, NaN and infinities are gaps."""
        self._points.update({key: finite_or_none(list(line)) for key, line in points.items()})
        dark = self._context.dark
        self.element.options["series"] = [self._series(line, dark=dark) for line in self._lines]
        self.element.update()

    def style(self) -> None:
        """Draw everything in the colours of the page."""
        self.element.options.clear()
        self.element.options.update(self._options())
        self.element.update()

    def _options(self) -> dict[str, Any]:
        dark = self._context.dark
        letters, grid = ink(dark=dark)
        axis = {
            "nameLocation": "middle",
            "nameTextStyle": {"color": letters},
            "axisLabel": {"color": letters, "hideOverlap": True},
            "axisLine": {"lineStyle": {"color": letters}},
            "splitLine": {"lineStyle": {"color": grid}},
        }
        low, high = self._y_range
        return {
            "animation": False,
            "backgroundColor": "transparent",
            "aria": {"enabled": True, "label": {"description": self._title}},
            "textStyle": {"fontFamily": "inherit"},
            "grid": {"left": 56, "right": 16, "top": 36, "bottom": 44},
            # Long, and without circles that no line has, so that dashes are seen.
            "legend": {"show": len(self._lines) > 1, "type": "scroll", "top": 0, "itemWidth": 32,
                       "itemStyle": {"opacity": 0}, "textStyle": {"color": letters}},
            "tooltip": {"trigger": "axis", "confine": True},
            "xAxis": {"type": "log" if self._x_logarithmic else "value", "name": self._x,
                      "nameGap": 26, **axis},
            "yAxis": {"type": "log" if self._logarithmic else "value", "name": self._y,
                      "nameGap": 40, "min": low, "max": high, **axis},
            "series": [self._series(line, dark=dark) for line in self._lines],
        }  # fmt: skip

    def _series(self, line: Line, *, dark: bool) -> dict[str, Any]:
        points = self._points.get(line.key, [])
        return {
            "type": "line",
            "name": line.name,
            "data": points,
            "symbol": "circle" if len(points) < 3 else "none",
            "connectNulls": False,
            "color": colour(line.colour, dark=dark),
            "lineStyle": {
                "width": 1 if line.faint else line.width,
                "opacity": 0.4 if line.faint else 1,
                "type": "dashed" if line.dashed else "solid",
            },
        }
