"""`backprop`: the analytic derivative, for comparison. It alone uses derivative formulas."""

from __future__ import annotations

from nudgegrad.arrays import Array
from nudgegrad.gradient.trace import Trace
from nudgegrad.validation import ParameterError

__all__ = ["backprop"]


def backprop(trace: Trace) -> list[dict[str, Array]]:
    """Return every layer's parameter gradients, by one pass backwards through the network.

    Raises
    ------
    ParameterError
        If a layer or the loss has no backward pass; the message names it.
    """
    values = trace.activations
    gradients: list[dict[str, Array]] = [{} for _ in trace.layers]
    first = next((k for k, layer in enumerate(trace.layers) if layer.params), len(trace.layers))
    try:
        dy = trace.loss.gradient(values[-1], trace.targets)
    except TypeError as error:
        raise ParameterError(f"loss {error}") from error
    for k in reversed(range(first, len(trace.layers))):
        layer = trace.layers[k]
        try:
            if layer.params:
                gradients[k] = layer.parameter_gradient(values[k], values[k + 1], dy)
            if k > first:
                dy = layer.backward(values[k], values[k + 1], dy)
        except TypeError as error:
            raise ParameterError(f"layer {k + 1}, {error}") from error
    return gradients
