"""`node`: every unit's input sum nudged, for each sample; its weights' gradients follow.

Beside layers it assumes that a layer's output is linear in its parameters. A layer that does not
say so of itself is left to `weight`.
"""

from __future__ import annotations

from functools import partial

from nudgegrad.arrays import Array, namespace
from nudgegrad.gradient.propagate import Trace, nudges_per_block, propagate, quotient, slices
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
    slopes, bars = node_differences(trace, k + 1, h, monitor, error_bars)
    gradients = layer.parameter_gradient(x, y, slopes / trace.batch_size)
    if bars is None:
        return gradients, None
    # Added up in absolute value: the samples' errors need not cancel where the slopes do.
    errors = layer.parameter_gradient(namespace(x).abs(x), y, bars / trace.batch_size)
    return gradients, errors


def node_differences(
    trace: Trace, k: int, h: float, monitor: Monitor, error_bars: bool
) -> tuple[Array, Array | None]:
    """Return the central difference of each sample's error by each entry of ``activations[k]``."""
    values = trace.activations[k]
    xp = namespace(values)
    roundoff = float(xp.finfo(values.dtype).eps)
    samples, units = values.shape
    block = nudges_per_block(trace, k)
    evaluations = 4 if error_bars else 2
    slopes, bars = [], []
    for rows in slices(samples, max(1, block // units)):
        part = trace.take(rows)
        across: list[tuple[Array, Array | None]] = []
        for chosen in slices(units, block):
            ones = xp.ones((rows.stop - rows.start, chosen.stop - chosen.start), dtype=values.dtype)

            def push(
                s: float, rule: str, part: Trace = part, ones: Array = ones, units: slice = chosen
            ) -> Array:
                return propagate(part, k, s * ones, units, rule)

            magnitude = partial(push, rule="magnitude") if error_bars else None
            across.append(quotient(partial(push, rule="difference"), h, magnitude, roundoff))
            monitor.advance(evaluations * ones.shape[0] * ones.shape[1])
        slopes.append(xp.concat([slope for slope, _ in across], axis=1))
        bars.append([bar for _, bar in across])
    if not error_bars:
        return xp.concat(slopes), None
    return xp.concat(slopes), xp.concat([xp.concat(row, axis=1) for row in bars])
