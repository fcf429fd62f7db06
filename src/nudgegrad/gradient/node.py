"""`node`: every unit's input sum nudged, for each sample; its weights' gradients follow.

Beside layers it assumes that a layer's output is linear in its parameters. A layer that does not
say so of itself is left to `weight`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial

import numpy as np

from nudgegrad.arrays import Array, namespace, on_device_of
from nudgegrad.gradient.propagate import (
    Quotient,
    nudges_per_block,
    propagate,
    propagate_rows,
    quotient,
    slices,
)
from nudgegrad.gradient.trace import Trace
from nudgegrad.gradient.weight import weight
from nudgegrad.monitor import Monitor

__all__ = ["node"]

Arrays = dict[str, Array]
Block = tuple[slice, slice]
"""Some samples and some units."""


def node(
    trace: Trace, k: int, h: float, monitor: Monitor, *, error_bars: bool = False
) -> tuple[Arrays, Arrays | None]:
    """Return the gradients of layer k's parameters, and their errors if asked for.

    With D[n, j] the central difference of the loss by the input sum of unit j for sample n, the
    chain from a weight to that sum being linear, dL/dW = xᵀD and dL/db = Σ_n D.

    Parameters and results are those of `nudgegrad.gradient.weight.weight`.
    """
    layer = trace.layers[k]
    if not layer.linear_in_parameters:
        return weight(trace, k, h, monitor, error_bars=error_bars)
    found = node_differences(trace, k + 1, h, monitor, error_bars=error_bars)
    return by_parameter(trace, k, found)


def by_parameter(trace: Trace, k: int, found: Quotient) -> tuple[Arrays, Arrays | None]:
    """Turn differences by the nodes of layer k into those by its parameters, and their errors."""
    layer, x, y = trace.layers[k], trace.activations[k], trace.activations[k + 1]
    gradients = layer.parameter_gradient(x, y, found.slope)
    if found.truncation is None or found.rounding is None:
        return gradients, None
    truncation = layer.parameter_error(x, y, found.truncation, secant=True)
    rounding = layer.parameter_error(x, y, found.rounding)
    return gradients, {name: truncation[name] + rounding[name] for name in gradients}


def node_differences(
    trace: Trace, k: int, h: float, monitor: Monitor, *, error_bars: bool = False
) -> Quotient:
    """Return the central difference of the batch's loss by each entry of ``activations[k]``."""
    samples, units = trace.activations[k].shape
    if trace.kernels:
        from nudgegrad.gradient.kernels.pieces import piecewise_slopes
        from nudgegrad.gradient.kernels.units import unit_slopes

        slopes = trace.by_node.get(k)
        if slopes is None:
            slopes = unit_slopes(trace, k, h)
        if slopes is None:
            slopes = piecewise_slopes(trace, k, h)
        if slopes is not None:
            monitor.advance(2 * samples * units)
            return Quotient(slopes)
    if trace.mixes_samples(k):
        return _one_by_one(trace, k, h, monitor, error_bars)
    block = nudges_per_block(trace, k)
    blocks = [
        (rows, chosen)
        for rows in slices(samples, max(1, block // units))
        for chosen in slices(units, block)
    ]
    down: list[list[Quotient]] = []
    with closing(_each(partial(_block, trace, k, h, error_bars), blocks, trace, k)) as results:
        for (rows, chosen), found in zip(blocks, results, strict=True):
            if chosen.start == 0:
                down.append([])
            down[-1].append(found)
            nudges = (rows.stop - rows.start) * (chosen.stop - chosen.start)
            monitor.advance((4 if error_bars else 2) * nudges)
    xp = namespace(trace.activations[k])

    def whole(part: str) -> Array:
        lines = [xp.concat([getattr(found, part) for found in line], axis=1) for line in down]
        return xp.concat(lines) / trace.batch_size

    return Quotient(**{part: whole(part) for part in down[0][0].parts})


def _block(
    trace: Trace, k: int, h: float, error_bars: bool, block: tuple[slice, slice]
) -> Quotient:
    """Return the differences of some samples' errors by some units."""
    rows, units = block
    part = trace.take(rows)
    values = trace.activations[k]
    size = (rows.stop - rows.start, units.stop - units.start)
    ones = namespace(values).ones(size, dtype=values.dtype)

    def push(s: float, rule: str) -> Array:
        return propagate(part, k, s * ones, units, rule)

    magnitude = partial(push, rule="magnitude") if error_bars else None
    return quotient(partial(push, rule="difference"), h, magnitude)


def _one_by_one(trace: Trace, k: int, h: float, monitor: Monitor, error_bars: bool) -> Quotient:
    """Return the differences where a nudge of one sample moves all: each as a batch of its own."""
    values = trace.activations[k]
    xp = namespace(values)
    samples, units = values.shape
    width = max(int(array.shape[-1]) for array in trace.activations[k:])
    step = max(1, nudges_per_block(trace, k, width) // samples)
    found = []
    for chosen in slices(samples * units, step):
        numbers = np.arange(chosen.start, chosen.stop)
        moved = np.zeros((samples, len(numbers), units), dtype=bool)
        moved[numbers // units, np.arange(len(numbers)), numbers % units] = True
        ones = xp.astype(on_device_of(values, moved), values.dtype)

        def push(s: float, rule: str, ones: Array = ones) -> Array:
            return xp.sum(propagate_rows(trace, k, s * ones, rule, apart=True), axis=0)

        magnitude = partial(push, rule="magnitude") if error_bars else None
        found.append(quotient(partial(push, rule="difference"), h, magnitude))
        monitor.advance((4 if error_bars else 2) * len(numbers))

    def whole(part: str) -> Array:
        all_of_them = xp.concat([getattr(one, part) for one in found])
        return xp.reshape(all_of_them, (samples, units)) / trace.batch_size

    return Quotient(**{part: whole(part) for part in found[0].parts})


def _each(
    function: Callable[[Block], Quotient], blocks: list[Block], trace: Trace, k: int
) -> Generator[Quotient, None, None]:
    """Yield the result for each block, from several threads where that is worth it."""
    if not trace.kernels:
        yield from map(function, blocks)
        return
    from nudgegrad.gradient.kernels.threads import in_parallel

    width = sum(int(array.shape[1]) for array in trace.activations[k + 1 :])
    work = 2 * math.prod(trace.activations[k].shape) * width
    yield from in_parallel(function, blocks, work=work)
