"""Pictures become rows of features: a change of shape alone."""

from __future__ import annotations

import math

from nudgegrad.layers.layer import Shape
from nudgegrad.layers.same import Same

__all__ = ["Flatten"]


class Flatten(Same):
    """y = x: a sample of any shape becomes a row of features.

    All activations are rows already, so that nothing happens but that the layers after it see no
    picture any more.
    """

    def connect(self, shape: Shape | None) -> Shape | None:
        """Return the number of features."""
        return None if shape is None else (math.prod(shape),)
