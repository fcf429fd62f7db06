"""Difference propagation: a nudge's exact change, carried from where it starts to the loss.

One forward pass leaves a *trace*: every layer's input and output. Nudges of a layer's units are an
array of **separate** nudges ``d[n, j]``: "only unit j of sample n moves, by d". While each moves
one unit of the next layer at most, as activations and pooling have it, they stay in one such array,
with the numbers of the units that they are at. At the next layer that mixes units they **fan out**
to rows, ``d[n, j, :]``, one a nudge, and from there on they are an ordinary batch of differences.

A **node** is one unit's input sum, for one sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from nudgegrad.arrays import Array, Units, align, namespace
from nudgegrad.gradient.trace import Trace
from nudgegrad.layers.layer import single_unit_rows, whole_rows

__all__ = ["Quotient", "propagate", "propagate_rows", "quotient"]

ALL = slice(None)

BLOCK_BYTES = 2**19
"""Bytes of the largest temporary array: about half of a core's second-level cache."""

ROUNDINGS = 8
"""Unit roundoffs that a propagated magnitude may be off by: a few for every rule on the way."""


def propagate(
    trace: Trace, k: int, d: Array, units: Units = ALL, rule: str = "difference"
) -> Array:
    """Return the change of each sample's error caused by each entry of `d` alone.

    Parameters
    ----------
    trace
        The samples' forward pass.
    k
        `d` nudges ``activations[k]``.
    d : (samples, units) array
        Separate nudges, of any size.
    units
        Which of the features of ``activations[k]`` are nudged, by a slice or by their numbers.
    rule
        ``"difference"``, or ``"magnitude"`` for the size of the numbers added up on the way.

    Returns
    -------
    (samples, units) array
    """
    layers, values = trace.layers, trace.activations
    while k < len(layers) and layers[k].keeps_units:
        d, units = layers[k].carry(values[k], values[k + 1], d, units, rule)
        k += 1
    if k < len(layers):
        d = layers[k].fan_out(values[k], values[k + 1], d, units, rule)
        k += 1
    else:
        d = single_unit_rows(d, units, values[k].shape[-1])
    return propagate_rows(trace, k, d, rule, apart=True)


def propagate_rows(
    trace: Trace,
    k: int,
    d: Array,
    rule: str = "difference",
    units: slice = ALL,
    *,
    apart: bool = False,
) -> Array:
    """Return the change of each sample's error caused by each row of `d`.

    A layer that mixes samples takes all samples' rows of one nudge to move together.

    Parameters
    ----------
    trace, k, rule
        As for `propagate`.
    d : (samples, …, features) array
        Rows of differences of ``activations[k]``.
    units
        Which of the features of ``activations[k]`` these are; the others do not move.
    apart
        Whether each row stems from a unit nudged apart from others: see `Layer.difference_apart`.

    Returns
    -------
    (samples, …) array
    """
    layers, values = trace.layers, trace.activations
    exact = rule == "difference"
    kernels = trace.kernels and exact and type(d) is np.ndarray
    if kernels:
        from nudgegrad.gradient.kernels import rows
    while units != ALL and k < len(layers):
        d, units = layers[k].partial(values[k], values[k + 1], d, units, rule)
        k += 1
    d = whole_rows(d, units, values[k].shape[-1])
    while k < len(layers):
        moved = rows.layer_difference(trace, k, d) if kernels else None
        if moved is None:
            apply = getattr(layers[k], "difference_apart" if exact and apart else rule)
            moved = apply(align(values[k], d.ndim), align(values[k + 1], d.ndim), d)
        d = moved
        k += 1
    change = rows.loss_difference(trace, d) if kernels else None
    if change is not None:
        return change
    output = values[-1]
    targets = align(trace.targets, d.ndim - (output.ndim - trace.targets.ndim))
    return getattr(trace.loss, rule)(align(output, d.ndim), targets, d)


@dataclass(frozen=True)
class Quotient:
    """Central differences and, where they were asked for, what is known of their errors.

    Attributes
    ----------
    slope : array
        ( Δ(h) − Δ(−h) ) / 2h.
    truncation : array or None
        (4/3)·|D(h) − D(h/2)|, since the truncation error is quadratic in h (L. Richardson, 1911).
    rounding : array or None
        The size of the numbers summed, times the unit roundoff, over h.
    bend : array or None
        How far the slopes on the two sides differ because of a kink: 2B(h/2) − B(h), where
        B(h) = |Δ(h) + Δ(−h)| / h, which a smooth function makes vanish.
    """

    slope: Array
    truncation: Array | None = None
    rounding: Array | None = None
    bend: Array | None = None

    @property
    def parts(self) -> dict[str, Array]:
        """What was computed, by name."""
        named = {name: getattr(self, name) for name in ("slope", "truncation", "rounding", "bend")}
        return {name: part for name, part in named.items() if part is not None}


def quotient(
    change: Callable[[float], Array],
    h: float,
    magnitude: Callable[[float], Array] | None = None,
) -> Quotient:
    """Return a central difference and, if its magnitude is given, estimates of its error.

    Parameters
    ----------
    change
        A nudge's size → the change of the loss.
    h
        The nudge.
    magnitude
        A nudge's size → the size of the numbers that its change is summed from.
    """
    up, down = change(h), change(-h)
    slope = (up - down) / (2 * h)
    if magnitude is None:
        return Quotient(slope)
    half_up, half_down = change(h / 2), change(-h / 2)
    half = (half_up - half_down) / h
    xp = namespace(slope)
    roundoff = float(xp.finfo(slope.dtype).eps)
    bend = 4 / h * xp.abs(half_up + half_down) - 1 / h * xp.abs(up + down)
    rounding = ROUNDINGS * roundoff / h * magnitude(h)
    # What rounding can make of it, and the third order of the function, is no kink.
    bend = xp.where(bend > 1e-2 * xp.abs(slope) + 8 * rounding, bend, xp.zeros_like(bend))
    return Quotient(slope, 4 / 3 * xp.abs(slope - half), rounding, bend)


def nudges_per_block(trace: Trace, k: int, width: int = 1) -> int:
    """Return how many nudges of ``activations[k]`` fan out to rows within `BLOCK_BYTES`.

    Each is `width` numbers itself.
    """
    values = trace.activations[k]
    while k < len(trace.layers) and trace.layers[k].keeps_units:
        k += 1
    rows = trace.activations[k + 1 :] or trace.activations[-1:]
    width = max(width, *(int(array.shape[-1]) for array in rows))
    itemsize = int(namespace(values).finfo(values.dtype).bits) // 8
    return max(1, BLOCK_BYTES // (width * itemsize))


def slices(length: int, step: int) -> Iterator[slice]:
    """Divide range(length) into slices of at most `step`."""
    for start in range(0, length, step):
        yield slice(start, min(start + step, length))
