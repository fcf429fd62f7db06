"""The Taylor remainder: a verdict on a whole gradient that needs no h.

Along a direction d the remainder |f(x + s·d) − f(x) − s·g·d| shrinks with s² if g is the gradient,
and only with s if it is not. Source: P. Farrell, D. Ham, S. Funke and M. Rognes, *Automated
derivation of the adjoint of high-level transient finite element programs* (2013), section 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.evaluate import Evaluator

__all__ = ["TaylorTest", "taylor_test"]

Array = NDArray[Any]

HALVINGS = 24

LONGEST = 2.0**12
"""The longest step, in nudges."""


@dataclass(frozen=True)
class TaylorTest:
    """What the remainders show.

    Attributes
    ----------
    passed : bool
    order : float
        The measured order; infinite where nothing but noise remains, as for a linear function.
    expected : float
        2.
    steps, remainders : list of float
    """

    passed: bool
    order: float
    steps: list[float]
    remainders: list[float]
    expected: float = 2.0

    def __str__(self) -> str:
        if np.isinf(self.order):
            return "nothing but rounding remains: the function is linear here"
        verdict = "as a right gradient's" if self.passed else "2 if the gradient were right"
        return f"a remainder of order {self.order:.2f}, {verdict}"


def taylor_test(
    evaluate: Evaluator,
    gradient: Sequence[Array],
    moves: Sequence[tuple[Array, float]],
    centre: float,
    noise: float,
) -> TaylorTest:
    """Measure the order of the remainder along a random direction.

    Parameters
    ----------
    evaluate
        The function near x.
    gradient
        What was claimed, in the shapes of x.
    moves
        For each array the flat indices of the entries that move, and the nudge that suits them.
    centre
        f(x).
    noise
        Standard deviation of the function's values.
    """
    rng = np.random.default_rng(0)
    direction = [np.zeros(array.shape) for array in evaluate.arrays]
    for way, (indices, h) in zip(direction, moves, strict=True):
        way.flat[indices] = h * rng.standard_normal(len(indices)) / np.sqrt(max(1, len(indices)))
    steps = LONGEST * 0.5 ** np.arange(HALVINGS)
    claimed = [np.where(np.isfinite(g), g, 0.0).astype(np.float64) for g in gradient]
    slope = float(sum(np.sum(g * way) for g, way in zip(claimed, direction, strict=True)))
    values = np.asarray(evaluate.along(direction, steps), dtype=np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        remainders = np.abs(values - centre - steps * slope)
    floor = 30 * noise
    clear = np.flatnonzero(np.isfinite(remainders) & (remainders > floor))
    if len(clear) < 3:
        return TaylorTest(True, float("inf"), steps.tolist(), remainders.tolist())
    last = clear[-6:]  # the shortest steps whose remainder is more than noise
    order = float(np.polyfit(np.log(steps[last]), np.log(remainders[last]), 1)[0])
    return TaylorTest(order > 1.6, order, steps.tolist(), remainders.tolist())
