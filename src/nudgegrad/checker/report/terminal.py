"""A report in a terminal, with colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.table import Table as RichTable
from rich.text import Text

from nudgegrad.checker.report.content import (
    Table,
    entry_table,
    facts,
    parameter_table,
    printable,
    provenance,
)
from nudgegrad.checker.report.text import layout

if TYPE_CHECKING:
    from nudgegrad.checker.report import Report

__all__ = ["as_rich"]

STYLES = {
    "heading": "bold", "ok": "", "wrong": "red", "kink": "magenta", "noisy": "yellow",
    "unresolved": "bright_black", "unverified": "yellow",
}  # fmt: skip


def as_rich(report: Report) -> RenderableType:
    """Return what rich draws. Every text is a `Text`, in which rich looks for no markup."""
    colour = "bold green" if report.passed else "bold red"
    parts: list[RenderableType] = [Text(printable(report.outcome), style=colour)]
    parts += _listed("diagnosis", report.diagnosis)
    known = RichTable.grid(padding=(0, 2, 0, 0))
    for label, text in facts(report):
        known.add_row(Text(label, style="dim"), Text(printable(text)))
    parts.append(_apart(known))
    for table in (parameter_table(report), entry_table(report)):
        if table is not None and table.rows:
            parts.append(_apart(_Rows(table)))
    parts += _listed("notes", report.notes)
    parts.append(_apart(Text(printable(provenance(report)), style="dim", overflow="fold")))
    return Group(*parts)


@dataclass(frozen=True)
class _Rows:
    """A table as `print` lays it out, in as many columns as the terminal has.

    A table of rich's would cut or fold numbers where it is too wide; here the names give way.
    """

    table: Table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.table.title:
            yield Text(self.table.title, style="bold")
        for mark, line in layout(self.table, options.max_width):
            yield Text(line, style=STYLES[mark], overflow="fold")
            if mark == "heading":
                yield Text("─" * min(len(line), options.max_width), style="dim")
        if self.table.remark:
            yield Text(self.table.remark, style="dim")


def _listed(title: str, lines: Sequence[str]) -> list[RenderableType]:
    if not lines:
        return []
    grid = RichTable.grid(padding=(0, 1, 0, 0))
    for line in lines:
        grid.add_row("-", Text(printable(line), overflow="fold"))
    return [_apart(Group(Text(title, style="bold"), grid))]


def _apart(part: RenderableType) -> Padding:
    return Padding(part, (1, 0, 0, 0))
