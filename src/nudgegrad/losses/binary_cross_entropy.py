"""Sigmoid and cross-entropy, for outputs each of which is true or false."""

from __future__ import annotations

from nudgegrad.arrays import Array, as_floats, is_integer, namespace
from nudgegrad.functions import sigmoid
from nudgegrad.losses.loss import Loss
from nudgegrad.validation import ParameterError

__all__ = ["BinaryCrossEntropy"]


class BinaryCrossEntropy(Loss):
    """Mean over the outputs of −t·log p − (1 − t)·log(1 − p), with p = σ(y).

    Notes
    -----
    Targets are arrays of the shape of y, with numbers between 0 and 1; for a single output also
    (samples,). As PyTorch's ``BCEWithLogitsLoss``, in terms of y: log p = −log(1 + e^−y).

    The difference rule. When y moves by d, −log p changes by the first of these, −log(1 − p) by the
    second, in neither of which anything cancels:

        log1p( σ(−y)·expm1(−d) )        log1p( σ(y)·expm1(d) )

    The share of what is true takes the first, that of what is false the second.
    """

    LARGE = 50.0  # where e^|d| starts to near the overflow of float32

    def targets(self, y: Array, t: Array) -> Array:
        """Return targets as an array of the shape and dtype of `y`."""
        xp = namespace(y)
        if not hasattr(t, "dtype"):
            t = xp.asarray(t)
        if tuple(t.shape) == tuple(y.shape[:-1]) and y.shape[-1] == 1:
            t = t[..., None]
        if tuple(t.shape) != tuple(y.shape):
            one = f", or {tuple(y.shape[:-1])}" if y.shape[-1] == 1 else ""
            raise ParameterError(
                f"t must have the shape {tuple(y.shape)} of the outputs{one}, got {tuple(t.shape)}"
            )
        exact = is_integer(t) or xp.isdtype(t.dtype, "bool")
        t = xp.astype(t if exact else as_floats(t), y.dtype, copy=False)
        if not bool(xp.all((t >= 0) & (t <= 1))):
            raise ParameterError(
                f"t must be between 0 and 1, got numbers from {float(xp.min(t)):g} to "
                f"{float(xp.max(t)):g}"
            )
        return t

    def output(self, y: Array) -> Array:
        """Return the probabilities, σ(y)."""
        return sigmoid(y)

    def hits(self, y: Array, t: Array) -> Array:
        """Return whether all outputs of each sample are on the right side of ½."""
        return namespace(y).all((y > 0) == (self.targets(y, t) > 0.5), axis=-1)

    def samples(self, y: Array, t: Array) -> Array:
        """Return the mean over the outputs of t·log(1 + e^−y) + (1 − t)·log(1 + e^y)."""
        return namespace(y).mean(t * _softplus(-y) + (1 - t) * _softplus(y), axis=-1)

    def difference(self, y: Array, t: Array, d: Array) -> Array:
        """Return the mean of t·Δ(−y; −d) + (1 − t)·Δ(y; d), as the class has it."""
        change = t * self._change(-y, -d) + (1 - t) * self._change(y, d)
        return namespace(d).mean(change, axis=-1)

    def magnitude(self, y: Array, t: Array, m: Array) -> Array:
        """Return the mean of both terms' sizes, times 1 + |y|: y is rounded, and σ goes by e^y."""
        xp = namespace(m)
        sizes = t * self._change(-y, m) + (1 - t) * self._change(y, m)
        return xp.mean(sizes * (1 + xp.max(xp.abs(y), axis=-1, keepdims=True)), axis=-1)

    def gradient(self, y: Array, t: Array) -> Array:
        """Return (σ(y)·(1 − t) − σ(−y)·t) / (outputs·samples), which is σ(y) − t."""
        return (sigmoid(y) * (1 - t) - sigmoid(-y) * t) / (y.shape[0] * y.shape[-1])

    def _change(self, y: Array, d: Array) -> Array:
        """Return the change of log(1 + e^y) when y moves by d."""
        xp = namespace(d)
        limit = xp.full_like(d, self.LARGE)
        share = sigmoid(y) * xp.expm1(xp.maximum(xp.minimum(d, limit), -limit))
        plain = (xp.abs(d) > self.LARGE) | (share < -0.5)  # it halves at least: nothing cancels
        exact = xp.log1p(xp.where(plain, xp.zeros_like(share), share))
        if not bool(xp.any(plain)):
            return exact
        return xp.where(plain, _softplus(y + d) - _softplus(y), exact)


def _softplus(y: Array) -> Array:
    """Return log(1 + e^y), without overflow."""
    xp = namespace(y)
    return xp.maximum(y, xp.zeros_like(y)) + xp.log1p(xp.exp(-xp.abs(y)))
