"""A step of plain gradient descent by `node`, fused: the gradient of W is never stored.

Differences give dL/dW = xᵀ·D. The update W ← W − learning_rate·xᵀ·D then takes one pass over W, and
leaves alone the rows of inputs that are zero in the whole batch.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.gradient import Monitor
from nudgegrad.gradient.node import node_differences
from nudgegrad.gradient.trace import make_trace
from nudgegrad.layers import Affine
from nudgegrad.network import Network

__all__ = ["can_descend", "descend"]


def can_descend(network: Network) -> bool:
    """Tell whether all parameters are those of affine layers, in NumPy arrays."""
    return all(type(layer) is Affine for layer in network.layers if layer.params)


def descend(
    network: Network, x: Any, t: NDArray[Any], h: float, learning_rate: float,
    *, progress: Callable[[int, int], Any] | None = None, cancel: Callable[[], bool] | None = None,
) -> tuple[float, int]:  # fmt: skip
    """Update a network's parameters by one mini-batch.

    Parameters
    ----------
    network
        One that `can_descend`.
    x : (samples, features) array or SparseRows
    t : (samples, …) array
        Targets as ``loss.targets`` returns them.
    h
        The nudge.
    learning_rate
        The step size.
    progress, cancel
        As for `nudgegrad.gradient.compute_gradient`. If the step is cancelled, or the loss is not
        finite, nothing is updated.

    Returns
    -------
    loss, loss_evaluations
        The loss is that before the update.
    """
    trace = make_trace(network.layers, network.loss_function, x, t, kernels=True, checked=True, h=h)
    places = [k for k, layer in enumerate(network.layers) if layer.params]
    evaluations = 2 * sum(trace.activations[k + 1].size for k in places)
    monitor = Monitor(evaluations, progress, cancel)
    slopes = [node_differences(trace, k + 1, h, monitor).slope for k in places]
    loss = trace.loss_value()
    if not math.isfinite(loss):
        return loss, evaluations
    for k, slope in zip(places, slopes, strict=True):
        x, params = trace.activations[k], network.layers[k].params
        weights = params["W"]
        if isinstance(x, np.ndarray):
            weights -= x.dtype.type(learning_rate) * (x.T @ slope)
        elif weights.flags.c_contiguous:
            x.T.add_product(slope, -learning_rate, weights)
        else:
            weights -= slope.dtype.type(learning_rate) * (x.T @ slope)
        params["b"] -= slope.dtype.type(learning_rate) * np.add.reduce(slope)
    return loss, evaluations
