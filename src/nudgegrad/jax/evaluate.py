"""Ways to evaluate a JAX function near a point: many points at once, or one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.stopping import leave_if_asked
from nudgegrad.jax.arguments import Arguments
from nudgegrad.jax.outputs import WeightedSum

__all__ = ["Batched", "Call", "Looped", "raises"]

Array = NDArray[Any]
Call = Callable[[Sequence[Any]], list[Any]]

POINTS = 4
"""Points for every entry of an array that a batch of it has room for, at most."""


def raises(error: Exception) -> str:
    """Return what an error says, in one short line."""
    lines = [line for line in str(error).splitlines() if line.strip()] or [""]
    # What a callback raises comes with its traceback, whose last line says it.
    text = lines[-1] if "Traceback (most recent call last)" in lines[0] else lines[0]
    text = text.removeprefix(f"{type(error).__name__}: ")
    text = text if len(text) <= 100 else text[:99] + "…"
    return f"raises {type(error).__name__} ({text})"


class Looped:
    """Evaluates one point after another.

    A point at which the function raises, though it does not at x, has the value NaN.

    Parameters
    ----------
    call
        Takes the leaves, as a list, and returns the outputs, as a list.
    arguments
        The point x.
    total
        Makes one number of the outputs. None weighs what they are at x.
    """

    def __init__(self, call: Call, arguments: Arguments, total: WeightedSum | None = None) -> None:
        self.call, self.arguments = call, arguments
        self._start = [arguments.on_device(leaf, array) for leaf, array in enumerate(self.arrays)]
        self.own = self._outputs(self.start)
        self.total = WeightedSum(self.own) if total is None else total
        self.raised: list[str] = []

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The leaves of x."""
        return self.arguments.leaves.arrays

    @property
    def start(self) -> list[Any]:
        """The leaves of x on their devices."""
        for leaf, array in enumerate(self._start):
            if array.is_deleted():  # f gives its memory away: jax.jit(…, donate_argnums=…)
                self._start[leaf] = self.arguments.on_device(leaf, self.arrays[leaf])
        return list(self._start)

    @property
    def eps(self) -> float:
        """Machine epsilon of the coarsest output."""
        return self.total.eps

    def centre(self) -> Array:
        """Return f(x)."""
        return self.total.of(self._outputs(self.start))

    def at(self, leaf: int, indices: Array, points: Array) -> Array:
        """Return f where one entry of x has another value, (n, k)."""
        flat = points.reshape(-1)
        values = self.each(leaf, np.repeat(indices, points.shape[1]), flat)
        return values.reshape(points.shape)

    def each(self, leaf: int, places: Array, points: Array) -> Array:
        """Return f where one entry of x has another value, for each of (n,) places and values."""
        values = np.empty(len(points))
        for k, (place, point) in enumerate(zip(places.tolist(), points, strict=True)):
            moved = self.arrays[leaf].copy()
            moved.flat[place] = point
            leaves = self.start
            leaves[leaf] = self.arguments.on_device(leaf, moved)
            values[k] = self._value(leaves)
        return values

    def along(self, direction: Sequence[Array], sizes: Array) -> Array:
        """Return f at x + s·direction for each s of `sizes`, (k,)."""
        values = []
        for size in sizes.tolist():
            moved = [
                self.arguments.on_device(leaf, (array + size * move).astype(array.dtype))
                for leaf, (array, move) in enumerate(zip(self.arrays, direction, strict=True))
            ]
            values.append(self._value(moved))
        return np.asarray(values)

    def block(self, leaf: int, points: int) -> int:
        """Return how many entries to ask for at once: few enough to be stopped between."""
        return 16

    def _outputs(self, leaves: Sequence[Any]) -> list[Array]:
        return list(jax.device_get(self.call(leaves)))

    def _value(self, leaves: Sequence[Any]) -> float:
        leave_if_asked()
        try:
            outputs = self._outputs(leaves)
        except Exception as error:
            if "RESOURCE_EXHAUSTED" in str(error):
                raise
            self.raised.append(raises(error))
            return float("nan")
        return float(self.total.of_batch([output[None] for output in outputs], self.own)[0])


class Batched:
    """Evaluates many points by one call, by `jax.vmap`, compiled once for every leaf.

    Only the leaf that is nudged is batched. A batch always has the same number of rows, the last
    one being filled up, so that no other shape is compiled.

    Parameters
    ----------
    call, arguments, total
        As for `Looped`.
    max_bytes
        Of a batch of the nudged leaf, or of the largest array that comes of it.
    """

    def __init__(
        self, call: Call, arguments: Arguments, total: WeightedSum, max_bytes: int
    ) -> None:
        self.single = Looped(jax.jit(call), arguments, total)
        largest = _largest(jax.make_jaxpr(call)(self.single.start).jaxpr)
        self.rows = [_rows(array, largest, max_bytes) for array in self.arrays]
        self._nudged = [
            jax.jit(partial(_batch, call, leaf, array.shape))
            for leaf, array in enumerate(self.arrays)
        ]
        self._own: dict[int, list[Array]] = {}

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The leaves of x."""
        return self.single.arrays

    @property
    def raised(self) -> list[str]:
        """What f raised near x, each time."""
        return self.single.raised

    @property
    def eps(self) -> float:
        """Machine epsilon of the coarsest output."""
        return self.single.eps

    def centre(self) -> Array:
        """Return f(x)."""
        return self.single.centre()

    def at(self, leaf: int, indices: Array, points: Array) -> Array:
        """Return f where one entry of x has another value, (n, k).

        A batch may add up in another order than a single call, and so round in another way. What it
        makes of x itself is put right by f(x), and everything else by as much, so that a nudge
        that changes nothing gives f(x) to the bit.
        """
        rows = self.rows[leaf]
        places = np.repeat(indices, points.shape[1])
        flat = points.reshape(-1)
        values = np.empty(flat.size)
        for first in range(0, flat.size, rows):
            part = slice(first, first + rows)
            try:
                outputs = self.outputs(leaf, places[part], flat[part])
            except Exception:  # at one of the points, which has to be found
                values[part] = self.single.each(leaf, places[part], flat[part])
            else:
                values[part] = self.single.total.of_batch(outputs, self.own(leaf))
        return values.reshape(points.shape)

    def own(self, leaf: int) -> list[Array]:
        """Return the outputs that a batch of nudges of a leaf gives at x itself."""
        if leaf not in self._own:
            here = self.outputs(leaf, np.zeros(1, np.int32), self.arrays[leaf].reshape(-1)[:1])
            self._own[leaf] = [output[0] for output in here]
        return self._own[leaf]

    def outputs(self, leaf: int, places: Array, points: Array) -> list[Array]:
        """Return the outputs of one batch, at most as many points as it has rows."""
        rows, count = self.rows[leaf], len(points)
        which = np.zeros(rows, np.int32)
        values = np.full(rows, self.arrays[leaf].flat[0])  # x itself, where nothing is asked
        which[:count], values[:count] = places, points
        found = self._nudged[leaf](self.single.start, *jax.device_put((which, values)))
        return [output[:count] for output in jax.device_get(found)]

    def along(self, direction: Sequence[Array], sizes: Array) -> Array:
        """Return f at x + s·direction for each s of `sizes`, (k,)."""
        return self.single.along(direction, sizes)

    def block(self, leaf: int, points: int) -> int:
        """Return how many entries fill a batch."""
        return max(1, self.rows[leaf] // points)


def _batch(
    call: Call, leaf: int, shape: tuple[int, ...], leaves: Sequence[Any], places: Any, values: Any
) -> list[Any]:
    """Return the outputs where one entry of a leaf has another value, for each of (n,) such."""
    flat = leaves[leaf].reshape(-1)
    numbers = jnp.arange(flat.size, dtype=places.dtype)

    def one(place: Any, value: Any) -> list[Any]:
        moved = jnp.where(numbers == place, value, flat)
        return call([*leaves[:leaf], moved.reshape(shape), *leaves[leaf + 1 :]])

    return list(jax.vmap(one)(places, values))


def _rows(array: Array, largest: int, max_bytes: int) -> int:
    """Return how many points a batch of a leaf holds."""
    rows = min(max_bytes // max(array.nbytes, largest, 1), POINTS * array.size)
    return max(1, rows - rows % POINTS if rows > POINTS else rows)


def _largest(jaxpr: Any) -> int:
    """Return the bytes of the largest array that is computed on the way, loops' bodies included."""
    largest = 0
    for equation in jaxpr.eqns:
        for variable in equation.outvars:
            shape, dtype = (getattr(variable.aval, name, None) for name in ("shape", "dtype"))
            if shape is not None and dtype is not None:
                largest = max(largest, int(np.prod(shape, dtype=np.int64)) * dtype.itemsize)
        for value in equation.params.values():
            for inner in value if isinstance(value, (tuple, list)) else (value,):
                inner = getattr(inner, "jaxpr", inner)
                if hasattr(inner, "eqns"):
                    largest = max(largest, _largest(inner))
    return largest
