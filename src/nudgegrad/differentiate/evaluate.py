"""Ways to evaluate a function at points that differ from x in one entry each.

All do what `InPlace` does; `InPlace` is the oracle.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.leaves import Leaves
from nudgegrad.differentiate.saved import Saved, same_bits
from nudgegrad.differentiate.stopping import leave_if_asked
from nudgegrad.differentiate.values import UnusableFunction, any_array, real_number, widened
from nudgegrad.validation import check_choice, check_integer

__all__ = ["MAX_BYTES", "Evaluator", "InPlace", "Vectorized", "Workers", "any_array", "copies"]

Array = NDArray[Any]
Read = Callable[[Any], Any]

MAX_BYTES = 2**21
"""Bytes of a batch of points: about what a core's caches hold."""


class Evaluator(Protocol):
    """Evaluates a function near a point x, whose leaves it knows by number."""

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The leaves of x."""

    def centre(self) -> Array:
        """Return f(x)."""

    def at(self, leaf: int, indices: Array, points: Array) -> Array:
        """Return f where one entry of x has another value.

        Parameters
        ----------
        leaf
            Which array.
        indices : (n,) int array
            Flat indices into it.
        points : (n, k) array of the leaf's dtype
            For each of these entries k values to take, one at a time.

        Returns
        -------
        (n, k, …) array
        """

    def along(self, direction: Sequence[Array], sizes: Array) -> Array:
        """Return f at x + s·direction, every array moved at once, for each s of `sizes`: (k, …)."""

    def block(self, leaf: int, points: int) -> int:
        """Return how many entries of a leaf to ask for at once, with so many points each."""


def changed_by_f(names: Sequence[str], argument: str) -> UnusableFunction:
    """Return the error of an f that writes into the arrays that it is given."""
    has = "have" if len(names) > 1 else "has"
    return UnusableFunction(
        f"f must not change its {argument}, but {', '.join(names)} {has} changed; the saved values "
        "were put back; let f work on a copy: pass lambda x: f(x.copy()), or with copy.deepcopy(x) "
        "where x holds several arrays"
    )


def copies(x: Leaves, dtype: Any = None) -> Leaves:
    """Return the leaves as arrays of their own, in another dtype if told."""
    arrays = tuple(np.array(array, dtype=dtype, order="C") for array in x.arrays)
    return replace(x, arrays=arrays)


class InPlace:
    """Nudges the live arrays one entry at a time, and puts back the saved value.

    Parameters
    ----------
    f
        The function. It may ignore its argument and read the arrays from where they live.
    x
        What `f` is called with.
    leaves
        The arrays in it.
    read
        Turns the value of `f` into a number or an array, or raises.
    argument
        What messages call `x`.

    Raises
    ------
    UnusableFunction
        By every method that calls `f`, if `f` has changed the arrays. They are put back first.
    """

    def __init__(
        self, f: Callable[[Any], Any], x: Any, leaves: Leaves, read: Read = real_number, *,
        argument: str = "argument",
    ) -> None:  # fmt: skip
        self.f, self.x, self.leaves, self.read, self.argument = f, x, leaves, read, argument
        self._saved = Saved(leaves.names, leaves.arrays)

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The leaves of x."""
        return self.leaves.arrays

    def centre(self) -> Array:
        """Return f(x)."""
        with self._unchanged():
            return np.array(self._value())

    def at(self, leaf: int, indices: Array, points: Array) -> Array:
        """Return f where one entry of x has another value, (n, k, …)."""
        flat = self.leaves.arrays[leaf].flat
        rows = []
        with self._unchanged():
            for index, row in zip(indices.tolist(), points, strict=True):
                saved = flat[index]
                try:
                    for point in row:
                        flat[index] = point
                        value = self._value()
                        rows.append(np.array(value) if isinstance(value, np.ndarray) else value)
                        leave_if_asked()
                finally:
                    flat[index] = saved
        values = widened(np.asarray(rows))
        return values.reshape(*points.shape, *values.shape[1:])

    def along(self, direction: Sequence[Array], sizes: Array) -> Array:
        """Return f at x + s·direction for each s of `sizes`, (k, …)."""
        starts = self._saved.copies
        values = []
        try:
            for size in sizes.tolist():
                for array, start, move in zip(self.leaves.arrays, starts, direction, strict=True):
                    array[...] = start + size * move
                values.append(np.array(self._value()))
                leave_if_asked()
        finally:
            for array, start in zip(self.leaves.arrays, starts, strict=True):
                array[...] = start
        return widened(np.stack(values))

    def _value(self) -> Any:
        x = self.x if self.leaves.is_live else self.leaves.point(self.leaves.arrays)
        return self.read(self.f(x))

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        """Put the arrays back if the block has changed them, and raise unless it has raised."""
        try:
            yield
        except BaseException:
            self._saved.put_back()
            raise
        changed = self._saved.put_back()
        if changed:
            raise changed_by_f(changed, self.argument)

    def block(self, leaf: int, points: int) -> int:
        """Return how many entries to ask for at once: few enough to be stopped between."""
        return 16


class Vectorized:
    """Evaluates many points by one call of a function that takes a batch of them.

    Parameters
    ----------
    f
        Takes the structure of x with one more axis in front of every array, the points, and
        returns an array of values whose first axis is the points. It must not write into its
        argument.
    leaves
        The arrays of x.
    read
        Turns the values into an array, or raises.
    max_bytes
        Of the batch of points.
    """

    def __init__(
        self, f: Callable[[Any], Any], leaves: Leaves, read: Read = any_array,
        max_bytes: int = MAX_BYTES, *, scalar: bool = True,
    ) -> None:  # fmt: skip
        self.f, self.leaves, self.read, self.scalar = f, leaves, read, scalar
        self.max_bytes = max_bytes
        self._batch: tuple[int, Array] | None = None  # a leaf, and the points that x is in
        # The C library gives large blocks back to the system, and f's temporaries would be new
        # pages each time (three times slower), until a larger one has once been freed.
        np.empty(8 * max_bytes, np.uint8)

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The leaves of x."""
        return self.leaves.arrays

    def centre(self) -> Array:
        """Return f(x)."""
        batch = self.leaves.arrays[0][None].copy()
        value = np.array(self._call(0, batch)[0])
        if not same_bits(batch[0], self.leaves.arrays[0]):
            raise changed_by_f(self.leaves.names[:1], "argument")
        return value

    def at(self, leaf: int, indices: Array, points: Array) -> Array:
        """Return f where one entry of x has another value, (n, k, …)."""
        array = self.leaves.arrays[leaf]
        rows = points.size
        if self._batch is None or self._batch[0] != leaf or len(self._batch[1]) < rows:
            batch = np.empty((rows, *array.shape), array.dtype)
            batch[:] = array
            self._batch = leaf, batch
        batch = self._batch[1][:rows]
        # Only the nudged entries are written and put back: filling whole points takes longer
        # than evaluating a cheap function.
        flat = batch.reshape(rows, -1)
        row = np.arange(rows)
        column = np.repeat(indices, points.shape[1])
        flat[row, column] = points.ravel()
        try:
            values = self._call(leaf, batch)
            if np.may_share_memory(values, batch):  # f gives back a part of it
                values = values.copy()
        finally:
            flat[row, column] = array.reshape(-1)[column]
            changed = not same_bits(batch, np.broadcast_to(array, batch.shape))
            if changed:
                self._batch = None
        if changed:
            raise changed_by_f([self.leaves.names[leaf]], "argument")
        return widened(values).reshape(*points.shape, *values.shape[1:])

    def along(self, direction: Sequence[Array], sizes: Array) -> Array:
        """Return f at x + s·direction for each s of `sizes`, (k, …)."""
        points = [
            (array + sizes.reshape((-1, *[1] * array.ndim)) * move).astype(array.dtype)
            for array, move in zip(self.leaves.arrays, direction, strict=True)
        ]
        return widened(self._values(points, len(sizes)))

    def block(self, leaf: int, points: int) -> int:
        """Return how many entries' points fit into the byte budget."""
        return max(1, self.max_bytes // (points * max(1, self.leaves.arrays[leaf].nbytes)))

    def _call(self, leaf: int, batch: Array) -> Array:
        rows = len(batch)
        points = [np.broadcast_to(a, (rows, *a.shape)) for a in self.leaves.arrays]
        points[leaf] = batch
        return self._values(points, rows)

    def _values(self, points: Sequence[Array], rows: int) -> Array:
        try:
            values: Array = self.read(self.f(self.leaves.rebuild(points)))
        except ValueError as error:
            if "read-only" in str(error):  # what is the same in all points is passed once
                raise changed_by_f(self.leaves.names, "argument") from error
            raise
        if values.ndim == 0 or values.shape[0] != rows or (self.scalar and values.ndim != 1):
            shape = f"({rows},)" if self.scalar else f"({rows}, …)"
            raise UnusableFunction(
                f"f must return an array of shape {shape}, one value for each point of the "
                f"batch, got shape {values.shape}; pass vectorized=False if it takes one point"
            )
        return values


class Workers:
    """Shares entries out among threads or processes, each with arrays of its own.

    Parameters
    ----------
    f, leaves, read
        As for `InPlace`, but `f` must use its argument.
    workers
        How many, through joblib.
    backend
        ``"threads"``, for an `f` that leaves Python's lock (NumPy's large operations do), or
        ``"processes"``, for any `f` that can be sent to another process.
    max_bytes
        Of one share's values.
    """

    def __init__(
        self, f: Callable[[Any], Any], leaves: Leaves, read: Read, workers: int, backend: str,
        max_bytes: int = MAX_BYTES,
    ) -> None:  # fmt: skip
        self.f, self.leaves, self.read = f, copies(leaves), read
        self.workers = check_integer("workers", workers, 1)
        self.backend = check_choice("backend", backend, ("threads", "processes"))
        self.max_bytes = max_bytes

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The leaves of x."""
        return self.leaves.arrays

    def centre(self) -> Array:
        """Return f(x)."""
        return self._alone().centre()

    def at(self, leaf: int, indices: Array, points: Array) -> Array:
        """Return f where one entry of x has another value, (n, k, …)."""
        import joblib

        parts = min(len(indices), self.workers)
        shares = zip(np.array_split(indices, parts), np.array_split(points, parts), strict=True)
        try:
            results = joblib.Parallel(n_jobs=self.workers, prefer=self.backend)(
                joblib.delayed(_share)(self.f, self.leaves, self.read, leaf, *share)
                for share in shares
            )
        except BrokenExecutor as error:
            raise UnusableFunction(
                "f must be a function that another process can be given: of a module that it can "
                "import too, or one defined within a function; use backend='threads' if it is not"
            ) from error
        return np.concatenate(results)

    def along(self, direction: Sequence[Array], sizes: Array) -> Array:
        """Return f at x + s·direction for each s of `sizes`, (k, …)."""
        return self._alone().along(direction, sizes)

    def block(self, leaf: int, points: int) -> int:
        """Return how many entries to ask for at once: enough for all workers."""
        size = self.leaves.arrays[leaf].size
        return max(self.workers, min(-(-size // 4), self.max_bytes // (8 * points)))

    def _alone(self) -> InPlace:
        x = self.leaves.point(self.leaves.arrays)
        return InPlace(self.f, x, self.leaves, self.read)


def _share(
    f: Callable[[Any], Any], leaves: Leaves, read: Read, leaf: int, indices: Array, points: Array
) -> Array:
    """Evaluate a worker's share on copies: arrays that travel between processes are read-only."""
    own = copies(leaves)
    return InPlace(f, own.point(own.arrays), own, read).at(leaf, indices, points)
