"""Differences one call at a time: the oracle, and the way for modules that nothing else takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nudgegrad.differentiate.stopping import leave_if_asked
from nudgegrad.torch.target import Target

__all__ = ["Loop"]

Array = NDArray[Any]
Evaluate = Callable[[], float]
Work = Callable[[Evaluate], list[float]]

BLOCK = 16
"""Entries to ask for at once: few enough to be stopped between."""


class Loop:
    """Nudges the copies one entry at a time, and calls the module for each.

    Parameters
    ----------
    target
        The module and its loss.
    """

    def __init__(self, target: Target) -> None:
        self.target = target
        self._arrays = tuple(np.array(leaf.cpu().numpy()) for leaf in target.leaves)
        # Writing through NumPy's view is many times faster than through the tensor.
        self._flat = [
            leaf.numpy().reshape(-1) if leaf.device.type == "cpu" else leaf.view(-1)
            for leaf in target.leaves
        ]

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The leaves' values."""
        return self._arrays

    def centre(self) -> Array:
        """Return the loss."""
        return np.asarray(self._values(lambda evaluate: [evaluate()])[0])

    def at(self, leaf: int, indices: Array, points: Array) -> Array:
        """Return the loss where one entry has another value, (n, k)."""
        flat = self._flat[leaf]
        saved = self._arrays[leaf].reshape(-1)[indices].tolist()

        def work(evaluate: Evaluate) -> list[float]:
            values = []
            for index, row, own in zip(indices.tolist(), points.tolist(), saved, strict=True):
                try:
                    for point in row:
                        flat[index] = point
                        values.append(evaluate())
                finally:
                    flat[index] = own
            return values

        return self._values(work).reshape(points.shape)

    def along(self, direction: Sequence[Array], sizes: Array) -> Array:
        """Return the loss at x + s·direction for each s of `sizes`, (k,)."""
        pairs = list(zip(self._arrays, direction, strict=True))

        def put(arrays: Sequence[Array]) -> None:
            for leaf, array in zip(self.target.leaves, arrays, strict=True):
                leaf.copy_(torch.from_numpy(array))

        def work(evaluate: Evaluate) -> list[float]:
            values = []
            try:
                for size in sizes.tolist():
                    put([(array + size * move).astype(array.dtype) for array, move in pairs])
                    values.append(evaluate())
            finally:
                put(self._arrays)
            return values

        return self._values(work)

    def block(self, leaf: int, points: int) -> int:
        """Return how many entries to ask for at once."""
        return BLOCK

    def _values(self, work: Work) -> Array:
        # A loss may be a view of a copy that the next nudge changes, so it is read at once.
        def one(evaluate: Callable[[], Any]) -> float:
            leave_if_asked()
            return float(evaluate().item())

        values = self.target.repeatedly(lambda evaluate: work(lambda: one(evaluate)))
        return np.array(values, dtype=self.target.loss_dtype)
