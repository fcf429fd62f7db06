"""A hundred thousand parameters, and a loss that is quick."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.zoo.case import Params, Problem, normal, number, right, wrong

COUNT, ROGUE = 100_000, 73_501


def quadratic(
    bug: str = "", *, scale: float = 1.0, dtype: str = "float64", mean: bool = False
) -> Problem:
    """Return |x|²/2 + a·x, times a scale."""
    a = normal(161, COUNT, dtype=dtype)
    scale = scale / COUNT if mean else scale
    changes: dict[str, Callable[[float], float]] = {
        "sign": lambda g: -g,
        "twice": lambda g: 2 * g,
        "zero": lambda _: 0.0,
    }

    def gradient(p: Params) -> Params:
        g = scale * (p["x"] + a)
        if bug in changes:
            g[ROGUE] = changes[bug](g[ROGUE])
        if bug == "mean-forgotten":
            g *= COUNT
        if bug == "block":
            g[5_000:5_100] *= 1.5
        return {"x": g}

    def loss(p: Params) -> float:
        x = p["x"]
        return number(scale * (np.dot(x, x) / 2 + np.dot(a, x)))

    return Problem(loss, {"x": normal(162, COUNT, dtype=dtype)}, gradient)


def matrix(bug: str = "") -> Problem:
    """Return |W·v|²/2 of a wide matrix."""
    v = normal(163, 1000) / 30

    def gradient(p: Params) -> Params:
        g = np.outer(p["W"] @ v, v)
        if bug:
            g[37] = g[38]
        return {"W": g}

    def loss(p: Params) -> float:
        y = p["W"] @ v
        return number(np.dot(y, y) / 2)

    return Problem(loss, {"W": normal(164, 100, 1000)}, gradient)


def total(bug: str = "") -> Problem:
    """Return the square of a sum: every entry has the same gradient."""

    def gradient(p: Params) -> Params:
        return {"x": np.full(COUNT, (1 if bug else 2) * p["x"].sum())}

    x = normal(165, COUNT) + 0.01
    return Problem(lambda p: number(p["x"].sum() ** 2), {"x": x}, gradient)


CASES = (
    wrong("large/one-sign", "the sign of one entry out of 100,000", quadratic, "sign",
          entries=(ROGUE,)),
    wrong("large/one-twice", "one entry out of 100,000 is doubled", quadratic, "twice",
          entries=(ROGUE,)),
    wrong("large/one-zero", "one entry out of 100,000 is 0", quadratic, "zero", entries=(ROGUE,)),
    wrong("large/block", "a hundred entries out of 100,000, half as much again", quadratic,
          "block", entries=(5_000, 5_050, 5_099)),
    wrong("large/one-row", "one row of a matrix of 100,000 is its neighbour's", matrix, "row",
          entries=(37_000, 37_001, 37_500)),
    wrong("large/mean-forgotten", "1/N forgotten for N = 100,000", quadratic, "mean-forgotten",
          mean=True),
    wrong("large/total", "the 2 of the square", total, "half"),
    right("large/quadratic", "100,000 entries", quadratic),
    right("large/mean", "gradients of 1e-5", quadratic, mean=True),
    right("large/huge", "a loss of 1e12", quadratic, scale=1e7),
    right("large/float32", "100,000 entries in float32", quadratic, dtype="float32", mean=True),
    right("large/matrix", "a matrix of 100,000", matrix),
    right("large/total-right", "all entries alike", total),
)  # fmt: skip
