"""Networks that are linear until a unit switches: ReLU, dropout, and affine layers between them.

A nudge too small to switch any unit of such a part of a network moves its output by d·V, with V the
product of the affine layers' weights, rows of units that are switched off left out. That is the
exact difference, not its limit: V is the same for every nudge of the sample, so that the product is
formed once, from the output's few columns on, where rows of differences would each go all the way.

Whether a unit can switch is known beforehand. |d|·|W|·|W'|… bounds how far a nudge moves it; where
that may reach the unit's next bend, the sample's nudges go row by row, as anywhere else. These are
few: the nudge is 1e-4, and most units are farther from their bend than that.
"""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nudgegrad.gradient.kernels.carry import carry_both
from nudgegrad.gradient.kernels.jit import compile_kernel
from nudgegrad.gradient.kernels.output import TERMS, bound, change_of_one, moments, shares, spread
from nudgegrad.gradient.kernels.probabilities import has_kernel
from nudgegrad.gradient.kernels.threads import in_parallel
from nudgegrad.gradient.propagate import nudges_per_block, propagate, slices
from nudgegrad.gradient.trace import Trace
from nudgegrad.layers import Affine
from nudgegrad.losses import CrossEntropy

__all__ = ["piecewise_slopes"]

Floats = NDArray[Any]

BLOCK_BYTES = 2**21
"""Bytes of a block of samples' products V."""

PRODUCTS_A_CHANGE = 16
"""Multiplications within a matrix product that take about as long as one nudge's change."""

MOST_SWITCHING = 0.5
"""Up to which share of the samples may go row by row."""


class _Pieces(NamedTuple):
    """The linear pieces that a batch is in.

    Attributes
    ----------
    start : int
        The place of the first affine layer, where nudges fan out.
    slopes : dict of int to array
        By the place of each layer between affine ones: what it multiplies by, (samples, units).
    farthest : (samples,) array
        How far a unit of the first affine layer's input may be nudged before any unit switches.
    """

    start: int
    slopes: dict[int, Floats]
    farthest: Floats


def piecewise_slopes(trace: Trace, k: int, h: float) -> Floats | None:
    """Return the central difference of each sample's error by each entry of ``activations[k]``.

    Each is divided by the batch size. None if the rest of the network is not of this kind: layers
    that carry single units, then an affine layer, then affine layers and ones linear in pieces.
    Nor if most samples have a unit near its bend, as in deep networks, where the bound is wide.
    """
    if not has_kernel(trace.loss):
        return None
    pieces = _find(trace, k)
    if pieces is None or np.mean(pieces.farthest <= h) > MOST_SWITCHING:
        return None
    samples, units = trace.activations[k].shape
    sources, classes = trace.activations[pieces.start].shape[1], trace.activations[-1].shape[1]
    step = max(1, BLOCK_BYTES // (sources * classes * trace.output.itemsize))
    blocks = list(slices(samples, min(step, -(-samples // 2))))
    weights = sum(layer.params["W"].size for layer in trace.layers[pieces.start :] if layer.params)
    work = samples * (units + classes * weights // PRODUCTS_A_CHANGE)
    with closing(in_parallel(partial(_block, trace, k, h, pieces), blocks, work=work)) as parts:
        return np.concatenate(list(parts))


def _find(trace: Trace, k: int) -> _Pieces | None:
    layers, values = trace.layers, trace.activations
    start = k
    while start < len(layers) and layers[start].keeps_units:
        start += 1
    if start == len(layers) or type(layers[start]) is not Affine:
        return None
    reach = np.abs(layers[start].params["W"])  # how far a nudge of 1 moves each unit, at most
    slopes: dict[int, Floats] = {}
    farthest = np.full(values[0].shape[0], np.inf, reach.dtype)
    for place in range(start + 1, len(layers)):
        layer = layers[place]
        if type(layer) is Affine:
            reach = reach @ np.abs(layer.params["W"])
            continue
        piece = layer.linear_piece(values[place])
        if piece is None:
            return None
        slope, distance = piece
        slopes[place] = slope
        with np.errstate(divide="ignore", invalid="ignore"):  # units that no nudge moves
            far = (distance / reach.max(axis=0)).min(axis=1)
        farthest = np.fmin(farthest, far)
        reach = reach * np.abs(slope).max(axis=0)
    return _Pieces(start, slopes, farthest)


def _block(trace: Trace, k: int, h: float, pieces: _Pieces, rows: slice) -> Floats:
    """Return the slopes of some samples."""
    part = trace.take(rows)
    plus, minus, place = carry_both(part, k, pieces.start, h)
    products = _products(
        part, {at: slope[rows] for at, slope in pieces.slopes.items()}, pieces.start
    )
    assert isinstance(trace.loss, CrossEntropy)
    kind = plus.dtype
    real = kind.type
    change = np.empty(plus.shape, kind)
    switched = np.empty(len(plus), np.bool_)
    m = np.empty((TERMS[kind], products.shape[2]), kind)
    _changes(
        plus, minus, place, products, pieces.farthest[rows], trace.output[rows], part.targets,
        real(trace.loss.epsilon), real(1 / (2 * h * trace.batch_size)), real(bound(kind)), m,
        change, switched,
    )  # fmt: skip
    if switched.any():
        part, numbers = part.dense(), np.flatnonzero(switched)
        for few in slices(len(numbers), max(1, nudges_per_block(part, pieces.start) // len(place))):
            which = numbers[few]
            found = _row_by_row(part.take(which), pieces.start, plus[which], minus[which], place)
            change[which] = found / (2 * h * trace.batch_size)
    return change


def _products(part: Trace, slopes: dict[int, Floats], start: int) -> Floats:
    """Return V of each sample, (samples, classes, units): what a unit's nudge of 1 would do."""
    samples, classes = part.activations[-1].shape
    product: Floats | None = None
    for place in range(len(part.layers) - 1, start - 1, -1):
        layer = part.layers[place]
        if type(layer) is not Affine:
            slope = slopes[place][:, None, :]
            if product is None:
                product = slope * np.eye(classes, dtype=slope.dtype)
            else:
                product = product * slope
            continue
        weights = layer.params["W"]
        if product is None:
            product = np.broadcast_to(weights.T, (samples, classes, weights.shape[0]))
        else:
            flat = product.reshape(samples * classes, -1) @ weights.T
            product = flat.reshape(samples, classes, -1)
    assert product is not None
    return np.require(product, requirements=["C", "W"])  # also where it was broadcast to one sample


def _row_by_row(
    some: Trace, start: int, plus: Floats, minus: Floats, place: NDArray[np.intp]
) -> Floats:
    """Return the changes of samples in which units may switch."""
    change = np.zeros_like(plus)
    movers = np.flatnonzero(((plus != 0) | (minus != 0)).any(axis=0))
    for chosen in slices(len(movers), max(1, nudges_per_block(some, start) // len(plus))):
        at = movers[chosen]
        up = propagate(some, start, plus[:, at], place[at])
        change[:, at] = up - propagate(some, start, minus[:, at], place[at])
    return change


@compile_kernel
def _changes(
    plus: Floats, minus: Floats, place: NDArray[np.intp], products: Floats, farthest: Floats,
    p: Floats, t: NDArray[np.int64], epsilon: Any, factor: Any, limit: Any, m: Floats,
    change: Floats, switched: NDArray[np.bool_],
) -> None:  # fmt: skip
    """Fill in the changes, and which samples have nudges too long for that."""
    one, zero = plus.dtype.type(1), plus.dtype.type(0)
    for n in range(plus.shape[0]):
        moments(products[n], p[n], t[n], m)
        widest = spread(products[n])
        a, b = shares(p[n, t[n]], epsilon, one)
        outside = 0
        for j in range(plus.shape[1]):
            x, y = plus[n, j], minus[n, j]
            if x == zero and y == zero:  # most cells of a pool: another one is larger
                change[n, j] = zero
                continue
            q = place[j]
            size = max(abs(x), abs(y))
            outside |= not (size * widest[q] <= limit and size < farthest[n])  # NaN is outside
            change[n, j] = factor * change_of_one(x, y, m, q, a, b, one)
        switched[n] = outside != 0
