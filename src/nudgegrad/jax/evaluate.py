"""Ways to evaluate a function of JAX's beside a point: many points at once, or one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.leaves import Leaves
from nudgegrad.differentiate.probe import PAIR
from nudgegrad.differentiate.stopping import leave_if_asked

__all__ = ["Batched", "Looped", "disagreement"]

Array = NDArray[Any]
Call = Callable[[Sequence[Any]], Any]

COMPARED = 3
"""Nudges of every leaf at which a fast way is held against plain calls."""


class Looped:
    """Evaluates one point after another.

    Parameters
    ----------
    call
        Takes the leaves, as a list, and returns a scalar.
    leaves
        The point.
    """

    def __init__(self, call: Call, leaves: Leaves) -> None:
        self.call, self.leaves = call, leaves
        self.start = [jnp.array(array) for array in leaves.arrays]

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The leaves of x."""
        return self.leaves.arrays

    def centre(self) -> Array:
        """Return f(x)."""
        return np.asarray(self.call(self.start))

    def at(self, leaf: int, indices: Array, points: Array) -> Array:
        """Return f where one entry of x has another value, (n, k)."""
        values = []
        for index, row in zip(indices.tolist(), points, strict=True):
            for point in row:
                moved = self.arrays[leaf].copy()
                moved.flat[index] = point
                leaves = list(self.start)
                leaves[leaf] = jnp.array(moved)
                values.append(np.asarray(self.call(leaves)))
                leave_if_asked()
        return np.asarray(values).reshape(points.shape)

    def along(self, direction: Sequence[Array], sizes: Array) -> Array:
        """Return f at x + s·direction for each s of `sizes`, (k,)."""
        values = []
        for size in sizes.tolist():
            moved = [
                jnp.array((array + size * move).astype(array.dtype))
                for array, move in zip(self.arrays, direction, strict=True)
            ]
            values.append(np.asarray(self.call(moved)))
        return np.asarray(values)

    def block(self, leaf: int, points: int) -> int:
        """Return how many entries to ask for at once: few enough to be stopped between."""
        return 16


class Batched:
    """Evaluates many points by one call, by `jax.vmap`, compiled once for every leaf.

    Only the leaf that is nudged is batched. A batch always has the same number of rows, the last
    one being filled up, so that no other shape is compiled.

    Parameters
    ----------
    call, leaves
        As for `Looped`.
    max_bytes
        Of a batch of the nudged leaf, or of the largest array that comes of it.
    """

    def __init__(self, call: Call, leaves: Leaves, max_bytes: int) -> None:
        self.single = Looped(jax.jit(call), leaves)
        largest = _largest(jax.make_jaxpr(call)(self.single.start).jaxpr)
        self.rows = [_rows(array, largest, max_bytes) for array in leaves.arrays]
        self._nudged = [
            jax.jit(partial(_batch, call, leaf, array.shape))
            for leaf, array in enumerate(leaves.arrays)
        ]
        self._offsets: dict[int, float] = {}

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The leaves of x."""
        return self.single.arrays

    def centre(self) -> Array:
        """Return f(x)."""
        return self.single.centre()

    def at(self, leaf: int, indices: Array, points: Array) -> Array:
        """Return f where one entry of x has another value, (n, k).

        A batch may add up in another order than a single call, and so round otherwise. What it
        makes of x itself is put right by f(x), and everything else by as much, so that a nudge
        that changes nothing gives f(x) to the bit.
        """
        values = self.values(leaf, indices, points).astype(np.float64)
        if leaf not in self._offsets:
            own = self.values(leaf, np.zeros(1, np.int32), self.arrays[leaf].reshape(-1)[:1, None])
            with np.errstate(invalid="ignore"):
                offset = float(self.centre().astype(np.float64) - own[0, 0])
            self._offsets[leaf] = offset if np.isfinite(offset) else 0.0
        return values + self._offsets[leaf]

    def values(self, leaf: int, indices: Array, points: Array) -> Array:
        """Return what the batches give, as they give it."""
        rows = self.rows[leaf]
        which = np.repeat(indices, points.shape[1]).astype(np.int32)
        flat = np.ascontiguousarray(points).reshape(-1)
        found = []
        for first in range(0, flat.size, rows):
            part = slice(first, first + rows)
            count = len(flat[part])
            places = np.zeros(rows, np.int32)
            values = np.full(rows, self.arrays[leaf].flat[0])  # x itself, where nothing is asked
            places[:count], values[:count] = which[part], flat[part]
            found.append(np.asarray(self._nudged[leaf](self.single.start, places, values))[:count])
        return np.concatenate(found).reshape(points.shape)

    def along(self, direction: Sequence[Array], sizes: Array) -> Array:
        """Return f at x + s·direction for each s of `sizes`, (k,)."""
        return self.single.along(direction, sizes)

    def block(self, leaf: int, points: int) -> int:
        """Return how many entries fill a batch."""
        return max(1, self.rows[leaf] // points)


def _batch(
    call: Call, leaf: int, shape: tuple[int, ...], leaves: Sequence[Any], places: Any, values: Any
) -> Any:
    """Return the function where one entry of a leaf has another value, for each of (n,) such."""
    flat = leaves[leaf].reshape(-1)

    def one(place: Any, value: Any) -> Any:
        moved = jnp.where(jnp.arange(flat.size) == place, value, flat)
        return call([*leaves[:leaf], moved.reshape(shape), *leaves[leaf + 1 :]])

    return jax.vmap(one)(places, values)


def _rows(array: Array, largest: int, max_bytes: int) -> int:
    """Return how many points a batch of a leaf holds."""
    rows = min(max_bytes // max(array.nbytes, largest, 1), PAIR * array.size)
    return max(1, rows - rows % PAIR if rows > PAIR else rows)


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


def disagreement(fast: Batched | Looped, plain: Looped) -> str | None:
    """Return where a fast way departs from plain calls, or None if they agree.

    They are compared at x and at a few random nudges of every leaf, among a whole batch of others:
    so a rule that mixes up the points of a batch shows.
    """
    rng = np.random.default_rng(0)
    values = fast.values if isinstance(fast, Batched) else fast.at
    if not _agree(fast.centre(), plain.centre()):
        return f"gives {float(fast.centre()):g} for f(x) = {float(plain.centre()):g}"
    few = slice(0, COMPARED + 1)
    for leaf, (name, array) in enumerate(zip(plain.leaves.names, plain.arrays, strict=True)):
        flat = array.reshape(-1)
        count = max(COMPARED + 1, fast.rows[leaf] if isinstance(fast, Batched) else 0)
        indices = rng.integers(flat.size, size=count)
        size = np.abs(flat[np.isfinite(flat)]).astype(np.float64).max(initial=0.0) or 1.0
        nudges = size * rng.choice([-1, 1], count) * 2.0 ** -rng.uniform(0, 6, count)
        nudges[0] = 0
        points = (flat[indices] + nudges).astype(array.dtype)[:, None]
        found = values(leaf, indices, points)[few]
        if not _agree(found, plain.at(leaf, indices[few], points[few])):
            return f"departs from plain calls where {name} is nudged"
    return None


def _agree(one: Array, other: Array) -> bool:
    """Tell whether values differ by rounding only."""
    eps = max(float(np.finfo(values.dtype).eps) for values in (one, other))
    allowed = max(16 * eps, min(1024 * eps, 1e-3))
    one, other = one.astype(np.float64), other.astype(np.float64)
    size = float(np.abs(other[np.isfinite(other)]).max(initial=0.0))
    return bool(np.allclose(one, other, rtol=0, atol=allowed * size, equal_nan=True))
