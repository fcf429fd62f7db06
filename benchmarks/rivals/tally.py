"""Verdicts counted."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Tally", "best_threshold", "examples", "mistakes", "tally"]

Case = dict[str, Any]
Outcomes = Mapping[str, dict[str, Any]]


@dataclass(frozen=True)
class Tally:
    """How many bugs there are and were found, how many right gradients there are and passed.

    Attributes
    ----------
    bugs, found, right, passed, false_alarms : int
    not_run : int
        Cases without a verdict: too slow, or refused.
    seconds : float
        Of all cases together.
    """

    bugs: int
    found: int
    right: int
    passed: int
    false_alarms: int
    not_run: int
    seconds: float


def tally(cases: Iterable[Case], outcomes: Outcomes) -> Tally:
    """Count a checker's verdicts on some cases."""
    cases = list(cases)
    verdicts = Counter((case["right"], outcomes[case["name"]]["verdict"]) for case in cases)
    right = sum(case["right"] for case in cases)
    judged = sum(verdicts[r, verdict] for r in (True, False) for verdict in ("passed", "failed"))
    return Tally(
        bugs=len(cases) - right,
        found=verdicts[False, "failed"],
        right=right,
        passed=verdicts[True, "passed"],
        false_alarms=verdicts[True, "failed"],
        not_run=len(cases) - judged,
        seconds=sum(outcomes[case["name"]]["seconds"] for case in cases),
    )


def mistakes(cases: Iterable[Case], outcomes: Outcomes, *, right: bool) -> list[Case]:
    """Return the right cases that a checker failed, or the wrong ones that it passed."""
    verdict = "failed" if right else "passed"
    return [
        case
        for case in cases
        if case["right"] == right and outcomes[case["name"]]["verdict"] == verdict
    ]


def examples(cases: Iterable[Case], count: int) -> list[Case]:
    """Return some cases: one of each family, of the families that come most often."""
    cases = list(cases)
    families = [family for family, _ in Counter(case["family"] for case in cases).most_common()]
    chosen = [
        next(case for case in cases if case["family"] == family) for family in families[:count]
    ]
    rest = [case for case in cases if case not in chosen]
    return [*chosen, *rest][:count]


def best_threshold(cases: Iterable[Case], outcomes: Outcomes) -> tuple[float, Outcomes] | None:
    """Return what one threshold for a checker's numbers would give, chosen in hindsight.

    Returns
    -------
    (float, outcomes) or None
        The threshold with the most right verdicts, and these verdicts. None without numbers.
    """
    cases = list(cases)
    numbers = {
        name: float(outcome["number"])
        for name, outcome in outcomes.items()
        if outcome["number"] is not None
    }
    if not numbers:
        return None

    def score(threshold: float) -> int:
        return sum(
            (numbers.get(case["name"], math.inf) <= threshold) == case["right"] for case in cases
        )

    best = max(sorted(set(numbers.values())), key=score)
    return best, {
        name: {
            **outcome,
            "verdict": "passed" if numbers[name] <= best else "failed",
        }
        if name in numbers
        else outcome
        for name, outcome in outcomes.items()
    }
