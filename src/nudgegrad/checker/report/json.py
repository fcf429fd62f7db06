"""A report as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from nudgegrad._version import __version__
from nudgegrad.files import finite_or_none

if TYPE_CHECKING:
    from nudgegrad.checker.report import Entry, Report

__all__ = ["as_json"]

WORST = 100


def as_json(report: Report) -> str:
    """Return all but the single entries that are not among the worst; NaN and inf are null."""
    document: dict[str, Any] = {
        "version": __version__,
        "target": report.target,
        "created": report.created,
        "versions": report.versions,
        "passed": report.passed,
        "outcome": report.outcome,
        "counts": report.counts,
        "unverified": report.unverified,
        "reasons": {str(reason): number for reason, number in report.reasons.items()},
        "entries": report.entries,
        "checked": report.checked,
        "coverage": report.coverage,
        "method": report.method,
        "loss": float(report.loss),
        "evaluations": int(report.evaluations),
        "seconds": float(report.seconds),
        "noise": _number(report.noise),
        "deterministic": bool(report.deterministic),
        "factor": _number(report.factor),
        "rtol": _number(report.rtol),
        "atol": _number(report.atol),
        "h": {name: _number(check.h) for name, check in report.parameters.items()},
        "notes": list(report.notes),
        "diagnosis": report.diagnosis,
        "summary": [{**row, "h": _number(row["h"])} for row in report.summary()],
        "worst": [_entry(entry) for entry in report.worst(WORST)],
        "taylor": _taylor(report.taylor),
    }
    return json.dumps(finite_or_none(document), indent=1, ensure_ascii=False, allow_nan=False)


def _entry(entry: Entry) -> dict[str, Any]:
    fields = asdict(entry)
    return {("claimed" if name == "analytic" else name): value for name, value in fields.items()}


def _taylor(taylor: Any) -> dict[str, Any] | None:
    if taylor is None:
        return None
    return {
        "passed": bool(taylor.passed),
        "order": float(taylor.order),
        "expected": float(taylor.expected),
        "steps": [float(step) for step in taylor.steps],
        "remainders": [float(remainder) for remainder in taylor.remainders],
    }


def _number(value: float | None) -> float | None:
    """Return a float of Python's own: JSON knows no NumPy scalars."""
    return None if value is None else float(value)
