"""`node`: every unit's input sum nudged, for each sample; its weights' gradients follow.

Beside layers it assumes that a layer's output is linear in its parameters. A layer that does not
say so of itself is left to `weight`.
"""

from __future__ import annotations

from functools import partial

from nudgegrad.arrays import Array, namespace
from nudgegrad.gradient.propagate import (
    Quotient,
    Trace,
    nudges_per_block,
    propagate,
    quotient,
    slices,
)
from nudgegrad.gradient.result import Monitor
from nudgegrad.gradient.weight import weight

__all__ = ["node"]

Arrays = dict[str, Array]


def node(
    trace: Trace, k: int, h: float, monitor: Monitor, *, error_bars: bool = False
) -> tuple[Arrays, Arrays | None]:
    """Return the gradients of layer k's parameters, and their errors if asked for.

    With D[n, j] the central difference of sample n's error by the input sum of unit j, the chain
    from a weight to that sum being linear, dL/dW = xᵀD / samples and dL/db = Σ_n D / samples.

    Parameters and results are those of `nudgegrad.gradient.weight.weight`.
    """
    layer = trace.layers[k]
    if not layer.linear_in_parameters:
        return weight(trace, k, h, monitor, error_bars=error_bars)
    x, y = trace.activations[k], trace.activations[k + 1]
    found = node_differences(trace, k + 1, h, monitor, error_bars)
    gradients = layer.parameter_gradient(x, y, found.slope / trace.batch_size)
    if found.truncation is None or found.rounding is None:
        return gradients, None
    # Added up in absolute value: the samples' errors need not cancel where the slopes do.
    # The factor 1 + x² makes room for the other secant too, that of `weight` and `naive`, whose
    # nudge moves the node by h·x: the bar spans the derivative and both of its approximations.
    size = namespace(x).abs(x)
    truncation = layer.parameter_gradient(
        size * (1 + size * size), y, found.truncation / trace.batch_size
    )
    rounding = layer.parameter_gradient(size, y, found.rounding / trace.batch_size)
    return gradients, {name: truncation[name] + rounding[name] for name in gradients}


def node_differences(
    trace: Trace, k: int, h: float, monitor: Monitor, error_bars: bool
) -> Quotient:
    """Return the central difference of each sample's error by each entry of ``activations[k]``."""
    values = trace.activations[k]
    xp = namespace(values)
    samples, units = values.shape
    block = nudges_per_block(trace, k)
    evaluations = 4 if error_bars else 2
    down: list[list[Quotient]] = []
    for rows in slices(samples, max(1, block // units)):
        part = trace.take(rows)
        across: list[Quotient] = []
        for chosen in slices(units, block):
            ones = xp.ones((rows.stop - rows.start, chosen.stop - chosen.start), dtype=values.dtype)

            def push(
                s: float, rule: str, part: Trace = part, ones: Array = ones, units: slice = chosen
            ) -> Array:
                return propagate(part, k, s * ones, units, rule)

            magnitude = partial(push, rule="magnitude") if error_bars else None
            across.append(quotient(partial(push, rule="difference"), h, magnitude))
            monitor.advance(evaluations * ones.shape[0] * ones.shape[1])
        down.append(across)

    def whole(part: str) -> Array:
        return xp.concat([xp.concat([getattr(q, part) for q in row], axis=1) for row in down])

    if not error_bars:
        return Quotient(whole("slope"))
    return Quotient(whole("slope"), whole("truncation"), whole("rounding"))
