"""The mean of squared errors, for numbers to be met."""

from __future__ import annotations

from nudgegrad.arrays import Array, as_floats, is_integer, namespace
from nudgegrad.functions import class_indices
from nudgegrad.losses.loss import Loss
from nudgegrad.validation import ParameterError

__all__ = ["MeanSquaredError"]


class MeanSquaredError(Loss):
    """Mean over the outputs of (y − t)².

    Notes
    -----
    Targets are arrays of the shape of y. Integer labels (samples,) for two or more outputs become
    one-hot rows; one value a sample (samples,) for a single output becomes a column.
    *Deep Learning from Scratch* takes ½·Σ instead of the mean; this is the mean that scikit-learn
    and PyTorch take.
    """

    def targets(self, y: Array, t: Array) -> Array:
        """Return targets as an array of the shape and dtype of `y`."""
        xp = namespace(y)
        if not hasattr(t, "dtype"):
            t = xp.asarray(t)
        if tuple(t.shape) != tuple(y.shape):
            if tuple(t.shape) == tuple(y.shape[:-1]) and y.shape[-1] == 1:
                t = t[..., None]
            elif is_integer(t):
                t = class_indices(t, y)[..., None] == xp.arange(y.shape[-1])
            else:
                raise ParameterError(
                    f"t must have the shape {tuple(y.shape)} of the outputs, or be integer "
                    f"labels, got {t.dtype} of shape {tuple(t.shape)}"
                )
        if is_integer(t) or xp.isdtype(t.dtype, "bool"):
            return xp.astype(t, y.dtype)
        return xp.astype(as_floats(t), y.dtype, copy=False)

    def samples(self, y: Array, t: Array) -> Array:
        """Return the mean over the outputs of (y − t)²."""
        return namespace(y).mean((y - t) ** 2, axis=-1)

    def difference(self, y: Array, t: Array, d: Array) -> Array:
        """Return the mean of d·(2(y − t) + d)."""
        return namespace(d).mean(d * (2 * (y - t) + d), axis=-1)

    def magnitude(self, y: Array, t: Array, m: Array) -> Array:
        """Return the mean of m·(2·max|y| + 2|t| + m).

        y is rounded before t is taken from it, and by as much as the largest of the outputs: a
        small one may be what large terms left over.
        """
        xp = namespace(m)
        return xp.mean(m * (2 * (xp.max(xp.abs(y)) + xp.abs(t)) + m), axis=-1)

    def gradient(self, y: Array, t: Array) -> Array:
        """Return 2(y − t) / (outputs·samples)."""
        return 2 * (y - t) / (y.shape[0] * y.shape[-1])
