"""`weight`: every weight nudged up and down, and only what the nudge changes recomputed.

The same numbers as `naive`, to rounding. It assumes that the network is made of layers.
"""

from __future__ import annotations

import itertools
import math
from functools import partial

from nudgegrad.arrays import Array, namespace
from nudgegrad.gradient.propagate import (
    Quotient,
    nudges_per_block,
    propagate,
    propagate_rows,
    quotient,
    slices,
)
from nudgegrad.gradient.trace import Trace
from nudgegrad.monitor import Monitor
from nudgegrad.validation import ParameterError

__all__ = ["weight"]

Arrays = dict[str, Array]


def weight(
    trace: Trace, k: int, h: float, monitor: Monitor, *, error_bars: bool = False
) -> tuple[Arrays, Arrays | None]:
    """Return the gradients of layer k's parameters, and their errors if asked for.

    Parameters
    ----------
    trace
        The batch's forward pass.
    k
        The layer's place in the network.
    h
        The nudge.
    monitor
        Told after every block of nudges.
    error_bars
        Whether to return errors too.

    Returns
    -------
    gradients, errors : dict, and dict or None
        By the layer's own names.
    """
    if trace.kernels:
        from nudgegrad.gradient.kernels.weight import affine_gradient

        gradient = affine_gradient(trace, k, h, monitor.advance)
        if gradient is not None:
            return gradient, None
        trace = trace.dense()
    layer, x = trace.layers[k], trace.activations[k]
    if layer.unit_nudges(x) is not None:
        compute = _unit_by_unit
    elif layer.linear_nudges(x) is not None:
        compute = _by_multiples
    else:
        compute = _layer_anew
    gradients, errors = compute(trace, k, h, monitor, error_bars)
    return gradients, errors if error_bars else None


def _unit_by_unit(
    trace: Trace, k: int, h: float, monitor: Monitor, error_bars: bool
) -> tuple[Arrays, Arrays]:
    """Nudge each parameter where it moves one unit, and propagate from there."""
    layer, x = trace.layers[k], trace.activations[k]
    xp = namespace(x)
    evaluations = 4 if error_bars else 2
    left = evaluations * sum(math.prod(array.shape) for array in layer.params.values())
    rows_of: dict[tuple[str, int | None], tuple[Array, Array]] = {}
    for name, i, rows, moves in layer.unit_nudges(x) or ():
        part = trace
        if trace.mixes_samples(k + 1):
            moves = _put(rows, moves, x.shape[0])
        else:
            part = trace.take(rows)
        rows_of[name, i] = _one_row(part, k + 1, moves, h, error_bars)
        block = evaluations * int(rows_of[name, i][0].shape[0])
        monitor.advance(block)
        left -= block
    if left:  # of the parameters that zero inputs keep from moving anything
        monitor.advance(left)
    gradients: Arrays = {}
    errors: Arrays = {}
    for name, array in layer.params.items():
        whole = rows_of.get((name, None))
        if whole is None:
            zeros = xp.zeros(array.shape[1], dtype=array.dtype)
            found = [rows_of.get((name, i), (zeros, zeros)) for i in range(array.shape[0])]
            whole = (xp.stack([row for row, _ in found]), xp.stack([bar for _, bar in found]))
        gradients[name], errors[name] = whole
    return gradients, errors


def _one_row(part: Trace, k: int, moves: Array, h: float, error_bars: bool) -> tuple[Array, Array]:
    """Return Σ over the samples of the slopes, and of their errors, for a row of parameters."""
    xp = namespace(moves)
    samples, units = part.activations[k].shape
    step = max(1, nudges_per_block(part, k) // samples)
    slopes, bars = [], []
    for chosen in slices(units, step):
        unit_move = moves[:, None] * xp.ones((1, chosen.stop - chosen.start), dtype=moves.dtype)

        def push(s: float, rule: str, units: slice = chosen, move: Array = unit_move) -> Array:
            size = xp.abs(move) if rule == "magnitude" else move
            return propagate(part, k, s * size, units, rule)

        magnitude = partial(push, rule="magnitude") if error_bars else None
        found = quotient(partial(push, rule="difference"), h, magnitude)
        slopes.append(xp.sum(found.slope, axis=0) / part.batch_size)
        bars.append(xp.sum(_error(found), axis=0) / part.batch_size)
    return xp.concat(slopes), xp.concat(bars)


def _put(rows: Array, moves: Array, samples: int) -> Array:
    """Return the moves of all samples, zero where `rows` names none."""
    xp = namespace(moves)
    places = xp.arange(samples, dtype=rows.dtype, device=getattr(rows, "device", None))
    return xp.astype(places[:, None] == rows[None, :], moves.dtype) @ moves


def _by_multiples(
    trace: Trace, k: int, h: float, monitor: Monitor, error_bars: bool
) -> tuple[Arrays, Arrays]:
    """Nudge each parameter where it moves some units by a multiple, and propagate from there."""
    layer, x = trace.layers[k], trace.activations[k]
    xp = namespace(x)
    evaluations = 4 if error_bars else 2
    slopes: dict[str, list[Array]] = {name: [] for name in layer.params}
    bars: dict[str, list[Array]] = {name: [] for name in layer.params}
    for name, units, moves in layer.linear_nudges(x) or ():
        samples, entries, width = moves.shape
        step = max(1, nudges_per_block(trace, k + 1, width) // samples)
        for chosen in slices(entries, step):

            def push(
                s: float, rule: str, move: Array = moves[:, chosen, :], units: slice = units
            ) -> Array:
                size = xp.abs(move) if rule == "magnitude" else move
                return propagate_rows(trace, k + 1, s * size, rule, units)

            magnitude = partial(push, rule="magnitude") if error_bars else None
            found = quotient(partial(push, rule="difference"), h, magnitude)
            slopes[name].append(xp.mean(found.slope, axis=0))
            bars[name].append(xp.mean(_error(found), axis=0))
            monitor.advance(evaluations * (chosen.stop - chosen.start))

    def whole(parts: dict[str, list[Array]]) -> Arrays:
        return {
            name: xp.reshape(xp.concat(rows), layer.params[name].shape)
            for name, rows in parts.items()
        }

    return whole(slopes), whole(bars)


def _layer_anew(
    trace: Trace, k: int, h: float, monitor: Monitor, error_bars: bool
) -> tuple[Arrays, Arrays]:
    """Nudge each parameter in place, run its layer anew, and propagate the change of its output."""
    layer, x, y = trace.layers[k], trace.activations[k], trace.activations[k + 1]
    xp = namespace(x)
    gradients: Arrays = {}
    errors: Arrays = {}
    for name, array in layer.params.items():
        slopes, bars = [], []
        for index in itertools.product(*map(range, array.shape)):

            def change(s: float, array: Array = array, index: tuple[int, ...] = index) -> Array:
                saved = float(array[index])
                try:
                    array[index] = saved + s
                    step = float(array[index]) - saved  # what the dtype makes of s
                    moved = layer.forward(x)
                finally:
                    array[index] = saved
                if step == 0:
                    raise ParameterError(
                        f"h must be large enough to change a parameter, got {h!r}: in "
                        f"{array.dtype}, {saved!r} + h equals {saved!r}; use a larger h or float64"
                    )
                return propagate_rows(trace, k + 1, moved - y) * (s / step)

            sizes = partial(_plain_magnitude, trace, k + 1) if error_bars else None
            found = quotient(change, h, sizes)
            slopes.append(xp.mean(found.slope))
            bars.append(xp.mean(_error(found)))
            monitor.advance(4 if error_bars else 2)
        gradients[name] = xp.reshape(xp.stack(slopes), array.shape)
        errors[name] = xp.reshape(xp.stack(bars), array.shape)
    return gradients, errors


def _plain_magnitude(trace: Trace, k: int, _h: float) -> Array:
    """Return the magnitude of a plain subtraction: that of the outputs, whatever the nudge."""
    return propagate_rows(
        trace, k, namespace(trace.activations[k]).abs(trace.activations[k]), "magnitude"
    )


def _error(found: Quotient) -> Array:
    """Return truncation and rounding together, zeros if they were not asked for."""
    if found.truncation is None:
        return namespace(found.slope).zeros_like(found.slope)
    return found.truncation + found.rounding
