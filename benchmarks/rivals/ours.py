"""nudgegrad's own checkers."""

from __future__ import annotations

from typing import Any

import nudgegrad as ng
from benchmarks.rivals import Outcome
from nudgegrad.checker import Report
from tests.zoo.case import Problem

__all__ = ["check_jax", "check_numpy", "check_torch"]


def check_numpy(problem: Problem) -> Outcome:
    """Check a gradient written in NumPy."""
    return _outcome(ng.check(*problem, announce=None))


def check_torch(problem: Any) -> Outcome:
    """Check what autograd gives for a module's parameters and inputs."""
    from nudgegrad.torch import check

    return _outcome(check(problem.module, problem.loss, *problem.inputs, announce=None))


def check_jax(problem: Any) -> Outcome:
    """Check what `jax.grad` gives."""
    from nudgegrad.jax import check

    return _outcome(check(problem.f, *problem.args, announce=None))


def _outcome(report: Report) -> Outcome:
    return Outcome(report.passed, "" if report.passed else str(report).partition("\n")[0])
