"""Softmax and cross-entropy of a batch, in one pass."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.gradient.kernels.jit import compile_kernel

__all__ = ["probabilities_and_loss"]

Floats = NDArray[Any]


def probabilities_and_loss(y: Floats, t: NDArray[np.int64], epsilon: float) -> tuple[Floats, float]:
    """Return softmax(y), (samples, classes), and the mean of −log(p_t + ε) over the samples."""
    p = np.empty_like(y)
    return p, _fill(y, t, y.dtype.type(epsilon), p) / len(t)


@compile_kernel
def _fill(y: Floats, t: NDArray[np.int64], epsilon: Any, p: Floats) -> float:
    total = 0.0
    for n in range(y.shape[0]):
        largest = y[n, 0]
        for c in range(1, y.shape[1]):
            largest = max(largest, y[n, c])
        powers = y.dtype.type(0)
        for c in range(y.shape[1]):
            p[n, c] = math.exp(y[n, c] - largest)
            powers += p[n, c]
        for c in range(y.shape[1]):
            p[n, c] /= powers
        if epsilon == 0:
            total += math.log(powers) - (y[n, t[n]] - largest)
        else:
            total -= math.log(p[n, t[n]] + epsilon)
    return total
