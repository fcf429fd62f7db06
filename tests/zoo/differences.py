"""Truth for the zoo's own test: central differences in long double, extrapolated."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.zoo.case import Array, Params

RATIO, STEPS = 8.0, 8


def ladder(f: Callable[[Any], Any], scale: float) -> tuple[float, float]:
    """Return the derivative of f at 0 and an estimate of its error (Ridders, 1982).

    Steps shrink from scale/16 by 8 each; the entry of Richardson's table that moved least from
    the entries it was made of is taken. Its error is no less than what rounding f costs.
    """
    best, least = np.nan, np.inf
    above: list[Any] = []
    for k in range(STEPS):
        h = np.longdouble(scale / 16 / RATIO**k)
        upper, lower = f(h), f(-h)
        unit = np.finfo(np.longdouble if isinstance(upper, np.longdouble) else np.float64).eps
        rounding = unit * max(abs(upper), abs(lower)) / h
        row = [(upper - lower) / (2 * h)]
        for j in range(k):
            factor = RATIO ** (2 * (j + 1))
            row.append((factor * row[j] - above[j]) / (factor - 1))
            error = max(abs(row[-1] - row[j]), abs(row[-1] - above[j]), rounding)
            if error <= least:
                best, least = float(row[-1]), float(error)
        above = row
    return best, least


def steps(x: Array) -> Array:
    """Return how large a nudge of each entry may be: its own size, or a usual one of the array."""
    sizes = np.abs(x.astype(np.float64))
    usual = float(np.median(sizes)) or 1.0
    return np.where(sizes > 1e-4 * usual, sizes, usual)


def slope(
    loss: Callable[[Params], float], params: Params, name: str, index: int
) -> tuple[float, float]:
    """Return the derivative of `loss` by one entry, with an estimate of its error.

    `params` are long doubles, and are as before when this returns.
    """
    flat = params[name].reshape(-1)
    saved = flat[index]

    def moved(step: Any) -> float:
        flat[index] = saved + step
        return loss(params)

    try:
        return ladder(moved, float(steps(params[name]).reshape(-1)[index]))
    finally:
        flat[index] = saved
