"""Whether f is analytic, as the complex step takes it to be: real nudges tell."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.bounds import Bounds
from nudgegrad.differentiate.evaluate import Evaluator
from nudgegrad.differentiate.guarded import Guarded
from nudgegrad.differentiate.memory import check_memory
from nudgegrad.differentiate.values import UnusableFunction

__all__ = ["ANALYTIC_EVALUATIONS", "check_analytic"]

Array = NDArray[Any]

STEPS = (1.0, 0.5, 1 / 16, 1 / 32)
"""Real nudges that a complex step is held against, two pairs of them, in units of the longest."""

LONGEST = 2.0**-13
"""The longest, in units of each entry."""

ANALYTIC_EVALUATIONS = 1 + len(STEPS)

CERTAIN = 1e-6
"""The share of all slopes together by which a complex step must be off to be called wrong."""


def check_analytic(
    evaluate: Evaluator, leaf: int, name: str, indices: Array, slopes: Array,
    bounds: Bounds | None = None,
) -> None:  # fmt: skip
    """Raise if real nudges contradict the slopes that a complex step gives of an array.

    The entries are moved together, each by another share, so that errors do not cancel.

    Parameters
    ----------
    evaluate
        f near x, for complex arrays.
    leaf, name
        Which array.
    indices : (n,) int array
        Flat indices of the entries.
    slopes : (n, …) array
        Their slopes by complex steps.
    bounds
        Where f may be evaluated.

    Raises
    ------
    UnusableFunction
        If f is complex at x, or its slope along the direction is another one at two lengths of
        real nudges, or it returns what it remembers.
    """
    array = np.real(evaluate.arrays[leaf]).reshape(-1)[indices].astype(np.float64)
    moves = LONGEST * np.where(array == 0, 1, np.abs(array))
    if bounds is not None:
        moves[array + moves > bounds.upper[leaf].reshape(-1)[indices]] *= -1
    moves *= np.random.default_rng(0).uniform(0.5, 1, len(indices))
    direction = [np.zeros(part.shape) for part in evaluate.arrays]
    direction[leaf].reshape(-1)[indices] = moves
    values = Guarded(evaluate, bounds).along(direction, np.array([0.0, *STEPS]))
    size = np.abs(values[0])
    if np.any(np.abs(np.imag(values[0])) > 1e-12 * size):
        raise UnusableFunction(
            "f must be real at x for the complex step, got a complex value; use scheme='central'"
        )
    if slopes.any() and np.array_equal(values, np.broadcast_to(values[:1], values.shape)):
        check_memory(evaluate, leaf)
    weights = moves.reshape((-1, *[1] * (slopes.ndim - 1)))
    claimed = np.sum(weights * slopes, axis=0)
    total = np.sum(np.abs(weights * slopes), axis=0)
    change = np.real(values[1:] - values[0])
    # Each pair gives a slope without its error of first order.
    long, short = ((4 * change[k + 1] - change[k]) / STEPS[k] for k in (0, 2))
    rounding = 64 * np.finfo(np.float64).eps * size / STEPS[-1]
    scale = np.maximum(total, np.maximum(np.abs(long), np.abs(short)))
    distance = np.minimum(np.abs(long - claimed), np.abs(short - claimed))
    agree = np.abs(long - short) <= 0.1 * distance
    off = distance > CERTAIN * scale + 10 * rounding
    wrong = np.flatnonzero(agree & off & np.isfinite(long + short + claimed))
    if len(wrong):
        real, claim = (
            np.ravel(part)[wrong[0]] / np.linalg.norm(moves) for part in (short, claimed)
        )
        raise UnusableFunction(
            "f must be analytic for the complex step (without abs, conj, real part, norm or "
            f"comparisons of complex numbers), but along {name} it has the slope {real:.6g} for a "
            f"real nudge and {claim:.6g} for an imaginary one; use scheme='central'"
        )
