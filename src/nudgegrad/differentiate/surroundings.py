"""A function where it is differenced: its value, and the noise of calls at one point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.evaluate import Evaluator
from nudgegrad.differentiate.noise import Noise

__all__ = ["REPEATS", "Surroundings", "surroundings"]

Array = NDArray[Any]

REPEATS = 3
"""Evaluations at the point itself, to see whether the function gives the same each time …"""

MORE_REPEATS = 9
"""… and if not, how far they scatter."""


@dataclass(frozen=True)
class Surroundings:
    """What is known of a function where it is differenced.

    Attributes
    ----------
    evaluate
        The function near the point.
    centre : array
        Its value there.
    noise : Noise
        Of its values, as far as calls at the point show it. What is computed in float32 may return
        a Python float, so the coarsest dtype in play counts.
    deterministic : bool
        Whether the calls at the point gave the same.
    evaluations : int
        That this took.
    """

    evaluate: Evaluator
    centre: Array
    noise: Noise
    deterministic: bool
    evaluations: int


def surroundings(evaluate: Evaluator) -> Surroundings:
    """Return what calls at the point itself show."""
    repeats = np.stack([evaluate.centre() for _ in range(REPEATS)])
    centre = repeats[0]
    kind = centre.dtype if centre.dtype.kind == "f" else np.dtype(np.float64)
    deterministic = bool(np.array_equal(repeats[1:], repeats[:-1], equal_nan=True))
    calls = 0.0
    if not deterministic:
        more = np.stack([evaluate.centre() for _ in range(MORE_REPEATS)])
        repeats = np.concatenate([repeats, more])
        calls = float(np.max(np.std(repeats, axis=0, ddof=1, dtype=np.float64)))
    roundoff = 0.3 * float(np.finfo(kind).eps)
    kinds = [array.dtype for array in evaluate.arrays if array.dtype.kind == "f"]
    eps = [float(np.finfo(kind).eps) for kind in kinds] + [getattr(evaluate, "eps", 0.0)]
    coarsest = max(roundoff, 0.3 * max(eps))
    noise = Noise(roundoff, coarsest, calls)
    return Surroundings(evaluate, centre, noise, deterministic, len(repeats))
