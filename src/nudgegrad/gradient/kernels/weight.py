"""`weight` for a layer before the last activation, or the last: every weight nudged by itself.

A nudge ±h of W_ij moves the input sum of unit j, for sample n, by ±h·x_ni. What follows from it for
that unit and sample is the same for all i: its y and slope g, and the sums m_k over the classes
(see `nudgegrad.gradient.kernels.output`). So they are taken once, and the sample's non-zero inputs
pushed through them one after another, the innermost loop. Zero inputs move nothing, and are left
out.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.gradient.kernels.elementwise import LARGEST_NUDGE
from nudgegrad.gradient.kernels.jit import compile_kernel
from nudgegrad.gradient.kernels.output import TERMS, bound, moments, relative_change, shares
from nudgegrad.gradient.kernels.sparse import SparseRows
from nudgegrad.gradient.kernels.threads import in_parallel
from nudgegrad.gradient.kernels.units import Tail, tail, unit_slopes
from nudgegrad.gradient.trace import Trace
from nudgegrad.layers import Affine, ReLU, Tanh

__all__ = ["affine_gradient"]

Floats = NDArray[Any]

UNITS = 8  # to a block
NONE, RATIONAL, RECTIFIED = 0, 1, 2  # rules of an activation


def affine_gradient(
    trace: Trace, k: int, h: float, advance: Callable[[int], None]
) -> dict[str, Floats] | None:
    """Return the gradients of an affine layer's weights and biases.

    None if no kernel fits the rest of the network, or a nudge is beyond the kernels' bounds.

    Parameters
    ----------
    trace
        The batch's forward pass, with kernels.
    k
        The layer's place.
    h
        The nudge.
    advance
        Called with the number of loss evaluations of each part that is done.
    """
    rest = tail(trace, k + 1)
    if rest is None or type(trace.layers[k]) is not Affine:
        return None
    if rest.end > k + 2 or (rest.end == k + 2 and k + 1 not in trace.slopes):
        return None
    # A nudge of a bias moves its unit by as much in every sample, as that of a node does in one.
    by_unit = unit_slopes(trace, k + 1, h)
    if by_unit is None:
        return None
    by_weight = _by_weight(trace, k, rest, h, advance)
    if by_weight is None:
        return None
    advance(2 * by_unit.shape[1])
    return {"W": by_weight, "b": by_unit.sum(axis=0)}


def _by_weight(
    trace: Trace, k: int, rest: Tail, h: float, advance: Callable[[int], None]
) -> Floats | None:
    """Return the gradient of W, (features, units)."""
    end, weights, epsilon = rest
    x, sums = trace.activations[k], trace.activations[k + 1]
    if not isinstance(x, SparseRows):
        x = SparseRows.from_dense(x)
    p, t = trace.output, trace.targets
    layer = trace.layers[k + 1] if end > k + 1 else None
    y, g = (trace.activations[k + 2], trace.slopes[k + 1]) if layer else (sums, sums[:0])
    samples, units = sums.shape
    real = p.dtype.type
    moves = x.values * real(h)
    if moves.size and not float(np.abs(moves).max()) <= LARGEST_NUDGE:
        return None
    rule = NONE if layer is None else RECTIFIED if type(layer) is ReLU else RATIONAL
    up, down = moves, -moves
    if rule == RATIONAL:
        of_nudge = np.tanh if type(layer) is Tanh else np.expm1
        up, down = of_nudge(up), of_nudge(down)
    sizes = np.maximum(np.abs(up), np.abs(down))
    widest = weights.max(axis=1) - weights.min(axis=1)
    largest = 4 / 3 * float(g.max()) if rule == RATIONAL else 1.0
    reach = float(largest * sizes.max(initial=0) * widest.max())
    if not reach <= bound(p.dtype):
        return None
    m = np.empty((samples, TERMS[p.dtype], units), p.dtype)
    _all_moments(np.ascontiguousarray(weights.T), p, t, m)
    out = np.zeros((units, x.shape[1]), p.dtype)

    def block(start: int) -> None:
        stop = min(start + UNITS, units)
        _slopes(
            x.starts, x.columns, up, down, sums, y, g, rule, m, p, t, real(epsilon),
            real(1 / (2 * h * samples)), start, stop, out,
        )  # fmt: skip

    starts = range(0, units, UNITS)
    with closing(in_parallel(block, starts, work=2 * x.values.size * units)) as done:
        for start, _ in zip(starts, done, strict=True):
            advance(2 * x.shape[1] * (min(start + UNITS, units) - start))
    return np.ascontiguousarray(out.T)


@compile_kernel
def _all_moments(weights: Floats, p: Floats, t: NDArray[np.int64], m: Floats) -> None:
    for n in range(p.shape[0]):
        moments(weights, p[n], t[n], m[n])


@compile_kernel
def _slopes(
    starts: NDArray[np.uint32], columns: NDArray[np.uint32], up: Floats, down: Floats,
    sums: Floats, y: Floats, g: Floats, rule: int, m: Floats, p: Floats,
    t: NDArray[np.int64], epsilon: Any, factor: Any, first: int, last: int, out: Floats,
) -> None:  # fmt: skip
    """Fill rows `first` to `last` of `out`, (units, features)."""
    one = p.dtype.type(1)
    zero = p.dtype.type(0)
    slopes = np.empty(out.shape[1], p.dtype)
    for n in range(p.shape[0]):
        a, b = shares(p[n, t[n]], epsilon, one)
        start = starts[n]
        count = starts[n + 1] - start
        for j in range(first, last):
            m1, m2, m3 = m[n, 0, j], m[n, 1, j], m[n, 2, j]
            m4, m5 = zero, zero
            if m.shape[1] == 5:
                m4, m5 = m[n, 3, j], m[n, 4, j]
            here, value, slope = sums[n, j], zero, one
            if rule == RATIONAL:
                value, slope = y[n, j], g[n, j]
            for k in range(count):
                u, d = up[start + k], down[start + k]
                if rule == RECTIFIED:
                    u = max(u, -here) if here > zero else max(here + u, zero)
                    d = max(d, -here) if here > zero else max(here + d, zero)
                elif rule == RATIONAL:
                    above, below = one + value * u, one + value * d
                    share = slope / (above * below)
                    u, d = u * below * share, d * above * share
                u = u * (m1 + u * (m2 + u * (m3 + u * (m4 + u * m5))))
                d = d * (m1 + d * (m2 + d * (m3 + d * (m4 + d * m5))))
                slopes[k] = factor * relative_change(u, d, a, b, one)
            for k in range(count):
                out[j, columns[start + k]] += slopes[k]
