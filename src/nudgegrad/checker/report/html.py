"""A report as HTML: a fragment for notebooks, and a page of its own."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from html import escape
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

__all__ = ["as_fragment", "as_page"]

# Colours that hold on white and on black; the fragment takes over a notebook's own text colour.
STYLE = """
.nudgegrad { font: 14px/1.5 system-ui, sans-serif; }
.nudgegrad .outcome { font-weight: 600; font-size: 1.15em; margin: 0 0 .6em; }
.nudgegrad .passed { color: #2a8f4f; } .nudgegrad .not-passed { color: #e0443e; }
.nudgegrad table { border-collapse: collapse; margin: .4em 0 .8em; }
.nudgegrad th, .nudgegrad td { padding: .15em .8em .15em 0; text-align: right;
  vertical-align: top; background: none; border: 0; }
.nudgegrad .left { text-align: left; }
.nudgegrad td { font-variant-numeric: tabular-nums; }
.nudgegrad .name { font-family: ui-monospace, monospace; overflow-wrap: anywhere; }
.nudgegrad .number { white-space: nowrap; }
.nudgegrad thead th { font-weight: 600; border-bottom: 1px solid rgba(128, 128, 128, .5); }
.nudgegrad .label, .nudgegrad .remark { opacity: .7; font-weight: normal; }
.nudgegrad tr.wrong td { color: #e0443e; } .nudgegrad tr.kink td { color: #b8639b; }
.nudgegrad tr.noisy td, .nudgegrad tr.unverified td { color: #b98009; }
.nudgegrad tr.unresolved td { color: #888; }
.nudgegrad .provenance { opacity: .7; font-size: .85em; overflow-wrap: anywhere; }
.nudgegrad h3 { font-size: 1em; margin: .8em 0 .2em; } .nudgegrad ul { margin: 0 0 .8em; }
"""
PAGE_STYLE = """
:root { color-scheme: light dark; }
body { margin: 2em auto; padding: 0 1em; max-width: 76em; background: #fff; color: #1b1b1b; }
.wide { overflow-x: auto; } img { max-width: 100%; height: auto; }
@media (prefers-color-scheme: dark) { body { background: #16181c; color: #dcdcdc; } }
"""


def as_fragment(report: Report) -> str:
    """Return the report as one element, for a notebook."""
    return f'<div class="nudgegrad"><style>{STYLE}</style>{_body(report)}</div>'


def as_page(report: Report) -> str:
    """Return a page that needs no other file and no script, in the reader's light or dark."""
    of = f" of {report.target}" if report.target else ""
    title = escape(printable(f"Gradient check{of}: {report.outcome}"))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{PAGE_STYLE}{STYLE}</style></head>\n"
        f'<body><main class="nudgegrad">{_body(report, _picture(report))}</main></body></html>\n'
    )


def _body(report: Report, picture: str = "") -> str:
    kind = "passed" if report.passed else "not-passed"
    parts = [f'<p class="outcome {kind}">{escape(printable(report.outcome))}</p>']
    parts += _listed("Diagnosis", report.diagnosis)
    rows = "".join(
        f'<tr><th class="left label">{escape(label)}</th>'
        f'<td class="left">{escape(printable(text))}</td></tr>'
        for label, text in facts(report)
    )
    parts.append(f"<table>{rows}</table>")
    parts += [
        _table(table)
        for table in (parameter_table(report), entry_table(report))
        if table is not None and table.rows
    ]
    parts += [*_listed("Notes", report.notes), picture]
    parts.append(f'<p class="provenance">{escape(printable(provenance(report)))}</p>')
    return "\n".join(parts)


def _listed(title: str, lines: Sequence[str]) -> list[str]:
    items = "".join(f"<li>{escape(printable(line))}</li>" for line in lines)
    return [f"<h3>{title}</h3><ul>{items}</ul>"] if lines else []


def _table(table: Table) -> str:
    def cell(tag: str, place: int, text: str) -> str:
        kind = "left name" if place == 0 else "left number" if place < table.left else "number"
        return f'<{tag} class="{kind}">{escape(text)}</{tag}>'

    head = "".join(cell("th", place, text) for place, text in enumerate(table.headings))
    body = "".join(
        f'<tr class="{mark}">{"".join(cell("td", i, text) for i, text in enumerate(row))}</tr>'
        for row, mark in zip(table.rows, table.marks, strict=True)
    )
    title = f"<h3>{escape(table.title.capitalize())}</h3>" if table.title else ""
    remark = "".join(f'<p class="remark">{escape(line)}</p>' for line in table.remark.splitlines())
    return (
        f'{title}<div class="wide"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{remark}"
    )


def _picture(report: Report) -> str:
    if not report.checked:
        return ""
    light, dark = (_png(report, dark=dark) for dark in (False, True))
    return (
        f'<picture><source media="(prefers-color-scheme: dark)" srcset="{dark}">'
        f'<img src="{light}" alt="Claimed against numeric gradient, and a map of the errors">'
        "</picture>"
    )


def _png(report: Report, *, dark: bool) -> str:
    from nudgegrad.checker.report.plot import plot_report

    stream = io.BytesIO()
    plot_report(report, dark=dark).savefig(stream, format="png", dpi=120)
    return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"
