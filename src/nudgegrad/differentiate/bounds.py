"""Bounds on the entries of x: where f may be evaluated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.kinds import as_array
from nudgegrad.differentiate.leaves import Leaves, matched
from nudgegrad.validation import ParameterError

__all__ = ["Bounds", "read_bounds"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Bounds:
    """Lowest and highest values of every entry.

    Attributes
    ----------
    lower, upper : tuple of arrays
        Of the shapes and dtypes of the leaves; −∞ and ∞ where there is no bound.
    """

    lower: tuple[Array, ...]
    upper: tuple[Array, ...]

    def hold(self, leaf: int, indices: Array, points: Array) -> NDArray[np.bool_]:
        """Tell which values of some entries are allowed.

        Parameters
        ----------
        leaf
            Which array.
        indices : (n,) int array
            Flat indices into it.
        points : (n, k) array
        """
        lower = self.lower[leaf].reshape(-1)[indices, None]
        upper = self.upper[leaf].reshape(-1)[indices, None]
        return np.asarray((lower <= points) & (points <= upper))

    def hold_all(self, arrays: Sequence[Array]) -> bool:
        """Tell whether a whole point is allowed."""
        return all(
            bool(np.all((lower <= array) & (array <= upper)))
            for lower, array, upper in zip(self.lower, arrays, self.upper, strict=True)
        )


def read_bounds(leaves: Leaves, bounds: Any) -> Bounds | None:
    """Return bounds for every leaf of x.

    Parameters
    ----------
    leaves
        The leaves, which must lie within.
    bounds
        A pair (lower, upper), each a number for all entries, or in the structure of x, where a
        number stands for all entries of an array and None for no bound; or an object that has
        them as `lb` and `ub`, such as `scipy.optimize.Bounds`. None for no bounds at all.

    Raises
    ------
    ParameterError
        If the bounds do not fit, or some entry of x is outside of them.
    """
    if bounds is None or isinstance(bounds, Bounds):
        return bounds
    if hasattr(bounds, "lb") and hasattr(bounds, "ub"):
        bounds = bounds.lb, bounds.ub
    if not isinstance(bounds, (tuple, list)) or len(bounds) != 2:
        raise ParameterError(
            "bounds must be a pair (lower, upper), each a number or in the structure of x, or a "
            f"scipy.optimize.Bounds, got {bounds!r}"
        )
    lower, upper = (
        _side(leaves, side, f"bounds[{k}]", missing)
        for k, (side, missing) in enumerate(zip(bounds, (-np.inf, np.inf), strict=True))
    )
    for name, array, low, high in zip(leaves.names, leaves.arrays, lower, upper, strict=True):
        # An entry that is not a number is neither inside nor outside.
        outside = np.argwhere((array < low) | (array > high) | ~(low <= high))
        if len(outside):
            index = tuple(outside[0].tolist())
            raise ParameterError(
                f"{name}{list(index) if index else ''} must lie within its bounds, "
                f"{low[index]} and {high[index]}, got {array[index]}"
            )
    return Bounds(lower, upper)


def _side(leaves: Leaves, side: Any, name: str, missing: float) -> tuple[Array, ...]:
    """Return a lower or upper bound for every entry."""
    if _for_all(side):
        found = [side] * len(leaves.names)
    else:
        found = matched(leaves, side, name, for_all=_for_all)
    arrays = []
    for leaf, array, value in zip(leaves.names, leaves.arrays, found, strict=True):
        bound = as_array(missing if value is None else value)
        bound = bound.reshape(()) if bound.size == 1 else bound
        if bound.dtype.kind not in "fiu" or np.isnan(bound).any():
            raise ParameterError(f"{name} of {leaf} must be real numbers, got {value!r}")
        try:
            with np.errstate(over="ignore"):
                arrays.append(np.array(np.broadcast_to(bound, array.shape).astype(array.dtype)))
        except ValueError as error:
            raise ParameterError(
                f"{name} of {leaf} must be a number or of its shape {array.shape}, got shape "
                f"{bound.shape}"
            ) from error
    return tuple(arrays)


def _for_all(value: Any) -> bool:
    return value is None or isinstance(value, Real) or getattr(value, "size", 0) == 1
