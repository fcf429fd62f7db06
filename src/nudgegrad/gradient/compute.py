"""One call for the four methods."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.arrays import Array
from nudgegrad.gradient.backprop import backprop
from nudgegrad.gradient.naive import draw_sample, naive
from nudgegrad.gradient.node import node
from nudgegrad.gradient.result import Gradient
from nudgegrad.gradient.trace import make_trace
from nudgegrad.gradient.weight import weight
from nudgegrad.layers import Layer, named_buffers, named_parameters
from nudgegrad.losses import Loss
from nudgegrad.monitor import Monitor
from nudgegrad.validation import ParameterError, check_choice, check_integer, check_real

__all__ = ["METHODS", "compute_gradient", "count_loss_evaluations"]

METHODS = ("naive", "weight", "node", "backprop")
"""The four ways, slowest first. Each answers to the one before it as its oracle."""


def compute_gradient(
    layers: list[Layer],
    loss: Loss,
    x: Array,
    t: Array,
    *,
    method: str = "node",
    h: float = 1e-4,
    error_bars: bool = False,
    sample: int | None = None,
    seed: int | None = 0,
    kernels: bool = True,
    training_step: int | None = None,
    progress: Callable[[int, int], Any] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Gradient:
    """Return the gradient of a batch's loss by every parameter.

    Parameters
    ----------
    layers, loss
        The network.
    x : (samples, features) array
        In the dtype of the parameters.
    t : labels or targets, as `loss` takes them
    method
        ``"naive"``, ``"weight"``, ``"node"`` or ``"backprop"``.
    h
        The nudge; `backprop` ignores it.
    error_bars
        Whether to estimate the error of every entry (``Gradient.errors``), for twice the
        evaluations. Not for `backprop`, which has no nudge to halve.
    sample
        For `naive` alone: compute about this many entries, spread over all parameters, and leave
        NaN elsewhere (``Gradient.sampled`` says where). For estimates of its time and as an oracle.
    seed
        Of the choice of the sample.
    kernels
        Whether `weight` and `node` may use compiled kernels for NumPy arrays, where they fit. Not
        with ``error_bars``. False leaves all to the array lines that the kernels answer to.
    training_step
        None: the network is the one that predicts. A number: it is the one of that step of a
        training, where `Dropout` has the step's masks, whatever the method, and `BatchNorm` takes
        the batch's own statistics.
    progress
        Called with (loss evaluations done, total) after every block.
    cancel
        Asked between blocks; a true answer raises `Cancelled`. Parameters are then as they were.

    Returns
    -------
    Gradient
        A dict from names (W1, b1, W2, …) to arrays of the parameters' shapes.

    Raises
    ------
    ParameterError
        If an argument does not fit; the message names the layer where one is concerned.
    Cancelled
        If `cancel` said so.
    """
    check_choice("method", method, METHODS)
    h = check_real("h", h, above=0)
    names = named_parameters(layers)
    parameters = {name: layer.params[own] for name, (layer, own) in names.items()}
    sampled: dict[str, NDArray[np.bool_]] | None = None
    if sample is not None:
        if method != "naive":
            raise ParameterError(f"sample must be None for method {method!r}; only naive takes it")
        sampled = draw_sample(
            parameters, check_integer("sample", sample, 1), np.random.default_rng(seed)
        )
    if error_bars and method == "backprop":
        raise ParameterError("error_bars must be False for backprop: it takes no differences")

    fast = kernels and method in ("weight", "node") and not error_bars
    if training_step is not None:
        check_integer("training_step", training_step, 0)
    nudge = h if method == "node" else None
    trace = make_trace(layers, loss, x, t, kernels=fast, h=nudge, training_step=training_step)
    evaluations = count_loss_evaluations(
        layers, trace.activations, method, error_bars=error_bars, sampled=sampled
    )
    monitor = Monitor(evaluations, progress, cancel)

    gradients: dict[str, Array]
    errors: dict[str, Array] | None = None
    if method == "naive":
        gradients, errors = naive(
            trace, parameters, h, monitor, error_bars=error_bars, sampled=sampled
        )
    elif method == "backprop":
        gradients = _by_name(names, layers, backprop(trace))
        monitor.advance(1)
    else:
        one_layer = weight if method == "weight" else node
        results = [
            one_layer(trace, k, h, monitor, error_bars=error_bars) if layer.params else ({}, {})
            for k, layer in enumerate(layers)
        ]
        gradients = _by_name(names, layers, [result for result, _ in results])
        if error_bars:
            errors = _by_name(names, layers, [bars or {} for _, bars in results])
    return Gradient(
        gradients,
        method=method,
        loss=trace.loss_value(),
        loss_evaluations=evaluations,
        h=None if method == "backprop" else h,
        errors=errors,
        sampled=sampled,
        buffers={} if training_step is None else _next_buffers(layers, trace.layers),
    )


def count_loss_evaluations(
    layers: list[Layer],
    activations: list[Array],
    method: str,
    *,
    error_bars: bool = False,
    sampled: dict[str, NDArray[np.bool_]] | None = None,
) -> int:
    """Return how many loss evaluations a method stands for, known before it starts.

    Two for every parameter (`naive`, `weight`) or node (`node`), four with error bars; 1 for
    `backprop`.
    """
    if method == "backprop":
        return 1
    nudges = 0
    for k, layer in enumerate(layers):
        if method == "node" and layer.linear_in_parameters:
            nudges += math.prod(activations[k + 1].shape)
        else:
            nudges += sum(math.prod(array.shape) for array in layer.params.values())
    if sampled is not None:
        nudges = sum(int(mask.sum()) for mask in sampled.values())
    return (4 if error_bars else 2) * nudges


def _by_name(
    names: dict[str, tuple[Layer, str]], layers: list[Layer], results: list[dict[str, Array]]
) -> dict[str, Array]:
    """Put each layer's results under the network's names, W1, b1, …"""
    place = {id(layer): k for k, layer in enumerate(layers)}
    return {name: results[place[id(layer)]][own] for name, (layer, own) in names.items()}


def _next_buffers(layers: list[Layer], prepared: list[Layer]) -> dict[str, Array]:
    """Return what a training step makes of the buffers, by the network's names."""
    place = {id(layer): k for k, layer in enumerate(layers)}
    updates = {
        name: prepared[place[id(layer)]].next_buffers().get(own)
        for name, (layer, own) in named_buffers(layers).items()
    }
    return {name: update for name, update in updates.items() if update is not None}
