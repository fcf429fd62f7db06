"""What to do about entries that are neither right nor wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nudgegrad.checker.reason import Reason
from nudgegrad.checker.report.outcome import named

if TYPE_CHECKING:
    from nudgegrad.checker.report import Report

__all__ = ["hints"]

ADVICE = {
    Reason.NONE: "use float64, give h=, or check at another point",
    Reason.BELOW_NOISE: "use float64 throughout, leave out large constant terms, or check at a "
    "point where the entry matters more",
    Reason.DISAGREE: "check at another point, or give an h= that suits the function",
    Reason.NOT_FINITE: "check at a point further inside the function's domain",
    Reason.LOOKED_ONCE: "give more max_seconds=, or check them by themselves with only= or mask=",
    Reason.KINKS: "use float64, or check at another point",
    Reason.TOO_COARSE: "use parameters of float64, or smaller ones",
}


def hints(report: Report) -> list[str]:
    """Return what stands in the way of verifying entries, and what helps: a sentence each."""
    reasons = report.reasons
    lines = [_unverified(report, reason, reasons[reason]) for reason in reasons]
    left = report.unverified - sum(reasons.values())
    if left:
        lines.append(_unverified(report, Reason.NONE, left))
    kinks = report.counts["kink"]
    if kinks:
        subject = "1 entry is at a kink" if kinks == 1 else f"{kinks:,} entries are at kinks"
        lines.append(
            f"{subject}, where the slopes on the two sides differ: check at a point away from "
            "ties and thresholds"
        )
    return [*lines, *_noise(report), *_others(report)]


def _unverified(report: Report, reason: Reason, number: int) -> str:
    subject = "1 entry" if number == 1 else f"{number:,} entries"
    # The outcome has named them, if there is one reason for all.
    names = f", {named(report, reason)}" if number < report.unverified else ""
    parts = [f"{subject} could not be verified{names}", reason.text]
    if reason != Reason.BELOW_NOISE or not report.counts["noisy"]:  # else `_noise` has the advice
        parts.append(ADVICE[reason])
    return ": ".join(filter(None, parts[:2])) + "".join(f"; {part}" for part in parts[2:])


def _noise(report: Report) -> list[str]:
    """Say where noise comes from: "seed it" only of a function that differed at one point."""
    if not report.counts["noisy"]:
        return []
    if not report.deterministic:
        return [
            "the function gave different values at one point: seed it, or switch its randomness off"
        ]
    scatter = f" by {report.noise:.1g}" if report.noise else ""
    return [
        f"the function's values scatter{scatter}, far more than by rounding: a solver's tolerance, "
        "lower precision inside, or large terms that cancel?"
    ]


def _others(report: Report) -> list[str]:
    """Say what the entries amount to that are noisy or unresolved, and not `unverified`."""
    number = report.counts["noisy"] + report.counts["unresolved"] - report.unverified
    subject = "1 entry is" if number == 1 else f"{number:,} entries are"
    if report.passed and number:
        its = "its error bar" if number == 1 else "their error bars"
        return [
            f"{subject} not verified, but a mistake within {its} would not matter next to the "
            "others"
        ]
    if not report.counts["ok"] and report.counts["unresolved"] and not report.unverified:
        return [f"no difference is sharp enough to tell: {ADVICE[Reason.NONE]}"]
    return []
