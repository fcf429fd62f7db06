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
from nudgegrad.layers import Affine, Layer
from nudgegrad.losses import Loss
from nudgegrad.network import Network

__all__ = ["can_descend", "descend"]

Step = tuple[dict[str, Any], Any, NDArray[Any]]


def can_descend(network: Network) -> bool:
    """Tell whether all parameters are those of affine layers, in NumPy arrays."""
    return all(type(layer) is Affine for layer in network.layers if layer.params)


def descend(
    network: Network, x: Any, t: NDArray[Any], h: float, learning_rate: float,
    *, weight_decay: float = 0.0, training_step: int | None = None,
    progress: Callable[[int, int], Any] | None = None, cancel: Callable[[], bool] | None = None,
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
    weight_decay
        λ: as much of each W is added to its gradient.
    training_step, progress, cancel
        As for `nudgegrad.gradient.compute_gradient`. If the step is cancelled, or the loss is not
        finite, nothing is updated.

    Returns
    -------
    loss, loss_evaluations
        The loss is that before the update, weight decay's share left out.
    """
    layers = network.layers
    steps, loss, evaluations = _slopes(
        layers, network.loss_function, x, t, h, training_step, progress, cancel
    )
    if not math.isfinite(loss):
        return loss, evaluations
    for params, inputs, slope in steps:
        weights = params["W"]
        if weight_decay:
            weights -= learning_rate * weight_decay * weights
        if isinstance(inputs, np.ndarray):
            weights -= slope.dtype.type(learning_rate) * (inputs.T @ slope)
        elif weights.flags.c_contiguous:
            inputs.T.add_product(slope, -learning_rate, weights)
        else:
            weights -= slope.dtype.type(learning_rate) * (inputs.T @ slope)
        params["b"] -= slope.dtype.type(learning_rate) * np.add.reduce(slope)
    return loss, evaluations


def _slopes(
    layers: list[Layer], loss: Loss, x: Any, t: NDArray[Any], h: float, training_step: int | None,
    progress: Callable[[int, int], Any] | None, cancel: Callable[[], bool] | None,
) -> tuple[list[Step], float, int]:  # fmt: skip
    """Return each affine layer's parameters, inputs and slopes; the loss; its evaluations."""
    from nudgegrad.gradient.kernels.two_layer import two_layer_pass

    done = two_layer_pass(layers, loss, x, t, h)
    if done is not None:  # the lesson's network, for which a trace would take as long as a kernel
        evaluations = 2 * (done.by_sums.size + done.by_output.size)
        Monitor(evaluations, progress, cancel).advance(evaluations)
        steps = [
            (layers[0].params, x, done.by_sums), (layers[2].params, done.hidden, done.by_output)
        ]  # fmt: skip
        return steps, done.loss, evaluations
    trace = make_trace(layers, loss, x, t, kernels=True, checked=True, training_step=training_step)
    places = [k for k, layer in enumerate(layers) if layer.params]
    evaluations = 2 * sum(trace.activations[k + 1].size for k in places)
    monitor = Monitor(evaluations, progress, cancel)
    steps = [
        (layers[k].params, trace.activations[k], node_differences(trace, k + 1, h, monitor).slope)
        for k in places
    ]
    return steps, trace.loss_value(), evaluations
