"""The one sentence that says whether a check passed, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nudgegrad.checker.report import Report

__all__ = ["HINTS", "NOUNS", "outcome"]

# What an entry with such a verdict is called after its number, and what to do about it.
NOUNS = {"kink": "at kinks", "noisy": "noisy", "unresolved": "unresolved"}
HINTS = {
    "kink": "check at a point away from ties and thresholds",
    "noisy": "make the function deterministic (seed it)",
    "unresolved": "use float64 or a larger h",
}


def outcome(report: Report) -> str:
    """Return whether a report passed, and why, in one sentence."""
    return f"passed: {_why_passed(report)}" if report.passed else f"not passed: {_why_not(report)}"


def _why_passed(report: Report) -> str:
    checked, within = report.checked, _within(report)
    if report.counts["ok"] == checked < report.entries:
        return f"{checked:,} of {report.entries:,} entries checked, all within {within}"
    sentence = f"{report.counts['ok']:,} of {checked:,} entries within {within}"
    if checked < report.entries:
        sentence = f"{checked:,} of {report.entries:,} entries checked, {report.counts['ok']:,} of "
        sentence += f"them within {within}"
    return ", ".join([sentence, *_others(report)])


def _why_not(report: Report) -> str:
    counts, checked = report.counts, report.checked
    if checked == 0:
        return "no entry was checked"
    everything = "" if checked == report.entries else " checked"
    total = f"{checked:,} {'entry' if checked == 1 else 'entries'}{everything}"
    wrong = counts["wrong"]
    lost = sum(check.not_finite for check in report.parameters.values())
    if lost and lost >= wrong:
        return f"{lost:,} of {total} {_is(lost)} NaN or infinite in the claimed gradient"
    if wrong:
        also = f" ({lost:,} of them NaN or infinite)" if lost else ""
        return f"{wrong:,} of {total} {_is(wrong)} wrong{also}"
    if counts["ok"] == 0:
        present = [name for name in NOUNS if counts[name]]
        hints = ", ".join(HINTS[name] for name in present)
        what = f"all {NOUNS[present[0]]}" if len(present) == 1 else ", ".join(_others(report))
        return f"no entry could be verified: {what}; {hints}"
    if report.unverified:
        return f"{report.unverified:,} of {total} could not be verified"
    return (
        f"no entry of {total} is wrong, but the Taylor test failed: the remainder falls with order "
        f"{report.taylor.order:.2f} where {report.taylor.expected:g} is expected"
    )


def _others(report: Report) -> list[str]:
    return [
        f"{report.counts[name]:,} {noun}" for name, noun in NOUNS.items() if report.counts[name]
    ]


def _within(report: Report) -> str:
    return "their error bars" if report.rtol is None and report.atol is None else "tolerance"


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
