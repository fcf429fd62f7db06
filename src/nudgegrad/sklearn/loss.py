"""The loss of scikit-learn's MLPRegressor."""

from __future__ import annotations

from nudgegrad.arrays import Array
from nudgegrad.losses import MeanSquaredError

__all__ = ["HalfSquaredError"]


class HalfSquaredError(MeanSquaredError):
    """Half of the mean over the outputs of (y − t)².

    With MLPRegressor's half in it, ``alpha``, ``learning_rate_init`` and ``tol`` mean the same.
    Where there are several outputs, MLPRegressor reports this mean and follows the gradient of the
    sum; here both are the mean's.
    """

    def samples(self, y: Array, t: Array) -> Array:
        """Return half of the mean over the outputs of (y − t)²."""
        return super().samples(y, t) / 2

    def difference(self, y: Array, t: Array, d: Array) -> Array:
        """Return half of the mean of d·(2(y − t) + d)."""
        return super().difference(y, t, d) / 2

    def magnitude(self, y: Array, t: Array, m: Array) -> Array:
        """Return half of what it is for the whole."""
        return super().magnitude(y, t, m) / 2

    def gradient(self, y: Array, t: Array) -> Array:
        """Return (y − t) / (outputs·samples)."""
        return super().gradient(y, t) / 2
