"""Softmax and cross-entropy of a batch, in one pass."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.gradient.kernels.jit import compile_kernel
from nudgegrad.losses import CrossEntropy, Loss

__all__ = ["has_kernel", "probabilities_and_loss", "softmax_row"]

Floats = NDArray[Any]


def has_kernel(loss: Loss) -> bool:
    """Tell whether a loss is the one that kernels are for: cross-entropy, labels not smoothed."""
    return type(loss) is CrossEntropy and not loss.label_smoothing


def probabilities_and_loss(y: Floats, t: NDArray[np.int64], epsilon: float) -> tuple[Floats, float]:
    """Return softmax(y), (samples, classes), and the mean of −log(p_t + ε) over the samples."""
    p = np.empty_like(y)
    return p, _fill(y, t, y.dtype.type(epsilon), p) / len(t)


@compile_kernel
def _fill(y: Floats, t: NDArray[np.int64], epsilon: Any, p: Floats) -> float:
    total = 0.0
    for n in range(y.shape[0]):
        total += softmax_row(y[n], t[n], epsilon, p[n])
    return total


@compile_kernel
def softmax_row(y: Floats, correct: int, epsilon: Any, p: Floats) -> Any:
    """Fill in one sample's probabilities, and return its error."""
    largest = y[0]
    for c in range(1, y.shape[0]):
        largest = max(largest, y[c])
    powers = y.dtype.type(0)
    for c in range(y.shape[0]):
        p[c] = math.exp(y[c] - largest)
        powers += p[c]
    for c in range(y.shape[0]):
        p[c] /= powers
    if epsilon == 0:
        return math.log(powers) - (y[correct] - largest)
    return -math.log(p[correct] + epsilon)
