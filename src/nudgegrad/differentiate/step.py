"""The nudge: fixed, relative, or chosen by balancing truncation against the function's noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.evaluate import Evaluator
from nudgegrad.differentiate.in_place import too_small
from nudgegrad.differentiate.schemes import Scheme

__all__ = [
    "Step", "apply_scheme", "check_steps", "nudged", "two_slopes", "value_noise",
]  # fmt: skip

Array = NDArray[Any]


@dataclass(frozen=True)
class Step:
    """The nudge of one array.

    Attributes
    ----------
    h : float
        In the units of the array, or of each entry's own size where `relative`. Where entries have
        nudges of their own, their median.
    relative : bool
    noise : float
        The noise of the function's values that was assumed: rounding, and what else they scatter.
    reason : str
        Why this h.
    nudges : array or None
        Each entry's nudge, in the array's shape, where it is chosen by ``h="auto"``; NaN where an
        entry was not chosen.
    """

    h: float
    relative: bool
    noise: float
    reason: str
    nudges: Array | None = None

    def sizes(self, values: Array) -> Array:
        """Return the nudge of each of these entries."""
        wide = np.result_type(values.dtype, np.float64)
        if not self.relative:
            return np.full(values.shape, self.h, dtype=wide)
        size = np.abs(values.astype(wide))
        return self.h * np.where(size > 0, size, 1)


def nudged(values: Array, sizes: Array, offsets: tuple[float, ...]) -> tuple[Array, Array]:
    """Return entries' values near themselves, and the steps that their dtype really takes.

    Parameters
    ----------
    values : (n,) array
        The entries.
    sizes : (n,) array
        The nudge h of each.
    offsets
        k multiples of h.

    Returns
    -------
    points, steps : (n, k) arrays
        In the dtype of the values, and in at least double precision.
    """
    wide = np.result_type(values.dtype, np.float64)
    exact = values[:, None].astype(wide)
    points = (exact + sizes[:, None] * np.asarray(offsets)).astype(values.dtype)
    return points, points.astype(wide) - exact


def check_steps(name: str, values: Array, indices: Array, shape: Any, steps: Array, h: Any) -> None:
    """Raise if a nudge is below the resolution of an entry's dtype: x + h == x."""
    stuck = np.flatnonzero((steps == 0).any(axis=1) & np.isfinite(values))
    if len(stuck):
        first = int(stuck[0])
        index = [int(i) for i in np.unravel_index(int(indices[first]), shape)]
        raise too_small(h, f"{name}{index}", values[first])


def value_noise(value: Array) -> float:
    """Return the rounding of a value by itself: a third of its last digit."""
    eps = float(np.finfo(value.dtype if value.dtype.kind == "f" else np.float64).eps)
    size = float(np.max(np.abs(value), initial=0.0))
    return 0.3 * eps * size if np.isfinite(size) else 0.0


def two_slopes(
    evaluate: Evaluator, leaf: int, indices: Array, values: Array, sizes: Array, scheme: Scheme,
    centre: Array,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Return S(h), S(h/2) and the steps taken, for some entries of a leaf."""
    offsets = scheme.offsets_of_both
    points, steps = nudged(values, sizes, offsets)
    found = evaluate.at(leaf, indices, points)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (
            apply_scheme(scheme, offsets, found, steps, centre),
            apply_scheme(scheme, offsets, found, steps, centre, part=0.5),
            steps,
        )


def apply_scheme(
    scheme: Scheme, offsets: tuple[float, ...], found: Array, steps: Array, centre: Array,
    part: float = 1.0,
) -> Array:  # fmt: skip
    """Return a scheme's slope at `part` of h from values at all offsets.

    Parameters
    ----------
    found : (n, k, …) array
        Values at the k offsets.
    steps : (n, k) array
        The steps taken.
    """
    column = {offset: k for k, offset in enumerate(offsets)}
    width = found.ndim - 2
    values = {0.0: centre}
    taken = {}
    for offset in scheme.offsets:
        k = column[offset * part]
        values[offset] = found[:, k]
        taken[offset] = steps[:, k].reshape((-1, *[1] * width))
    return scheme(values, taken)
