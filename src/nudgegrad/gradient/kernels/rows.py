"""Difference rules for rows of nudges, in one pass over memory each.

They compute what `Layer.difference` and `CrossEntropy.difference` do. expm1 and
tanh of small nudges are their power series: with d up to the bound of
`nudgegrad.gradient.kernels.output`, what is left off is below rounding.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.gradient.kernels.jit import compile_kernel
from nudgegrad.gradient.kernels.output import bound, relative_change, shares
from nudgegrad.gradient.kernels.probabilities import has_kernel
from nudgegrad.gradient.trace import Trace
from nudgegrad.layers import ReLU, Tanh
from nudgegrad.losses import CrossEntropy

__all__ = ["layer_difference", "loss_difference"]

Floats = NDArray[Any]


def layer_difference(trace: Trace, k: int, d: Floats) -> Floats | None:
    """Return layer k's change for rows of nudges of its input, or None where no kernel fits.

    Parameters
    ----------
    trace
        The samples' forward pass.
    k
        The layer's place.
    d : (samples, rows, features) array
    """
    if k not in trace.slopes or d.ndim != 3:
        return None
    layer, x, y = trace.layers[k], trace.activations[k], trace.activations[k + 1]
    out = np.empty(d.shape, d.dtype)
    if type(layer) is ReLU:
        _rectified(x, d, out)
        return out
    limit = d.dtype.type(bound(d.dtype))
    fits = _rational(y, trace.slopes[k], d, type(layer) is Tanh, limit, out)
    return out if fits else None


def loss_difference(trace: Trace, d: Floats) -> Floats | None:
    """Return each sample's change of error for rows of changes of the outputs, or None.

    Parameters
    ----------
    trace
        The samples' forward pass; of the losses `CrossEntropy` has a kernel.
    d : (samples, rows, classes) array
    """
    if not has_kernel(trace.loss) or d.ndim != 3:
        return None
    assert isinstance(trace.loss, CrossEntropy)
    change = np.empty(d.shape[:2], d.dtype)
    real = d.dtype.type
    epsilon, limit = real(trace.loss.epsilon), real(bound(d.dtype))
    fits = _cross_entropy(trace.output, trace.targets, d, epsilon, limit, change)
    return change if fits else None


@compile_kernel
def _rectified(x: Floats, d: Floats, out: Floats) -> None:
    zero = x.dtype.type(0)
    for n in range(d.shape[0]):
        for r in range(d.shape[1]):
            for j in range(d.shape[2]):
                here, nudge = x[n, j], d[n, r, j]
                out[n, r, j] = max(nudge, -here) if here > zero else max(here + nudge, zero)


@compile_kernel
def _rational(y: Floats, g: Floats, d: Floats, tanh: bool, limit: Any, out: Floats) -> bool:
    """g·E/(1 + y·E); false, and nothing of use in `out`, if a nudge is beyond the limit."""
    real = y.dtype.type
    one, half, third, fourth, fifth = real(1), real(1 / 2), real(1 / 3), real(1 / 4), real(1 / 5)
    cubic, quintic = real(-1 / 3), real(2 / 15)
    for n in range(d.shape[0]):
        for r in range(d.shape[1]):
            outside = 0
            for j in range(d.shape[2]):
                z = d[n, r, j]
                outside |= not (abs(z) <= limit)  # NaN is outside
                if tanh:
                    e = z * (one + z * z * (cubic + z * z * quintic))
                else:
                    e = z * fourth * (one + z * fifth)
                    e = z * (one + z * half * (one + z * third * (one + e)))
                out[n, r, j] = g[n, j] * e / (one + y[n, j] * e)
            if outside:
                return False
    return True


@compile_kernel
def _cross_entropy(
    p: Floats, t: NDArray[np.int64], d: Floats, epsilon: Any, limit: Any, change: Floats
) -> bool:
    """Δℓ of each row: rows turned to columns first, so that the innermost loop goes along them."""
    samples, rows, classes = d.shape
    real = d.dtype.type
    one, zero = real(1), real(0)
    half, third, fourth, fifth = real(1 / 2), real(1 / 3), real(1 / 4), real(1 / 5)
    columns = np.empty((classes, rows), d.dtype)
    total = np.empty(rows, d.dtype)
    for n in range(samples):
        for r in range(rows):
            for c in range(classes):
                columns[c, r] = d[n, r, c]
        a, b = shares(p[n, t[n]], epsilon, one)
        outside = 0
        total[:] = zero
        for c in range(classes):
            for r in range(rows):
                z = columns[c, r] - columns[t[n], r]
                outside |= not (abs(z) <= limit)  # NaN is outside
                e = z * fourth * (one + z * fifth)
                total[r] += p[n, c] * z * (one + z * half * (one + z * third * (one + e)))
        if outside:
            return False
        for r in range(rows):
            change[n, r] = relative_change(total[r], zero, a, b, one)
    return True
