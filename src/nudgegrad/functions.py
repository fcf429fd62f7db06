"""The lesson's functions, made safe: no overflow, no warning, and float32 stays float32.

The names are those of *Deep Learning from Scratch* (K. Saitoh, 2016), chapters 3 and 4.
"""

from __future__ import annotations

import numpy as np

from nudgegrad.arrays import Array, as_floats, is_integer, namespace
from nudgegrad.validation import ParameterError, check_real

__all__ = [
    "class_indices",
    "cross_entropy_error",
    "log_sum_exp",
    "sigmoid",
    "sigmoid_grad",
    "softmax",
]


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + e⁻ˣ), entry by entry.

    Parameters
    ----------
    x : array of floats, any shape
        Whole numbers and lists become float64.

    Returns
    -------
    array of the shape and dtype of `x`, in [0, 1]

    Notes
    -----
    e^−|x| never overflows: for negative x the fraction is multiplied through by eˣ.
    """
    x = as_floats(x)
    xp = namespace(x)
    shrunk = xp.exp(-xp.abs(x))
    return xp.where(x >= 0, xp.ones_like(x), shrunk) / (1 + shrunk)


def sigmoid_grad(x: Array) -> Array:
    """Return the derivative of `sigmoid`, (1 − σ(x))·σ(x), as σ(−x)·σ(x): nothing cancels."""
    x = as_floats(x)
    return sigmoid(-x) * sigmoid(x)


def softmax(x: Array) -> Array:
    """Return e^x_c / Σ_c e^x_c along the last axis.

    Parameters
    ----------
    x : (classes,) or (samples, classes) array of floats, or with more leading axes

    Returns
    -------
    array of the shape and dtype of `x`, each row with sum 1
    """
    x = as_floats(x)
    xp = namespace(x)
    powers = xp.exp(x - xp.max(x, axis=-1, keepdims=True))
    return powers / xp.sum(powers, axis=-1, keepdims=True)


def log_sum_exp(x: Array) -> Array:
    """Return log Σ_c e^x_c along the last axis, without overflow."""
    xp = namespace(x)
    largest = xp.max(x, axis=-1)
    return largest + xp.log(xp.sum(xp.exp(x - largest[..., None]), axis=-1))


def cross_entropy_error(y: Array, t: Array, epsilon: float = 1e-7) -> float:
    """Return the mean of −log(y[t] + ε) over the samples.

    Parameters
    ----------
    y : (samples, classes) or (classes,) array of floats
        Probabilities, as `softmax` gives them. A single row is a batch of one.
    t : one-hot rows of the shape of `y`, or integer labels of its shape less the last axis
    epsilon
        The lesson's guard against log 0, inside the logarithm.

    Raises
    ------
    ParameterError
        If `t` fits neither form, a label is out of range, or ε is negative.
    """
    check_real("epsilon", epsilon, low=0)
    y = as_floats(y)
    xp = namespace(y)
    labels = class_indices(t, y)
    if y.ndim == 1:
        y, labels = y[None, :], xp.reshape(labels, (1,))
    picked = xp.take_along_axis(y, labels[:, None], axis=-1)
    return float(-xp.mean(xp.log(picked + epsilon)))


def class_indices(t: Array, y: Array) -> Array:
    """Return labels as class indices, from integer labels or one-hot rows.

    Which of the two `t` is follows from its shape and dtype alone: integer labels have the shape
    of `y` less the last axis, one-hot rows the whole shape of `y`.

    Parameters
    ----------
    t : labels
    y : (…, classes) array that they label

    Returns
    -------
    integer array of shape ``y.shape[:-1]``

    Raises
    ------
    ParameterError
        If `t` fits neither form, a row is not one-hot, or a label is out of range.
    """
    xp = namespace(y)
    if not hasattr(t, "dtype"):
        t = xp.asarray(t)
    classes = y.shape[-1]
    if tuple(t.shape) == tuple(y.shape):
        _check_one_hot(t)
        return xp.argmax(t, axis=-1)
    labelled = tuple(y.shape[:-1])
    usual = type(t) is np.ndarray and t.dtype == np.int64 and t.shape == labelled and t.size
    if usual and t.min() >= 0 and t.max() < classes:
        return t  # several times quicker than the general way
    if is_integer(t) and (tuple(t.shape) == labelled or (labelled == () and t.shape == (1,))):
        if bool(xp.any((t < 0) | (t >= classes))):
            wrong = int(xp.min(t)) if int(xp.min(t)) < 0 else int(xp.max(t))
            raise ParameterError(f"labels must be between 0 and {classes - 1}, got {wrong}")
        return xp.reshape(xp.astype(t, xp.int64, copy=False), labelled)
    raise ParameterError(
        f"t must be integer labels of shape {labelled} or one-hot rows of shape "
        f"{tuple(y.shape)}, got {t.dtype} of shape {tuple(t.shape)}"
    )


def _check_one_hot(t: Array) -> None:
    xp = namespace(t)
    ones = xp.astype(t == 1, xp.int64)
    rows_right = (xp.sum(ones, axis=-1) == 1) & (xp.sum(xp.astype(t != 0, xp.int64), axis=-1) == 1)
    if not bool(xp.all(rows_right)):
        row = int(xp.argmin(xp.astype(xp.reshape(rows_right, (-1,)), xp.int64)))
        values = xp.reshape(t, (-1, t.shape[-1]))[row, :]
        raise ParameterError(
            f"one-hot rows must hold a single 1 and zeros, row {row} is {values}; "
            f"integer labels must have the shape {tuple(t.shape[:-1])}"
        )
