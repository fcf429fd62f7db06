"""Losses: the error of each sample, its difference rule and its derivative.

A loss of a batch is the mean of its samples' errors. `y` is the last layer's output, and `t` the
targets as `targets` returns them. In `difference` and `magnitude`, `y` and `t` broadcast against
`d` as in `nudgegrad.layers`.
"""

from __future__ import annotations

from nudgegrad.arrays import Array, as_floats, is_integer, namespace
from nudgegrad.functions import class_indices, log_sum_exp, softmax
from nudgegrad.validation import ParameterError, check_real

__all__ = ["CrossEntropy", "Loss", "MeanSquaredError"]


class Loss:
    """A loss. To write one's own, derive from it and define `samples`.

    A `difference` rule adds speed and accuracy, `gradient` makes it work with backprop.
    """

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def targets(self, y: Array, t: Array) -> Array:
        """Return `t` in the form that the other methods take, or raise if it does not fit `y`."""
        return t

    def output(self, y: Array) -> Array:
        """Return the predictions that the last layer's output stands for."""
        return y

    def samples(self, y: Array, t: Array) -> Array:
        """Return each sample's error: (…, features) and targets → (…)."""
        raise TypeError(f"{self!r} must define samples(y, t)")

    def value(self, y: Array, t: Array) -> float:
        """Return the mean of the samples' errors."""
        return float(namespace(y).mean(self.samples(y, t)))

    def difference(self, y: Array, t: Array, d: Array) -> Array:
        """Return the exact change of each sample's error when `y` moves by `d`.

        The default subtracts two errors. It is right for every loss, and rounds like a plain
        difference.
        """
        before, after = self._before_and_after(y, t, d)
        return after - before

    def magnitude(self, y: Array, t: Array, m: Array) -> Array:
        """Return the size of the numbers that `difference` adds up for changes of size `m` >= 0."""
        before, after = self._before_and_after(y, t, m)
        return namespace(m).abs(before) + namespace(m).abs(after)

    def _before_and_after(self, y: Array, t: Array, d: Array) -> tuple[Array, Array]:
        """Return `samples` of y and of y + d, called with plain batches of rows."""
        xp = namespace(d)
        rows = tuple(d.shape[:-1])
        t = xp.broadcast_to(t, rows if t.ndim < d.ndim else (*rows, t.shape[-1]))
        t = xp.reshape(t, (-1, *tuple(t.shape[len(rows) :])))
        before, after = (
            self.samples(xp.reshape(values, (-1, d.shape[-1])), t)
            for values in (xp.broadcast_to(y, d.shape), y + d)
        )
        return xp.reshape(before, rows), xp.reshape(after, rows)

    def gradient(self, y: Array, t: Array) -> Array:
        """Return the derivative of `value` by `y`."""
        raise TypeError(
            f"{self!r} has no gradient(y, t), which backprop needs; write one, or use method "
            "'node', 'weight' or 'naive', which do without"
        )


class CrossEntropy(Loss):
    """Softmax and cross-entropy: −log(p_t + ε), with p = softmax(y) and t the correct class.

    Parameters
    ----------
    epsilon
        The lesson's guard against log 0. 0 gives the pure loss, by log Σ e^y − y_t. All methods,
        backprop too, differentiate the loss with this ε in it, so that they agree to rounding.

    Notes
    -----
    Targets are integer labels (samples,) or one-hot rows (samples, classes).

    The difference rule. When y moves by d, p_t becomes p_t / (1 + S) with
    S = Σ_c p_c·expm1(d_c − d_t), so that with a = p_t/(p_t + ε) and b = ε/(p_t + ε) = 1 − a

        Δℓ = −log( (p_t/(1+S) + ε) / (p_t + ε) ) = log1p( a·S / (1 + b·S) )

    The subtraction d_c − d_t is the only one, and what it loses the result does not depend on.
    """

    LARGE = 50.0  # where e^(d_c − d_t) starts to near the overflow of float32

    def __init__(self, epsilon: float = 1e-7) -> None:
        self.epsilon = check_real("epsilon", epsilon, low=0)

    def __repr__(self) -> str:
        return f"CrossEntropy(epsilon={self.epsilon:g})"

    def targets(self, y: Array, t: Array) -> Array:
        """Return labels as class indices."""
        return class_indices(t, y)

    def output(self, y: Array) -> Array:
        """Return the probabilities, softmax(y)."""
        return softmax(y)

    def samples(self, y: Array, t: Array) -> Array:
        """Return −log(p_t + ε)."""
        xp = namespace(y)
        if self.epsilon == 0:
            return log_sum_exp(y) - _pick(y, t)[..., 0]
        return -xp.log(_pick(softmax(y), t)[..., 0] + self.epsilon)

    def difference(self, y: Array, t: Array, d: Array) -> Array:
        """Return log1p(a·S / (1 + b·S)), as the class explains."""
        xp = namespace(d)
        p = softmax(y)
        a, b = self._shares(_pick(p, t)[..., 0])
        relative = d - _pick(d, t)
        overflows = None
        if float(xp.max(relative)) > self.LARGE:
            overflows = xp.any(relative > self.LARGE, axis=-1)
            relative = xp.minimum(relative, xp.full_like(relative, self.LARGE))
        s = _dot(xp.expm1(relative), p)
        plain = s < -0.5 if overflows is None else (s < -0.5) | overflows
        if not bool(xp.any(plain)):
            return xp.log1p(a * s / (1 + b * s))
        # p_t more than doubles, or falls without bound: nothing cancels, subtract plainly.
        before, after = self._before_and_after(y, t, d)
        s = xp.where(plain, xp.zeros_like(s), s)
        return xp.where(plain, after - before, xp.log1p(a * s / (1 + b * s)))

    def magnitude(self, y: Array, t: Array, m: Array) -> Array:
        """Return Σ_c p_c·(m_c + m_t), times 1 + max|y|: y is rounded, and p goes by e^y."""
        xp = namespace(m)
        return _dot(m + _pick(m, t), softmax(y)) * (1 + xp.max(xp.abs(y), axis=-1))

    def gradient(self, y: Array, t: Array) -> Array:
        """Return a·(p − onehot(t)) / samples; the factor a = p_t/(p_t + ε) is that of ε."""
        xp = namespace(y)
        p = softmax(y)
        a, _ = self._shares(_pick(p, t))
        correct = xp.astype(t[..., None] == xp.arange(y.shape[-1]), y.dtype)
        return a * (p - correct) / y.shape[0]

    def _shares(self, p_t: Array) -> tuple[Array, Array]:
        """Return a = p_t/(p_t + ε) and b = ε/(p_t + ε); for ε = 0 also where p_t underflows."""
        if self.epsilon == 0:
            return namespace(p_t).ones_like(p_t), namespace(p_t).zeros_like(p_t)
        return p_t / (p_t + self.epsilon), self.epsilon / (p_t + self.epsilon)


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


def _pick(rows: Array, t: Array) -> Array:
    """Return the entry of the correct class in each row: (…, classes) → (…, 1)."""
    return namespace(rows).take_along_axis(rows, t[..., None], axis=-1)


def _dot(rows: Array, p: Array) -> Array:
    """Return Σ_c rows_c·p_c for (samples, …, classes) rows and aligned p, as matrix products."""
    xp = namespace(rows)
    samples, classes = rows.shape[0], rows.shape[-1]
    flat = xp.reshape(rows, (samples, -1, classes)) @ xp.reshape(p, (samples, classes, 1))
    return xp.reshape(flat, tuple(rows.shape[:-1]))
