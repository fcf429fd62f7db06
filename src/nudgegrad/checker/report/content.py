"""What a report shows, whatever shows it: facts, tables, and numbers as text."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nudgegrad.checker.report import Report

__all__ = [
    "Table", "entry_table", "facts", "index_text", "listing", "pair", "parameter_table",
    "printable", "provenance",
]  # fmt: skip

ROWS = 30
WORST = 10
VERDICTS = ("ok", "wrong", "kink", "noisy", "unresolved")


@dataclass(frozen=True)
class Table:
    """Cells as text.

    Attributes
    ----------
    title : str
    headings : list of str
    rows : list of list of str
    marks : list of str
        Each row's verdict, or "unverified", which colours it.
    left : int
        How many columns are words, which stand to the left; the others are numbers.
    remark : str
        What the table leaves out.
    """

    title: str
    headings: list[str]
    rows: list[list[str]]
    marks: list[str]
    left: int
    remark: str = ""


def facts(report: Report) -> list[tuple[str, str]]:
    """Return what there is to know besides the entries: label, text."""
    rows = [
        ("method", report.method),
        ("loss", f"{report.loss:.10g}"),
        ("evaluations", f"{report.evaluations:,} in {seconds_text(report.seconds)}"),
    ]
    if report.noise is not None:
        cause = "" if report.deterministic else ", different values at one point"
        rows.append(("noise", f"{report.noise:.1e} (standard deviation of the loss{cause})"))
    elif not report.deterministic:
        rows.append(("noise", "different values at one point"))
    limits = [
        f"{name} {value:g}"
        for name, value in (("rtol", report.rtol), ("atol", report.atol))
        if value is not None
    ]
    if limits:
        rows.append(("tolerance", ", ".join(limits)))
    elif report.factor != 1:
        rows.append(("tolerance", f"{report.factor:g} error bars"))
    if report.taylor is not None:
        rows.append(("Taylor test", str(report.taylor)))
    return rows


def parameter_table(report: Report) -> Table:
    """Return a row a parameter. Columns that would say nothing are left out."""
    rows = report.summary()
    shown = rows
    if len(rows) > ROWS:  # those that need no look give way to those that do
        shown = [row for row in rows if row["ok"] < row["checked"]]
        shown = shown or rows[:ROWS]
    counted = [name for name in VERDICTS if name == "ok" or report.counts[name]]
    counted += ["unverified"] if report.unverified else []
    partly = any(row["checked"] < row["entries"] for row in rows)
    headings = ["parameter", "shape", "entries", *(["checked"] if partly else []), *counted,
                "rel. error", "h"]  # fmt: skip
    cells = [
        [
            printable(row["parameter"]),
            _shape(row["shape"]),
            f"{row['entries']:,}",
            *([f"{row['checked']:,}"] if partly else []),
            *(f"{row[name]:,}" for name in counted),
            "" if math.isnan(row["relative_error"]) else f"{row['relative_error']:.1e}",
            f"{row['h']:.1e}",
        ]
        for row in shown
    ]
    marks = [
        "wrong" if row["wrong"] else "unverified" if row["unverified"] else "ok" for row in shown
    ]
    left_out = len(rows) - len(shown)
    remarks = []
    if left_out:
        more = f"and {left_out:,} more parameter{'s' * (left_out > 1)}"
        remarks.append(f"{more}, every checked entry ok")
    if report.counts["wrong"]:
        others = "; where nothing is wrong, of what is ok"
        others *= any(not row["wrong"] for row in shown)
        remarks.append(f"rel. error: the largest of what is clearly wrong{others}")
    return Table("", headings, cells, marks, left=2, remark="\n".join(remarks))


def entry_table(report: Report) -> Table | None:
    """Return the worst entries that are not ok, or None where all are."""
    entries = [entry for entry in report.worst(WORST) if _is_notable(entry)]
    shown = {entry.parameter for entry in entries}
    for check in report.parameters.values():  # one parameter's errors do not hide another's
        doubt = check.counts["wrong"] or check.unverified.any()
        if doubt and check.name not in shown and len(entries) < ROWS:
            entries += check.worst(1)
    if not entries:
        return None
    why = any(entry.reason for entry in entries)
    rows = []
    for entry in entries:
        claimed, numeric = pair(entry.claimed, entry.numeric)
        ratio = f"{entry.ratio:.2g}" if entry.ratio < 99.5 else f"{entry.ratio:.1e}"
        rows.append([
            printable(entry.parameter), index_text(entry.index), entry.verdict,
            *([entry.reason.replace("_", " ")] if why else []),
            claimed, numeric, f"{entry.error:.1e}", ratio,
        ])  # fmt: skip
    listed = Counter(entry.verdict for entry in entries)
    more = {name: report.counts[name] - listed[name] for name in VERDICTS[1:]}
    kinds = [f"records({name!r})" for name, number in more.items() if number]
    return Table(
        title="the worst entries",
        headings=["parameter", "index", "verdict", *(["why"] if why else []), "claimed", "numeric",
                  "error bar", "ratio"],
        rows=rows,
        marks=["unverified" if entry.unverified else entry.verdict for entry in entries],
        left=4 if why else 3,
        remark=f"and {sum(more.values()):,} more: {', '.join(kinds)}" if kinds else "",
    )  # fmt: skip


def provenance(report: Report) -> str:
    """Return what was checked, when, and with which versions, in one line."""
    using = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    return " · ".join(filter(None, [report.target, report.created.replace("T", " "), using]))


def pair(claimed: float, numeric: float) -> tuple[str, str]:
    """Return two numbers with as many digits as it takes to tell them apart, and two more."""
    digits = 6
    size, off = max(abs(claimed), abs(numeric)), abs(claimed - numeric)
    if 0 < off < math.inf and size > 0:
        digits = min(max(6, math.ceil(-math.log10(off / size)) + 2), 17)
    return f"{claimed:.{digits}g}", f"{numeric:.{digits}g}"


def index_text(index: Sequence[int]) -> str:
    """Return an index as people write it: (3, 17), (3), () for a scalar."""
    return f"({', '.join(str(i) for i in index)})"


def listing(texts: Sequence[str]) -> str:
    """Join texts by commas and a last "and"."""
    return " and ".join([", ".join(texts[:-1]), texts[-1]] if len(texts) > 1 else texts)


def printable(name: str) -> str:
    """Return a name without characters that would move the cursor or change colours."""
    return "".join(one if one.isprintable() else repr(one)[1:-1] for one in name)


def seconds_text(seconds: float) -> str:
    """Return a time with a unit that fits."""
    return f"{seconds * 1000:.3g} ms" if seconds < 0.9995 else f"{seconds:,.1f} s"


def _is_notable(entry: Any) -> bool:
    return entry.verdict != "ok" or not math.isfinite(entry.claimed)


def _shape(shape: tuple[int, ...]) -> str:
    return "×".join(str(length) for length in shape) or "scalar"
