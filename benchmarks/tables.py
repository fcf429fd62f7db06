"""Tables for a terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table as RichTable

from nudgegrad.cli.durations import format_duration

__all__ = ["Table", "format_value", "spread_cells"]


@dataclass
class Table:
    """Rows of text under headings.

    Attributes
    ----------
    columns : sequence of str
    rows : list of sequences of str
        As many cells a row as there are columns.
    title : str
        Empty for none.
    words : int
        How many columns stand to the left; the others stand to the right, as numbers do.
    """

    columns: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    title: str = ""
    words: int = 1

    def to_markdown(self) -> str:
        """Return the table as Markdown, under its title."""
        lines = [f"**{self.title}**", ""] if self.title else []
        lines.append(_line(self.columns))
        rules = ["---"] * self.words + ["--:"] * (len(self.columns) - self.words)
        lines.append("|" + "|".join(rules) + "|")
        return "\n".join([*lines, *map(_line, self.rows)])

    def to_rich(self) -> RichTable:
        """Return the table for a terminal."""
        table = RichTable(
            title=self.title or None, title_justify="left", box=None, padding=(0, 2, 0, 0)
        )
        for place, heading in enumerate(self.columns):
            table.add_column(heading, justify="left" if place < self.words else "right")
        for row in self.rows:
            table.add_row(*row)
        return table


def spread_cells(spread: dict[str, Any] | None, unit: str = "") -> list[str]:
    """Return median, min and max as cells: of ratios, or in the unit ``"s"`` or ``"MB"``."""
    if spread is None:
        return ["–"] * 3
    return [format_value(spread[key], unit) for key in ("median", "min", "max")]


def format_value(value: float | None, unit: str = "") -> str:
    """Return a number with its unit: seconds as durations, large numbers with separators."""
    if value is None:
        return "–"
    if unit == "s":
        return format_duration(value)
    digits = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{digits} {unit}".rstrip()


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
