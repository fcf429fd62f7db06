"""Evaluating a function that does not exist at every point near x."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.bounds import Bounds
from nudgegrad.differentiate.evaluate import Evaluator
from nudgegrad.differentiate.values import ComplexValue, UnusableFunction
from nudgegrad.monitor import Cancelled

__all__ = ["Guarded"]

Array = NDArray[Any]
Ask = Callable[[Array], Array]

ONE, MANY = "1 nudged point; it was", "{:,} nudged points; they were"
TREATED = "treated as not finite, and nudges on the side where f exists were used"

COMPLEX = "returned a complex number"

SHOWN = 100
"""Characters of f's own messages that are repeated."""


class Guarded:
    """Gives NaN where f raises, is complex, or must not be evaluated.

    An error at x itself is raised. So is an error for a block of points that does not come again
    when they are evaluated one by one: no point is to blame for it.

    Parameters
    ----------
    inner
        What evaluates f.
    bounds
        Points outside of them are not evaluated.
    """

    def __init__(self, inner: Evaluator, bounds: Bounds | None = None) -> None:
        self.inner, self.bounds = inner, bounds
        self._failures: Counter[str] = Counter()  # by what f did
        self._details: dict[str, list[str]] = {}  # what it said, the first and another one
        self._outside = 0
        self._empty: Array | None = None  # what stands for a value that there is not

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The leaves of x."""
        return self.inner.arrays

    @property
    def eps(self) -> float:
        """Machine epsilon of what f computes with, where that is coarser than its value's dtype."""
        return float(getattr(self.inner, "eps", 0.0))

    def centre(self) -> Array:
        """Return f(x)."""
        value = self.inner.centre()
        dtype = np.result_type(value.dtype, np.float64)
        self._empty = np.full(value.shape, np.nan, dtype)
        return value

    def at(self, leaf: int, indices: Array, points: Array) -> Array:
        """Return f where one entry of x has another value, (n, k, …); NaN where it has none."""
        if self.bounds is None:
            allowed = np.ones(points.shape, dtype=bool)
        else:
            allowed = self.bounds.hold(leaf, indices, points)

        def whole(_: Array) -> Array:
            return self.inner.at(leaf, indices, points).reshape(points.size, *self._shape())

        def some(places: Array) -> Array:
            values = points.reshape(-1)[places, None]
            return self.inner.at(leaf, indices[places // points.shape[1]], values)[:, 0]

        return self._ask(whole, some, allowed.reshape(-1)).reshape(*points.shape, *self._shape())

    def along(self, direction: Sequence[Array], sizes: Array) -> Array:
        """Return f at x + s·direction for each s of `sizes`, (k, …); NaN where it has no value."""
        allowed = np.array([self._allows(direction, size) for size in sizes.tolist()], dtype=bool)

        def some(places: Array) -> Array:
            return self.inner.along(direction, sizes[places])

        return self._ask(some, some, allowed)

    def block(self, leaf: int, points: int) -> int:
        """Return how many entries of a leaf to ask for at once, with so many points each."""
        return self.inner.block(leaf, points)

    def remarks(self) -> list[str]:
        """Return what a report should say of the points where f has no value."""
        remarks = []
        for what, count in self._failures.most_common():
            first, *others = self._details[what]
            detail = f" ({first}{', for one' if others else ''})" if first else ""
            points = ONE if count == 1 else MANY.format(count)
            remarks.append(f"f {what}{detail} at {points} {TREATED}")
        if self._outside:
            one = self._outside == 1
            points = "1 nudged point was" if one else f"{self._outside:,} nudged points were"
            remarks.append(f"{points} outside of the bounds, where f was not evaluated")
        return remarks

    def _allows(self, direction: Sequence[Array], size: float) -> bool:
        if self.bounds is None:
            return True
        moved = [
            (array + size * move).astype(array.dtype)
            for array, move in zip(self.arrays, direction, strict=True)
        ]
        return self.bounds.hold_all(moved)

    def _ask(self, whole: Ask, some: Ask, allowed: NDArray[np.bool_]) -> Array:
        """Return the values at all points that are allowed, and NaN for the others."""
        places = np.flatnonzero(allowed)
        self._outside += allowed.size - len(places)
        if len(places) == allowed.size:
            return self._real(self._by_parts(whole, some, places))
        values = np.stack([self._missing()] * allowed.size)
        if len(places):
            values = _put(values, places, self._by_parts(some, some, places))
        return self._real(values)

    def _real(self, values: Array) -> Array:
        """Return the values, NaN for complex ones of a function of arrays that is real at x."""
        if values.dtype.kind != "c" or self._empty is None or self._empty.dtype.kind == "c":
            return values
        inner = tuple(range(1, values.ndim))
        is_complex = np.any(values.imag != 0, axis=inner)
        if is_complex.any():
            self._failures[COMPLEX] += int(is_complex.sum())
            self._details.setdefault(COMPLEX, [""])
        real = values.real.copy()
        real[is_complex] = np.nan
        return real

    def _by_parts(self, ask: Ask, some: Ask, places: Array) -> Array:
        """Return the values at some points: of all at once, or where that raises of each half."""
        try:
            return ask(places)
        except Exception as error:
            if isinstance(error, (Cancelled, UnusableFunction)) and not isinstance(
                error, ComplexValue
            ):
                raise
            if len(places) == 1:
                if _lacks_memory(error):
                    raise
                self._note(error)
                return self._missing()[None]
            before = self._failures.total()
            middle = len(places) // 2
            halves = [self._by_parts(some, some, part) for part in np.split(places, [middle])]
            if self._failures.total() == before and not _lacks_memory(error):
                raise
        return np.concatenate(halves)

    def _note(self, error: Exception) -> None:
        """Remember what f did at a point."""
        what, text = COMPLEX, ""
        if not isinstance(error, ComplexValue):
            what, text = f"raised {type(error).__name__}", str(error).strip().partition("\n")[0]
            text = text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
        self._failures[what] += 1
        details = self._details.setdefault(what, [])
        if len(details) < 2 and text not in details:
            details.append(text)

    def _missing(self) -> Array:
        if self._empty is None:
            self.centre()
        assert self._empty is not None
        return self._empty

    def _shape(self) -> tuple[int, ...]:
        return self._missing().shape


def _lacks_memory(error: Exception) -> bool:
    """Tell whether an error is a lack of memory, which says nothing about the point."""
    name = type(error).__name__
    return (
        isinstance(error, MemoryError)
        or "OutOfMemory" in name
        or "RESOURCE_EXHAUSTED" in str(error)
    )


def _put(values: Array, places: Array, found: Array) -> Array:
    values = values.astype(np.result_type(values, found))
    values[places] = found
    return values
