"""Single units' nudges, both signs at once, through the layers that keep them single units."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.arrays import Units
from nudgegrad.gradient.kernels.elementwise import LARGEST_NUDGE, both_differences
from nudgegrad.gradient.kernels.jit import compile_kernel
from nudgegrad.gradient.trace import Trace
from nudgegrad.layers import Flatten, MaxPool2D

__all__ = ["carry_both"]

Floats = NDArray[Any]


def carry_both(trace: Trace, k: int, end: int, h: float) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Carry ±h on each entry of ``activations[k]`` to ``activations[end]``.

    Returns
    -------
    plus, minus : (samples, units) arrays
        How far each moves the one unit that it reaches.
    place : (units,) array
        Which unit that is.
    """
    values = trace.activations
    units: Units = slice(None)
    if k < end and k in trace.slopes and h <= LARGEST_NUDGE:
        layer = trace.layers[k]
        plus, minus = both_differences(layer, values[k], values[k + 1], trace.slopes[k], h)
        k += 1
    else:
        plus = np.full_like(values[k], h)
        minus = -plus
    for place in range(k, end):
        layer, x, y = trace.layers[place], values[place], values[place + 1]
        if type(layer) is Flatten:
            continue
        if type(layer) is MaxPool2D and isinstance(units, slice):
            plus, minus, units = _pool(layer, x, y, plus, minus)
            continue
        minus, _ = layer.carry(x, y, minus, units, "difference")
        plus, units = layer.carry(x, y, plus, units, "difference")
    if isinstance(units, slice):
        units = np.arange(plus.shape[1])
    return plus, minus, units


def _pool(
    layer: MaxPool2D, x: Floats, y: Floats, plus: Floats, minus: Floats
) -> tuple[Floats, Floats, NDArray[np.intp]]:
    """Do what `MaxPool2D.carry` does."""
    window = layer.window
    channels, height, width = window.shape
    down, across = window.places
    up, low = np.zeros_like(plus), np.zeros_like(minus)
    place = np.zeros(plus.shape[1], np.intp)
    pictures = (len(x), channels, height, width)
    _carry_pool(
        x.reshape(pictures), y.reshape(len(x), channels, down, across), plus.reshape(pictures),
        minus.reshape(pictures), window.size[0], window.size[1], window.stride,
        up.reshape(pictures), low.reshape(pictures), place.reshape(pictures[1:]),
    )  # fmt: skip
    return up, low, place


@compile_kernel
def _carry_pool(
    x: Floats, y: Floats, plus: Floats, minus: Floats, high: int, wide: int, stride: int,
    up: Floats, low: Floats, place: NDArray[np.intp],
) -> None:  # fmt: skip
    zero, one, nothing = x.dtype.type(0), x.dtype.type(1), x.dtype.type(-math.inf)
    samples, channels, down, across = y.shape
    for n in range(samples):
        for c in range(channels):
            for i in range(down):
                for j in range(across):
                    largest = y[n, c, i, j]
                    next_to_it, count = nothing, zero
                    for row in range(i * stride, i * stride + high):
                        for column in range(j * stride, j * stride + wide):
                            value = x[n, c, row, column]
                            if value == largest:
                                count += one
                            elif value > next_to_it:
                                next_to_it = value
                    lower = next_to_it - largest
                    for row in range(i * stride, i * stride + high):
                        for column in range(j * stride, j * stride + wide):
                            above, under = plus[n, c, row, column], minus[n, c, row, column]
                            below = x[n, c, row, column] - largest
                            if below == zero:
                                up[n, c, row, column] = max(above, lower) / count
                                low[n, c, row, column] = max(under, lower) / count
                            else:
                                up[n, c, row, column] = max(below + above, zero)
                                low[n, c, row, column] = max(below + under, zero)
                            if n == 0:
                                place[c, row, column] = (c * down + i) * across + j
