"""Pictures become rows of features: a change of shape alone."""

from __future__ import annotations

import math

from nudgegrad.arrays import Array, namespace
from nudgegrad.layers.layer import Layer, Shape

__all__ = ["Flatten"]


class Flatten(Layer):
    """y = x: a sample of any shape becomes a row of features.

    All activations are rows already, so that nothing happens but that the layers after it see no
    picture any more.
    """

    elementwise = True

    def connect(self, shape: Shape | None) -> Shape | None:
        """Return the number of features."""
        return None if shape is None else (math.prod(shape),)

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
