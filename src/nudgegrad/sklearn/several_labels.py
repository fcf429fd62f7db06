"""The loss of scikit-learn's MLPClassifier where a sample may have several labels, or none."""

from __future__ import annotations

from nudgegrad.arrays import Array
from nudgegrad.losses import BinaryCrossEntropy

__all__ = ["SummedBinaryCrossEntropy"]


class SummedBinaryCrossEntropy(BinaryCrossEntropy):
    """Sigmoid and cross-entropy, summed over the outputs instead of averaged.

    With MLPClassifier's sum, ``alpha``, ``learning_rate_init`` and ``tol`` mean the same.
    """

    def samples(self, y: Array, t: Array) -> Array:
        """Return the sum of the outputs' errors."""
        return super().samples(y, t) * y.shape[-1]

    def difference(self, y: Array, t: Array, d: Array) -> Array:
        """Return the sum of the changes of the outputs' errors."""
        return super().difference(y, t, d) * y.shape[-1]

    def magnitude(self, y: Array, t: Array, m: Array) -> Array:
        """Return the sum of the sizes of what is added up."""
        return super().magnitude(y, t, m) * y.shape[-1]

    def gradient(self, y: Array, t: Array) -> Array:
        """Return (σ(y) − t) / samples."""
        return super().gradient(y, t) * y.shape[-1]
