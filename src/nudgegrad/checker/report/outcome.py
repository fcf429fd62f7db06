"""The one sentence that says whether a check passed, why, and how much was verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nudgegrad.checker.report.content import listing, printable

if TYPE_CHECKING:
    from nudgegrad.checker.reason import Reason
    from nudgegrad.checker.report import Report

__all__ = ["NOUNS", "named", "outcome"]

NOUNS = {"kink": "at kinks", "noisy": "noisy", "unresolved": "unresolved"}
"""What entries with such a verdict are called after their number."""

NAMED = 3
"""How many entries are named."""


def outcome(report: Report) -> str:
    """Return whether a report passed, why, and how much was verified, in one sentence."""
    if report.checked == 0:
        return "not passed: no entry was checked"
    rest = _rest(report)
    if report.passed:
        verified = f"passed: {report.counts['ok']:,} of {_entries(report.entries)} verified"
        return "; ".join([verified, *([", ".join(rest)] if rest else [])])
    causes = _causes(report)
    if not causes and report.counts["ok"] == 0:
        return f"not passed: no entry of {report.entries:,} could be verified: {', '.join(rest)}"
    verified = f"{report.counts['ok']:,} verified" if report.counts["ok"] else "none verified"
    return f"not passed: {causes or _taylor(report)}; {', '.join([verified, *rest])}"


def named(report: Report, reason: Reason | None = None) -> str:
    """Return the first entries that could not be verified, of one reason or of any."""
    places: list[str] = []
    left = 0
    for check in report.parameters.values():
        found = check.unverified_places(reason)
        left += len(found)
        name = printable(check.name)
        if 1 < len(found) == np.count_nonzero(check.checked) and len(places) < NAMED:
            places.append(f"all of {name}")
            left -= len(found)
            continue
        for index in found[: max(NAMED - len(places), 0)].tolist():
            places.append(name + (f"[{', '.join(map(str, index))}]" if index else ""))
            name = ""  # W[0, 1], [0, 2] and [3, 4]
            left -= 1
    return listing([*places, f"{left:,} more"] if left else places)


def _causes(report: Report) -> str:
    """Return which entries forbid that the report passes; nothing if none does."""
    total = _entries(report.entries)
    wrong, unverified = report.counts["wrong"], report.unverified
    lost = sum(check.not_finite for check in report.parameters.values())
    causes = []
    if lost and lost >= wrong:
        causes.append(f"{lost:,} of {total} {_is(lost)} NaN or infinite in the claimed gradient")
    elif wrong:
        also = f" ({lost:,} of them NaN or infinite)" if lost else ""
        causes.append(f"{wrong:,} of {total} {_is(wrong)} wrong{also}")
    if unverified:
        number = f"{unverified:,}" if causes else f"{unverified:,} of {total}"
        causes.append(f"{number} could not be verified, {named(report)}{_reasons(report)}")
    return " and ".join(causes)


def _taylor(report: Report) -> str:
    return (
        "no entry is wrong, but the Taylor test failed: the remainder falls with order "
        f"{report.taylor.order:.2f} where {report.taylor.expected:g} is expected"
    )


def _reasons(report: Report) -> str:
    reasons = report.reasons
    if len(reasons) == 1:
        return f": {next(iter(reasons)).text}"
    texts = [f"{reason.text} ({number:,})" for reason, number in reasons.items()]
    return f": {', '.join(texts)}" if texts else ""


def _rest(report: Report) -> list[str]:
    """Return how many of the other entries are what, those left out of a check among them."""
    texts = []
    for name, noun in NOUNS.items():
        number = report.counts[name]
        number -= sum(check.unverified_as(name) for check in report.parameters.values())
        if number:
            texts.append(f"{number:,} {noun}")
    if report.checked < report.entries:
        texts.append(f"{report.entries - report.checked:,} not checked")
    return texts


def _entries(number: int) -> str:
    return f"{number:,} {'entry' if number == 1 else 'entries'}"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
