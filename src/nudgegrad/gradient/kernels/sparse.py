"""Products with inputs that are mostly zero: four fifths of MNIST's pixels are.

The rows' non-zero values are kept one after another ("compressed sparse row", as in Y. Saad,
*Iterative methods for sparse linear systems*, 2003, section 3.4). A product then takes a share of
the dense one's steps. All sums run in the order of the samples or of the features, whatever the
number of threads.
"""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from nudgegrad.gradient.kernels.add_rows import add_rows
from nudgegrad.gradient.kernels.jit import compile_kernel

__all__ = [
    "SPARSE_SHARE", "SparseBytes", "SparseRows", "transpose_batches", "without_zeros",
]  # fmt: skip

SPARSE_SHARE = 0.3
"""The share of values that are not zero up to which sparse products are faster than dense ones."""

SPARSE_SIZE = 4096
"""Values of a batch below which there is nothing to save."""

Index = np.uint32
LARGEST = int(np.iinfo(Index).max)
"""Values of a batch up to which their places can be counted."""

Floats = NDArray[Any]
Indices = NDArray[np.uint32]


class SparseRows:
    """A (samples, features) matrix of floats for ``x @ W`` and ``x.T @ D``.

    Attributes
    ----------
    starts : (samples + 1,) array
        Where each row's values start; the last one is where they end.
    columns, values : arrays
        The non-zero values, row after row, each with its column.
    shape : tuple of int
    """

    ndim = 2

    def __init__(
        self, starts: Indices, columns: Indices, values: Floats, shape: tuple[int, int]
    ) -> None:
        self.starts, self.columns, self.values, self.shape = starts, columns, values, shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """float32 or float64."""
        return self.values.dtype

    @property
    def share(self) -> float:
        """The share of values that are not zero."""
        stored = int(self.starts[-1]) - int(self.starts[0])
        return stored / max(1, self.shape[0] * self.shape[1])

    @classmethod
    def from_dense(cls, x: Floats, share: float = 1.0) -> SparseRows | None:
        """Return the non-zero values of a float array, or None if they are more than a share."""
        limit = int(share * x.size)
        starts = np.empty(x.shape[0] + 1, Index)
        columns = np.empty(limit + x.shape[1], Index)  # a row more, which is looked at last
        values = np.empty(limit, x.dtype)
        x = np.ascontiguousarray(x)
        bits = x.view(f"u{x.dtype.itemsize}")
        if not _compress(x, bits, limit, starts, columns, values):
            return None
        stored = int(starts[-1])
        return cls(starts, columns[:stored], values[:stored], (x.shape[0], x.shape[1]))

    def __getitem__(self, key: Any) -> SparseRows:
        """Return some consecutive rows: a slice, alone or before an ellipsis."""
        rows = key[0] if isinstance(key, tuple) else key
        start, stop, _ = rows.indices(self.shape[0])
        starts = self.starts[start : stop + 1]
        return SparseRows(starts, self.columns, self.values, (stop - start, self.shape[1]))

    def __matmul__(self, weights: Floats) -> Floats:
        """Return x·W: (features, units) → (samples, units)."""
        weights = np.ascontiguousarray(weights)
        out = np.zeros((self.shape[0], weights.shape[1]), weights.dtype)
        _multiply(self.starts, self.columns, self.values, weights, out)
        return out

    @cached_property
    def T(self) -> SparseColumns:
        """The transpose, for ``x.T @ D``."""
        return transpose_batches(self, [self.shape[0]])[0].T

    def to_dense(self) -> Floats:
        """Return an ordinary array."""
        out = np.zeros(self.shape, self.dtype)
        stored = slice(int(self.starts[0]), int(self.starts[-1]))
        samples = np.repeat(np.arange(self.shape[0]), np.diff(self.starts))
        out[samples, self.columns[stored]] = self.values[stored]
        return out


class SparseColumns:
    """The transpose of `SparseRows`: the values column after column of the rows.

    Parameters
    ----------
    starts : (features + 2,) array
        Where each column's values start, and where the last one's end; one number more is left.
    samples, values : arrays
        The values, each with its row.
    """

    def __init__(self, starts: Indices, samples: Indices, values: Floats) -> None:
        self._starts, self._samples, self._values = starts, samples, values

    def __matmul__(self, slopes: Floats) -> Floats:
        """Return xᵀ·D: (samples, units) → (features, units)."""
        slopes = np.ascontiguousarray(slopes)
        out = np.empty((len(self._starts) - 2, slopes.shape[1]), slopes.dtype)
        one = slopes.dtype.type(1)
        _add_product(self._starts, self._samples, self._values, slopes, one, True, out)
        return out

    def add_product(self, slopes: Floats, factor: float, out: Floats) -> None:
        """Add factor·xᵀ·D to a contiguous `out`, in one pass over the rows that it changes."""
        slopes = np.ascontiguousarray(slopes)
        scale = slopes.dtype.type(factor)
        _add_product(self._starts, self._samples, self._values, slopes, scale, False, out)


def without_zeros(x: Floats | SparseRows) -> Floats | SparseRows:
    """Return a batch as `SparseRows` if so many of its values are zero that it pays."""
    if isinstance(x, SparseRows) or not SPARSE_SIZE <= x.size <= LARGEST:
        return x
    rows = SparseRows.from_dense(x, SPARSE_SHARE)
    return x if rows is None else rows


def transpose_batches(rows: SparseRows, sizes: list[int]) -> list[SparseRows]:
    """Cut rows into consecutive batches, each with its transpose already made."""
    features = rows.shape[1]
    ends = np.cumsum([0, *sizes])
    first, last = int(rows.starts[0]), int(rows.starts[-1])
    starts = np.empty((len(sizes), features + 2), Index)
    samples = np.empty(last - first, Index)
    values = np.empty(last - first, rows.dtype)
    _transpose_batches(rows.starts, rows.columns, rows.values, ends, starts, samples, values)
    batches = []
    for place, (start, stop) in enumerate(pairwise(ends.tolist())):
        batch = rows[start:stop]
        own = slice(int(batch.starts[0]) - first, int(batch.starts[-1]) - first)
        batch.T = SparseColumns(starts[place], samples[own], values[own])
        batches.append(batch)
    return batches


class SparseBytes:
    """A data set's bytes without its zeros, from which mini-batches are taken as floats.

    Parameters
    ----------
    x : (samples, …) array of bytes

    Attributes
    ----------
    shape : tuple of int
        (samples, features).
    """

    def __init__(self, x: NDArray[np.uint8]) -> None:
        rows = np.ascontiguousarray(x).reshape(len(x), -1)
        self.shape: tuple[int, int] = (rows.shape[0], rows.shape[1])
        self._starts = np.zeros(len(rows) + 1, np.int64)
        for start in range(0, len(rows), 1000):  # a count of all at once would need their size
            some = slice(start, start + 1000)
            self._starts[1:][some] = np.count_nonzero(rows[some], axis=1)
        np.cumsum(self._starts, out=self._starts)
        self._columns = np.empty(int(self._starts[-1]), np.min_scalar_type(rows.shape[1]))
        self._values = np.empty(int(self._starts[-1]), np.uint8)
        _compress_bytes(rows, self._starts, self._columns, self._values)
        self._tables: dict[np.dtype[Any], Floats] = {}

    @property
    def share(self) -> float:
        """The share of bytes that are not zero."""
        return int(self._starts[-1]) / max(1, self.shape[0] * self.shape[1])

    def take(self, rows: NDArray[np.int64], dtype: DTypeLike) -> SparseRows:
        """Return some samples, by number, each byte divided by 255 and rounded once."""
        kind = np.dtype(dtype)
        if kind not in self._tables:
            self._tables[kind] = np.divide(np.arange(256), kind.type(255), dtype=kind)
        stored = int((self._starts[rows + 1] - self._starts[rows]).sum())
        starts = np.empty(len(rows) + 1, Index)
        columns = np.empty(stored, Index)
        values = np.empty(stored, kind)
        _take(
            self._starts, self._columns, self._values, rows, self._tables[kind],
            starts, columns, values,
        )  # fmt: skip
        return SparseRows(starts, columns, values, (len(rows), self.shape[1]))


@compile_kernel
def _compress(
    x: Floats, bits: NDArray[Any], limit: int, starts: Indices, columns: Indices, values: Floats
) -> bool:
    """Collect the values that are not zero; false as soon as they are more than `limit`.

    `bits` are those of x as whole numbers, which are quicker to compare.
    """
    stored = Index(0)
    starts[0] = 0
    for n in range(x.shape[0]):
        for i in range(x.shape[1]):
            # Written always and kept if not zero: no branch for the processor to guess.
            columns[stored] = i
            stored += Index(bits[n, i] != 0)
        starts[n + 1] = stored
        if stored > limit:
            return False
        for k in range(starts[n], stored):
            values[k] = x[n, columns[k]]
    return True


@compile_kernel
def _compress_bytes(
    x: NDArray[np.uint8], starts: NDArray[np.int64], columns: NDArray[Any],
    values: NDArray[np.uint8],
) -> None:  # fmt: skip
    for n in range(x.shape[0]):
        stored = starts[n]
        for i in range(x.shape[1]):
            if x[n, i] != 0:
                columns[stored] = i
                values[stored] = x[n, i]
                stored += 1


@compile_kernel
def _take(
    all_starts: NDArray[np.int64], all_columns: NDArray[Any], all_values: NDArray[np.uint8],
    rows: NDArray[np.int64], table: Floats, starts: Indices, columns: Indices, values: Floats,
) -> int:  # fmt: skip
    """Copy some rows. The sum that it returns is of no use but to be computed.

    Rows drawn at random are seldom in the cache. A look at every line of them first, on which
    nothing waits, lets the processor fetch many at the same time.
    """
    looked_at = 0
    for n in range(rows.shape[0]):
        for k in range(all_starts[rows[n]], all_starts[rows[n] + 1], 32):
            looked_at += int(all_columns[k])
        for k in range(all_starts[rows[n]], all_starts[rows[n] + 1], 64):
            looked_at += int(all_values[k])
    stored = Index(0)
    starts[0] = 0
    for n in range(rows.shape[0]):
        for k in range(all_starts[rows[n]], all_starts[rows[n] + 1]):
            columns[stored] = all_columns[k]
            values[stored] = table[all_values[k]]
            stored += Index(1)
        starts[n + 1] = stored
    return looked_at


@compile_kernel
def _transpose(
    starts: Indices, columns: Indices, values: Floats,
    new_starts: Indices, samples: Indices, new_values: Floats,
) -> None:  # fmt: skip
    """Sort the values by column, counting first; within a column samples keep their order."""
    new_starts[:] = 0
    for k in range(starts[0], starts[starts.shape[0] - 1]):
        new_starts[columns[k] + Index(2)] += Index(1)
    for i in range(2, new_starts.shape[0]):
        new_starts[i] += new_starts[i - 1]
    # new_starts[i + 1] is where column i starts now, and ends up as where it ends.
    for n in range(starts.shape[0] - 1):
        for k in range(starts[n], starts[n + 1]):
            place = new_starts[columns[k] + Index(1)]
            samples[place] = n
            new_values[place] = values[k]
            new_starts[columns[k] + Index(1)] = place + Index(1)


@compile_kernel
def _transpose_batches(
    starts: Indices, columns: Indices, values: Floats, ends: NDArray[np.int64],
    new_starts: Indices, samples: Indices, new_values: Floats,
) -> None:  # fmt: skip
    first = starts[0]
    for batch in range(ends.shape[0] - 1):
        some = starts[ends[batch] : ends[batch + 1] + 1]
        own = slice(some[0] - first, some[some.shape[0] - 1] - first)
        _transpose(some, columns, values, new_starts[batch], samples[own], new_values[own])


@compile_kernel
def _multiply(
    starts: Indices, columns: Indices, values: Floats, weights: Floats, out: Floats
) -> None:
    """Add x·W to `out`."""
    one = weights.dtype.type(1)
    for n in range(out.shape[0]):
        add_rows(out, n, weights, columns, values, one, starts[n], starts[n + 1])


@compile_kernel
def _add_product(
    starts: Indices, samples: Indices, values: Floats, slopes: Floats, factor: Any, fresh: bool,
    out: Floats,
) -> None:  # fmt: skip
    """Add factor·xᵀ·D to `out`, or to zeros if that is fresh and holds nothing yet."""
    for i in range(out.shape[0]):
        if fresh:  # row by row, while it is in the cache
            for j in range(out.shape[1]):
                out[i, j] = slopes.dtype.type(0)
        if starts[i] < starts[i + 1]:
            add_rows(out, i, slopes, samples, values, factor, starts[i], starts[i + 1])
