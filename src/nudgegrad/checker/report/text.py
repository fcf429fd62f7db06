"""A report as plain text, for 100 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nudgegrad.checker.report.content import (
    Table,
    entry_table,
    facts,
    parameter_table,
    printable,
    provenance,
)

if TYPE_CHECKING:
    from nudgegrad.checker.report import Report

__all__ = ["as_text", "layout"]

WIDTH = 100


def as_text(report: Report) -> str:
    """Return the outcome, the diagnosis, the facts, the tables, the notes, and what was checked."""
    blocks = [_wrap("", report.outcome), *_listed("diagnosis", report.diagnosis)]
    rows = facts(report)
    indent = max(len(label) for label, _ in rows) + 2
    blocks.append("\n".join(_wrap(label.ljust(indent), text) for label, text in rows))
    blocks += [
        _table(table)
        for table in (parameter_table(report), entry_table(report))
        if table is not None and table.rows
    ]
    blocks += [*_listed("notes", report.notes), printable(provenance(report))]
    return "\n\n".join(blocks)


def layout(table: Table, width: int) -> list[tuple[str, str]]:
    """Return a table's lines, each with its row's mark, the first of them the headings.

    Where a table would be wider than `width`, long names stand on lines of their own, whole.
    """
    grid = [table.headings, *table.rows]
    widths = [max(len(row[i]) for row in grid) for i in range(len(table.headings))]
    apart = sum(widths) + 2 * (len(widths) - 1) > width
    if apart:
        widths[0] = len(table.headings[0])
    lines: list[tuple[str, str]] = []
    last = ""
    for mark, (name, *rest) in zip(["heading", *table.marks], grid, strict=True):
        first = name
        if apart and len(name) > widths[0]:
            first = ""
            if name != last:
                lines.append((mark, name))
        last = name
        cells = [
            cell.ljust(size) if place < table.left else cell.rjust(size)
            for place, (cell, size) in enumerate(zip([first, *rest], widths, strict=True))
        ]
        lines.append((mark, "  ".join(cells).rstrip()))
    return lines


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    return ["\n".join([title, *(_wrap("- ", line) for line in lines)])] if lines else []


def _table(table: Table) -> str:
    lines = [line for _, line in layout(table, WIDTH)]
    return "\n".join(line for line in [table.title, *lines, table.remark] if line)


def _wrap(start: str, text: str) -> str:
    return textwrap.fill(
        printable(text),
        WIDTH,
        initial_indent=start,
        subsequent_indent=" " * len(start),
        break_long_words=False,
        break_on_hyphens=False,
    )
