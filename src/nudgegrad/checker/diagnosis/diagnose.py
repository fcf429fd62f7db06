"""From the errors of a gradient to their cause, where a pattern is plain."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nudgegrad.checker.diagnosis.evidence import Context, Evidence
from nudgegrad.checker.diagnosis.finding import IS, NAMES
from nudgegrad.checker.diagnosis.hints import hints
from nudgegrad.checker.diagnosis.what import what
from nudgegrad.checker.diagnosis.where import some, where
from nudgegrad.checker.report.content import index_text, listing, printable

if TYPE_CHECKING:
    from nudgegrad.checker.report import Report

__all__ = ["diagnose"]

NAMED = 6


def diagnose(report: Report) -> list[str]:
    """Return the errors' causes, a sentence each, then what to do about entries in doubt.

    What is true of several parameters is told once, of all of them.
    """
    context = Context.of(report.parameters.values())
    told: dict[str, list[str]] = {}
    with np.errstate(all="ignore"):
        for name, check in report.parameters.items():
            evidence = Evidence(check)
            for text in (_lost(evidence), _wrong(evidence, context)):
                if text:
                    told.setdefault(text, []).append(name)
    total = len(report.parameters)
    lines = [text.replace(NAMES, _names(names, total)) for text, names in told.items()]
    return [*lines, *_across(report), *hints(report)]


def _wrong(evidence: Evidence, context: Context) -> str | None:
    """Say what is wrong, and where, of one parameter."""
    if not evidence.wrong.any():
        return None
    place, finding = where(evidence), what(evidence, context)
    if finding is None:
        if place is None or not evidence.right.any():
            return None  # that entries are wrong was said; there is no pattern to tell
        text, many = place
        return f"{text} {'are' if many else 'is'} wrong, all else in it is right"
    if finding.subject:
        text, many = finding.subject, finding.plural
    elif (
        finding.predicted is not None
        and evidence.wrong.size > 1
        and evidence.right.any()
        and evidence.holds_everywhere(finding.predicted, finding.slack)
    ):
        text, many = f"every entry of {NAMES}", False
    else:
        text, many = place or some(evidence)
    return f"{text} {finding.text.replace(IS, 'are' if many else 'is')}"


def _lost(evidence: Evidence) -> str | None:
    """Say which entries are no numbers."""
    number = int(evidence.lost.sum())
    if not number:
        return None
    values = evidence.analytic[evidence.lost]
    kinds = ("NaN", np.isnan(values).any()), ("infinite", np.isinf(values).any())
    kind = " or ".join(name for name, present in kinds if present)
    if number <= 3:
        places = [index_text(place) for place in np.argwhere(evidence.lost).tolist()]
        many = number > 1
        subject = f"{'entries' if many else 'entry'} {listing(places)} of {NAMES}"
        return f"{subject} {'are' if many else 'is'} {kind}: {_cause(kind)}"
    count = "every entry" if evidence.lost.all() else f"{number:,} entries"
    return f"{count} of {NAMES} {'is' if evidence.lost.all() else 'are'} {kind}: {_cause(kind)}"


def _cause(kind: str) -> str:
    if kind == "infinite":
        return "an overflow, or a division by zero?"
    return "an overflow, 0/0, or a logarithm or root of a negative number?"


def _across(report: Report) -> list[str]:
    """Say which parameters are wrong, where that in itself points somewhere."""
    judged = [c for c in report.parameters.values() if c.counts["ok"] or c.counts["wrong"]]
    bad = [c.counts["wrong"] > 0 for c in judged]
    flat = [c.verdict.ndim < 2 for c in judged]
    wrong = sum(bad)
    if min(wrong, len(bad) - wrong) < 2:
        return []
    if bad == flat:
        return ["the one-dimensional parameters (biases?) are wrong, all others are right"]
    if bad == [not one for one in flat]:
        return ["the weights are wrong, the one-dimensional parameters (biases?) are right"]
    if all(bad[:wrong]):
        last, first = (printable(judged[i].name) for i in (wrong - 1, wrong))
        return [
            f"all up to {last} is wrong, all from {first} on is right: if that is their order, "
            "look at what lies between the two"
        ]
    return []


def _names(names: Sequence[str], total: int) -> str:
    if len(names) == total > 2:
        return "every parameter"
    shown = [printable(name) for name in names[:NAMED]]
    if len(names) > NAMED:
        shown.append(f"{len(names) - NAMED} more")
    return listing(shown)
