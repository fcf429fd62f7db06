"""A fast way to evaluate a JAX function, held against plain calls."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.jax.arguments import epsilon
from nudgegrad.jax.evaluate import Batched, Looped

__all__ = ["disagreement"]

Array = NDArray[Any]

COMPARED = 3
"""Nudges of every leaf at which a fast way is held against plain calls."""

ROUNDINGS = 16
"""How many times a last digit of x may two ways of rounding differ, as seen in f."""


def disagreement(fast: Batched | Looped, plain: Looped) -> str | None:
    """Return where a fast way departs from plain calls, or None if they agree.

    They are compared at x and at a few random nudges of every leaf, among a whole batch of others:
    so a rule that mixes up the points of a batch shows.
    """
    rng = np.random.default_rng(0)
    eps = max(plain.total.eps, *(epsilon(array.dtype) for array in plain.arrays))
    rounding = ROUNDINGS * _rounding(plain, eps)
    if not _agree(fast.centre(), plain.centre(), eps, rounding):
        return f"gives {float(fast.centre()):g} for f(x) = {float(plain.centre()):g}"
    few = slice(0, COMPARED + 1)
    for leaf, (name, array) in enumerate(
        zip(plain.arguments.leaves.names, plain.arrays, strict=True)
    ):
        flat = array.reshape(-1)
        count = max(COMPARED + 1, fast.rows[leaf] if isinstance(fast, Batched) else 0)
        places = rng.integers(flat.size, size=count)
        size = np.abs(flat[np.isfinite(flat)]).astype(np.float64).max(initial=0.0) or 1.0
        nudges = size * rng.choice([-1, 1], count) * 2.0 ** -rng.uniform(0, 6, count)
        nudges[0] = 0
        points = (flat[places] + nudges).astype(array.dtype)
        found = _values(fast, leaf, places, points, few)
        if not _agree(found, plain.each(leaf, places[few], points[few]), eps, rounding):
            return f"departs from plain calls where {name} is nudged"
    return None


def _values(fast: Batched | Looped, leaf: int, places: Array, points: Array, few: slice) -> Array:
    """Return what a fast way gives, as it gives it, for a few of the points."""
    if isinstance(fast, Looped):
        return fast.each(leaf, places[few], points[few])
    rows = fast.rows[leaf]
    outputs = [fast.outputs(leaf, places[k : k + rows], points[k : k + rows])
               for k in range(0, COMPARED + 1, rows)]  # fmt: skip
    whole = [np.concatenate(parts) for parts in zip(*outputs, strict=True)]
    return fast.single.total.of_batch(whole, fast.single.total.start)[few]


def _rounding(plain: Looped, eps: float) -> float:
    """Return by how much f moves where every entry of x moves by about its last digit.

    Terms that cancel leave a small f(x) with the rounding of large numbers.
    """
    centre = plain.centre()
    if not np.array_equal(centre, plain.centre()):
        return 0.0  # random numbers, which tell nothing of rounding
    rng = np.random.default_rng(1)
    signs = [rng.choice([-eps, eps], array.shape) for array in plain.arrays]
    direction = [array * sign for array, sign in zip(plain.arrays, signs, strict=True)]
    moves = np.abs(plain.along(direction, np.array([1.0, -1.0, 2.0])) - float(centre))
    return float(moves[np.isfinite(moves)].max(initial=0.0))


def _agree(one: Array, other: Array, eps: float, rounding: float) -> bool:
    """Tell whether values differ by rounding only."""
    allowed = max(16 * eps, min(1024 * eps, 1e-3))
    one, other = one.astype(np.float64), other.astype(np.float64)
    size = float(np.abs(other[np.isfinite(other)]).max(initial=0.0))
    return bool(np.allclose(one, other, rtol=0, atol=allowed * size + rounding, equal_nan=True))
