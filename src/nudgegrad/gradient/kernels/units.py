"""Central differences by the entries of one layer, both signs at once."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nudgegrad.gradient.kernels.elementwise import LARGEST_NUDGE, both_differences
from nudgegrad.gradient.kernels.output import change_of_units
from nudgegrad.gradient.kernels.probabilities import has_kernel
from nudgegrad.gradient.trace import Trace
from nudgegrad.layers import Affine
from nudgegrad.losses import CrossEntropy

__all__ = ["Tail", "tail", "unit_slopes"]


class Tail(NamedTuple):
    """The end of a network: activations, one affine layer at most, softmax and cross-entropy.

    Attributes
    ----------
    end : int
        The place of the first layer after the activations.
    weights : (units, classes) array
        The affine layer's, or an identity if there is none.
    epsilon : float
        The loss's.
    """

    end: int
    weights: NDArray[Any]
    epsilon: float


def tail(trace: Trace, k: int) -> Tail | None:
    """Return what comes after ``activations[k]``, or None if it is not such an end."""
    layers = trace.layers
    end = k
    while end < len(layers) and layers[end].elementwise:
        end += 1
    if not has_kernel(trace.loss):
        return None
    assert isinstance(trace.loss, CrossEntropy)
    if end == len(layers):
        output = trace.activations[-1]
        return Tail(end, np.eye(output.shape[1], dtype=output.dtype), trace.loss.epsilon)
    if end + 1 == len(layers) and type(layers[end]) is Affine:
        return Tail(end, layers[end].params["W"], trace.loss.epsilon)
    return None


def unit_slopes(trace: Trace, k: int, h: float) -> NDArray[Any] | None:
    """Return the central difference of each sample's error by each entry of ``activations[k]``.

    Each is divided by the batch size. None if no kernel fits the rest of the network, or if a
    nudge is beyond the bound of the kernels' series.
    """
    rest = tail(trace, k)
    if rest is None:
        return None
    end, weights, epsilon = rest
    values = trace.activations
    known = k in trace.slopes and h <= LARGEST_NUDGE
    if known:
        plus, minus = both_differences(
            trace.layers[k], values[k], values[k + 1], trace.slopes[k], h
        )
    else:
        plus = np.full_like(values[k], h)
        minus = -plus
    for place in range(k + known, end):
        layer, x, y = trace.layers[place], values[place], values[place + 1]
        plus, minus = layer.difference(x, y, plus), layer.difference(x, y, minus)
    factor = 1 / (2 * h * trace.batch_size)
    return change_of_units(plus, minus, weights, trace.output, trace.targets, epsilon, factor)
