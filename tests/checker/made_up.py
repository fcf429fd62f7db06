"""Reports made by hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nudgegrad.checker.report import ParameterCheck, Report
from nudgegrad.checker.verdict import Verdict


@dataclass
class Taylor:
    passed: bool = True
    order: float = 2.0
    expected: float = 2.0
    steps: list[float] = field(default_factory=lambda: [0.1, 0.01])
    remainders: list[float] = field(default_factory=lambda: [1e-2, float("nan")])

    def __str__(self) -> str:
        return f"order {self.order:.2f}, expected {self.expected:g}"


def make_check(
    name: str, numeric: Any, analytic: Any, *, value: Any = None, tolerance: float = 1e-9,
    verdict: Any = None,
) -> ParameterCheck:  # fmt: skip
    """Return a check; verdicts follow from the tolerance unless they are given."""
    numeric, analytic = np.asarray(numeric, float), np.asarray(analytic, float)
    limits = np.full(numeric.shape, tolerance)
    if value is None:
        value = np.random.default_rng(7).normal(size=numeric.shape)
    if verdict is None:
        with np.errstate(invalid="ignore"):
            near = np.abs(analytic - numeric) <= limits
        verdict = np.where(near, Verdict.OK, Verdict.WRONG)
    codes = np.broadcast_to(np.asarray(verdict, np.int8), numeric.shape).copy()
    return ParameterCheck(
        name, np.asarray(value, float), analytic, numeric, limits / 3, limits, codes, 1e-4
    )


def make_report(*checks: ParameterCheck, **settings: Any) -> Report:
    """Return a report of some checks."""
    settings = {"method": "central differences", "loss": 2.5, "evaluations": 1234,
                "seconds": 0.5, **settings}  # fmt: skip
    return Report({check.name: check for check in checks}, **settings)


def draw(*shape: int, seed: int = 0) -> Any:
    """Return normal numbers."""
    return np.random.default_rng(seed).normal(size=shape)
