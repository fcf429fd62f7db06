"""Differences of any function of arrays: schemes, steps, error bars.

`schemes` has the difference formulas, `step` the choice of h, `evaluate` the ways to evaluate a
function beside a point, `select` the choice of entries, `leaves` nested parameters, `in_place` the
lesson's loop, and `gradient` puts them together.
"""

from nudgegrad.differentiate.gradient import (
    Differences,
    count_evaluations,
    numerical_gradient,
    numerical_jacobian,
)
from nudgegrad.differentiate.in_place import central_differences, check_nudgeable, check_step
from nudgegrad.differentiate.schemes import (
    CENTRAL,
    COMPLEX_STEP,
    FIVE_POINT,
    FORWARD,
    RICHARDSON,
    Scheme,
)

__all__ = [
    "CENTRAL", "COMPLEX_STEP", "FIVE_POINT", "FORWARD", "RICHARDSON", "Differences", "Scheme",
    "central_differences", "check_nudgeable", "check_step", "count_evaluations",
    "numerical_gradient", "numerical_jacobian",
]  # fmt: skip
