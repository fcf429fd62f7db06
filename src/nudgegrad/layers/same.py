"""What layers share whose output is their input."""

from __future__ import annotations

import math

from nudgegrad.arrays import Array, namespace
from nudgegrad.layers.layer import Layer

__all__ = ["Same"]


class Same(Layer):
    """y = x."""

    elementwise = True

    def forward(self, x: Array) -> Array:
        """Return x."""
        return x

    def difference(self, x: Array, y: Array, d: Array) -> Array:
        """Δy = d."""
        return d

    def magnitude(self, x: Array, y: Array, m: Array) -> Array:
        """Return m."""
        return m

    def linear_piece(self, x: Array) -> tuple[Array, Array]:
        """Return 1, everywhere."""
        ones = namespace(x).ones_like(x)
        return ones, math.inf * ones

    def backward(self, x: Array, y: Array, dy: Array) -> Array:
        """Return dy."""
        return dy
