"""Differences of any function of arrays: schemes, steps, error bars.

`schemes` has the difference formulas, `step` the nudges, `select` the choice of entries,
`in_place` the lesson's loop, and `gradient` puts them together.

How ``h="auto"`` and the checker choose nudges: `ladder` evaluates entries at nudges of many
lengths, `noise` and `candidates` say what each of them shows, `slope` takes the best, `climb` does
so for single entries, `share` finds entries that are alike, which `probe` then looks at; `entries`
has the entries of an array, and `auto` the gradient.

What a function may be given: `leaves` turns nested parameters into named arrays, with
`structure`, `kinds` and `overlap`, and `bounds` says where the function may be evaluated.

How it is evaluated near a point: `evaluate` has the ways, `make_evaluator` chooses one, `guarded`
takes care of points where the function does not exist, and `values` of what it returns.

What it must not do: `saved` finds out whether it changes its argument, `memory` whether it
remembers an array, and `analytic` whether the complex step is wrong for it.
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
