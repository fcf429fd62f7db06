"""Differences one call at a time: the oracle, and the way for modules that nothing else takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nudgegrad.differentiate.stopping import leave_if_asked
from nudgegrad.torch.target import Target

__all__ = ["Loop"]

Array = NDArray[Any]

BLOCK = 16
"""Entries to ask for at once: few enough to be stopped between."""


class Loop:
    """Nudges the leaves one entry at a time, and calls the module for each.

    Parameters
    ----------
    target
        The module and its loss.
    graph
        Whether autograd records the calls, as it does where gradients are asked for. Slower, but a
        module may differentiate inside.
    """

    def __init__(self, target: Target, *, graph: bool) -> None:
        self.target, self.graph = target, graph
        leaves = target.leaves
        self._arrays = tuple(np.array(leaf.cpu().numpy()) for leaf in leaves)
        # Writing through NumPy's view is many times faster than through the tensor.
        self._flat = [
            leaf.numpy().reshape(-1) if leaf.device.type == "cpu" else leaf.view(-1)
            for leaf in leaves
        ]

    @property
    def arrays(self) -> tuple[Array, ...]:
        """The leaves' values."""
        return self._arrays

    def centre(self) -> Array:
        """Return the loss."""
        return np.asarray(self._values([self._evaluate()])[0])

    def at(self, leaf: int, indices: Array, points: Array) -> Array:
        """Return the loss where one entry has another value, (n, k)."""
        flat = self._flat[leaf]
        saved = self._arrays[leaf].reshape(-1)[indices].tolist()
        values = []
        for index, row, own in zip(indices.tolist(), points.tolist(), saved, strict=True):
            try:
                for point in row:
                    flat[index] = point
                    values.append(self._evaluate())
            finally:
                flat[index] = own
        return self._values(values).reshape(points.shape)

    def along(self, direction: Sequence[Array], sizes: Array) -> Array:
        """Return the loss at x + s·direction for each s of `sizes`, (k,)."""
        pairs = list(zip(self._arrays, direction, strict=True))
        values = []
        try:
            for size in sizes.tolist():
                self._put([array + size * move for array, move in pairs])
                values.append(self._evaluate())
        finally:
            self._put(self._arrays)
        return self._values(values)

    def block(self, leaf: int, points: int) -> int:
        """Return how many entries to ask for at once."""
        return BLOCK

    def _evaluate(self) -> float:
        leave_if_asked()
        return self.target.evaluate(graph=self.graph)

    def _put(self, arrays: Sequence[Array]) -> None:
        for leaf, own, array in zip(self.target.leaves, self._arrays, arrays, strict=True):
            leaf.copy_(torch.from_numpy(np.asarray(array, dtype=own.dtype)))

    def _values(self, values: list[float]) -> Array:
        return np.array(values, dtype=self.target.loss_dtype)
