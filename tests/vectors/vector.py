"""What a function of the corpus is, and the decorator that makes one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.vectors.floats import FLOATS

__all__ = ["Vector", "collect", "vector"]

Array = NDArray[Any]

ALL = ("float64", "float32")


@dataclass(frozen=True, eq=False)
class Vector:
    """A scalar function of one vector, and the point where its gradient is asked for.

    Attributes
    ----------
    name
        ``"family/function"``.
    formula
        ``formula(m, x)``, written once for every arithmetic: `m` has the functions, `x` the
        parameters in order.
    start
        The point, in the parameters' units.
    scales
        For each parameter the size of a change that matters where the parameter is zero.
    dtypes
        In which it can be evaluated. A float32 overflows at 3e38 and underflows at 1e-45, and a
        date in seconds has too few digits in it.
    kinks
        For each parameter how far the nearest kink or step is: infinity where there is none.
    noisy
        Whether its slopes can still be told with a relative noise of 1e-6.
    """

    name: str
    formula: Callable[[Any, Any], Any]
    start: tuple[float, ...]
    scales: tuple[float, ...]
    dtypes: tuple[str, ...]
    kinks: tuple[float, ...]
    noisy: bool = True

    @property
    def family(self) -> str:
        """The part of the name before the slash."""
        return self.name.split("/")[0]

    def x(self, dtype: str = "float64") -> Array:
        """Return the point, as a new array."""
        return np.array(self.start, dtype)

    def __call__(self, x: Array) -> Any:
        """Return the value in the dtype of `x`, without warnings of overflow or the like."""
        floats = FLOATS[x.dtype.name]
        with np.errstate(all="ignore"):
            return floats.number(self.formula(floats, x))


def vector(
    name: str,
    start: Sequence[float],
    *,
    scales: Sequence[float] | float = 1.0,
    dtypes: tuple[str, ...] = ALL,
    kinks: Sequence[float] = (),
    noisy: bool = True,
) -> Callable[[Callable[[Any, Any], Any]], Vector]:
    """Return a decorator that makes a `Vector` of a formula."""

    def decorate(formula: Callable[[Any, Any], Any]) -> Vector:
        sizes = [scales] * len(start) if isinstance(scales, float) else scales
        far = kinks or [math.inf] * len(start)
        values = tuple(map(float, start))
        return Vector(name, formula, values, tuple(sizes), dtypes, tuple(far), noisy)

    return decorate


def collect(module: Any) -> tuple[Vector, ...]:
    """Return the vectors that a module defines, in order."""
    found: list[Vector] = []
    for value in vars(module).values():
        if isinstance(value, Vector):
            found.append(value)
        elif isinstance(value, tuple):
            found += [one for one in value if isinstance(one, Vector)]
    return tuple(found)
