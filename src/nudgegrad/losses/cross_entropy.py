"""Softmax and cross-entropy, for classes of which one is right."""

from __future__ import annotations

import numpy as np

from nudgegrad.arrays import Array, namespace, on_device_of
from nudgegrad.functions import class_indices, log_sum_exp, softmax
from nudgegrad.losses.loss import Loss
from nudgegrad.validation import check_real

__all__ = ["CrossEntropy"]


class CrossEntropy(Loss):
    """Softmax and cross-entropy: −log(p_t + ε), with p = softmax(y) and t the correct class.

    Parameters
    ----------
    epsilon
        The lesson's guard against log 0. 0 gives the pure loss, by log Σ e^y − y_t. All methods,
        backprop too, differentiate the loss with this ε in it, so that they agree to rounding.
    label_smoothing
        The share s, below 1, of the target that goes to all classes alike: the error becomes
        −Σ_c q_c·log(p_c + ε) with q = (1 − s)·onehot(t) + s/classes, as in PyTorch.

    Notes
    -----
    Targets are integer labels (samples,) or one-hot rows (samples, classes).

    The difference rule. When y moves by d, p_t becomes p_t / (1 + S) with
    S = Σ_c p_c·expm1(d_c − d_t), so that with a = p_t/(p_t + ε) and b = ε/(p_t + ε) = 1 − a

        Δℓ = −log( (p_t/(1+S) + ε) / (p_t + ε) ) = log1p( a·S / (1 + b·S) )

    The subtraction d_c − d_t is the only one, and what it loses the result does not depend on.

    With smoothed labels every class has its share: with E_c = expm1(d_c − d_t), p_c becomes
    p_c·(1 + E_c)/(1 + S), and with a_c = p_c/(p_c + ε)

        Δℓ = −Σ_c q_c·log1p( a_c·(E_c − S) / (1 + S) )

    Label smoothing's source: C. Szegedy et al., *Rethinking the inception architecture for computer
    vision*, 2016.
    """

    LARGE = 50.0  # where e^(d_c − d_t) starts to near the overflow of float32

    def __init__(self, epsilon: float = 1e-7, *, label_smoothing: float = 0.0) -> None:
        self.epsilon = check_real("epsilon", epsilon, low=0)
        self.label_smoothing = check_real("label_smoothing", label_smoothing, low=0, below=1)

    def __repr__(self) -> str:
        smooth = f", label_smoothing={self.label_smoothing:g}" if self.label_smoothing else ""
        return f"CrossEntropy(epsilon={self.epsilon:g}{smooth})"

    def targets(self, y: Array, t: Array) -> Array:
        """Return labels as class indices."""
        return class_indices(t, y)

    def output(self, y: Array) -> Array:
        """Return the probabilities, softmax(y)."""
        return softmax(y)

    def samples(self, y: Array, t: Array) -> Array:
        """Return −log(p_t + ε), or that of every class times its share of the target."""
        xp = namespace(y)
        if self.label_smoothing:
            q = self._shares_of_classes(y, t)
            if self.epsilon == 0:
                return log_sum_exp(y) - xp.sum(q * y, axis=-1)
            return -xp.sum(q * xp.log(softmax(y) + self.epsilon), axis=-1)
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
        powers = xp.expm1(relative)
        s = _dot(powers, p)
        plain = s < -0.5 if overflows is None else (s < -0.5) | overflows
        if self.label_smoothing:
            s = xp.where(plain, xp.zeros_like(s), s)
            q = self._shares_of_classes(y, t)
            w = self._shares(p)[0] * ((powers - s[..., None]) / (1 + s[..., None]))
            plain = plain | xp.any(w < -0.5, axis=-1)
            change = -xp.sum(q * xp.log1p(xp.maximum(w, xp.full_like(w, -0.5))), axis=-1)
        else:
            s = xp.where(plain, xp.zeros_like(s), s)
            change = xp.log1p(a * s / (1 + b * s))
        if not bool(xp.any(plain)):
            return change
        # p_t more than doubles, or falls without bound: nothing cancels, subtract plainly.
        before, after = self._before_and_after(y, t, d)
        return xp.where(plain, after - before, change)

    def magnitude(self, y: Array, t: Array, m: Array) -> Array:
        """Return Σ_c p_c·(m_c + m_t), times 1 + max|y|: y is rounded, and p goes by e^y."""
        xp = namespace(m)
        sizes = _dot(m + _pick(m, t), softmax(y))
        if self.label_smoothing:
            sizes = sizes + xp.sum(self._shares_of_classes(y, t) * (m + _pick(m, t)), axis=-1)
        return sizes * (1 + xp.max(xp.abs(y), axis=-1))

    def gradient(self, y: Array, t: Array) -> Array:
        """Return a·(p − onehot(t)) / samples; the factor a = p_t/(p_t + ε) is that of ε.

        With smoothed labels, (p·Σ_c a_c·q_c − a·q) / samples.
        """
        xp = namespace(y)
        p = softmax(y)
        if self.label_smoothing:
            share = self._shares(p)[0] * self._shares_of_classes(y, t)
            return (p * xp.sum(share, axis=-1, keepdims=True) - share) / y.shape[0]
        a, _ = self._shares(_pick(p, t))
        correct = xp.astype(t[..., None] == xp.arange(y.shape[-1]), y.dtype)
        return a * (p - correct) / y.shape[0]

    def _shares_of_classes(self, y: Array, t: Array) -> Array:
        """Return q, the target's share of each class, aligned with `y`."""
        xp = namespace(y)
        classes = y.shape[-1]
        numbers = on_device_of(y, np.arange(classes))
        correct = xp.astype(t[..., None] == numbers, y.dtype)
        return (1 - self.label_smoothing) * correct + self.label_smoothing / classes

    def _shares(self, p_t: Array) -> tuple[Array, Array]:
        """Return a = p_t/(p_t + ε) and b = ε/(p_t + ε); for ε = 0 also where p_t underflows."""
        if self.epsilon == 0:
            return namespace(p_t).ones_like(p_t), namespace(p_t).zeros_like(p_t)
        return p_t / (p_t + self.epsilon), self.epsilon / (p_t + self.epsilon)


def _pick(rows: Array, t: Array) -> Array:
    """Return the entry of the correct class in each row: (…, classes) → (…, 1)."""
    return namespace(rows).take_along_axis(rows, t[..., None], axis=-1)


def _dot(rows: Array, p: Array) -> Array:
    """Return Σ_c rows_c·p_c for (samples, …, classes) rows and aligned p, as matrix products."""
    xp = namespace(rows)
    samples, classes = rows.shape[0], rows.shape[-1]
    flat = xp.reshape(rows, (samples, -1, classes)) @ xp.reshape(p, (samples, classes, 1))
    return xp.reshape(flat, tuple(rows.shape[:-1]))
