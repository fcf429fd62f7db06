"""Differences of many points at once, through torch.func.vmap."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.func import vmap

from nudgegrad.torch.forward_only import forward_only
from nudgegrad.torch.loop import Loop

__all__ = ["MAX_BYTES", "Batches"]

Array = NDArray[Any]
Tensor = Any

MAX_BYTES = 2**22
"""Bytes of the largest tensor of a batch: about what a core's caches hold. Measured: from 1/4 to 4
times as much is as fast for small modules, and for larger ones more is up to three times slower."""


class Batches:
    """Evaluates the points of a batch by one call of the module.

    Sums round differently in batches of another size. So each batch holds the point itself too,
    and values are what they differ from that, added to the loss of one call.

    Parameters
    ----------
    loop
        Evaluates a module and its loss one at a time.
    activation
        Bytes of the largest tensor that comes about in one evaluation.
    max_bytes
        Of the largest tensor of a batch.
    buffers
        Whether every point gets buffers of its own. Slower, but a forward pass may write into
        them what differs from point to point.
    """

    def __init__(
        self, loop: Loop, activation: int, max_bytes: int = MAX_BYTES, *, buffers: bool = False
    ) -> None:
        self.loop, self.target = loop, loop.target
        self.activation, self.max_bytes = activation, max_bytes
        self.buffers = self.target.buffers if buffers else ()
        self._batch: tuple[int, Tensor] | None = None  # a leaf, and copies of it
        self._centre: float | None = None

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The leaves' values."""
        return self.loop.arrays

    def centre(self) -> Array:
        """Return the loss."""
        value = self.loop.centre()
        self._centre = float(value)
        return value

    def at(self, leaf: int, indices: Array, points: Array) -> Array:
        """Return the loss where one entry has another value, (n, k)."""
        return self._relative(self.raw(leaf, indices, points)).reshape(points.shape)

    def raw(self, leaf: int, indices: Array, points: Array) -> Array:
        """Return the same as the batch gives it, and last the loss at the point, (n·k + 1,)."""
        rows = points.size
        batch = self._copies(leaf, rows + 1)
        # Only the nudged entries are written and put back, which is less than filling the batch.
        flat = batch.view(rows + 1, -1)
        row = torch.arange(rows, device=batch.device)
        column = torch.from_numpy(np.repeat(indices, points.shape[1])).to(batch.device)
        values = torch.from_numpy(np.ascontiguousarray(points).reshape(-1)).to(batch.device)
        flat[row, column] = values
        key = self.target.keys[leaf]
        try:
            return self._call({key: batch.clone() if key in self.target.memory.written else batch})
        finally:
            flat[row, column] = self.target.tensors[key].view(-1)[column]

    def along(self, direction: Sequence[Array], sizes: Array) -> Array:
        """Return the loss at x + s·direction for each s of `sizes`, (k,)."""
        steps = np.append(sizes, 0.0)
        points = [
            (array + steps.reshape((-1, *[1] * array.ndim)) * move).astype(array.dtype)
            for array, move in zip(self.arrays, direction, strict=True)
        ]
        pairs = zip(self.target.keys, self.target.leaves, points, strict=True)
        return self._relative(
            self._call({key: torch.from_numpy(p).to(leaf.device) for key, leaf, p in pairs})
        )

    def block(self, leaf: int, points: int) -> int:
        """Return how many entries' points fit into the byte budget."""
        size = max(self.target.leaves[leaf].nbytes, self.activation, 1)
        return max(1, int(self.max_bytes // size - 1) // points)

    def _copies(self, leaf: int, rows: int) -> Tensor:
        """Return so many copies of a leaf, (rows, …)."""
        if self._batch is None or self._batch[0] != leaf or len(self._batch[1]) < rows:
            self._batch = leaf, _repeat(self.target.leaves[leaf], rows)
        return self._batch[1][:rows]

    def _call(self, changes: Mapping[str, Tensor]) -> Array:
        rows = len(next(iter(changes.values())))
        own = {key: _repeat(self.target.tensors[key], rows) for key in self.buffers}
        keys = (*changes, *own)

        def loss(*tensors: Tensor) -> Tensor:
            return self.target.loss(dict(zip(keys, tensors, strict=True)))

        with torch.no_grad(), forward_only(), warnings.catch_warnings():
            # An operation without a batching rule is a loop inside, which is no worse than ours.
            warnings.filterwarnings("ignore", "There is a performance drop")
            values = vmap(loss, randomness="same")(*changes.values(), *own.values())
        # A copy, because a loss may be a view of what was nudged.
        return np.array(values.detach().cpu().numpy(), dtype=np.float64)

    def _relative(self, raw: Array) -> Array:
        if self._centre is None:
            self.centre()
        values, here = raw[:-1], raw[-1]
        return values if here == self._centre else self._centre + (values - here)


def _repeat(tensor: Tensor, rows: int) -> Tensor:
    return tensor.expand(rows, *tensor.shape).clone(memory_format=torch.contiguous_format)
