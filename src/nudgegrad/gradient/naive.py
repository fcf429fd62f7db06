"""`naive`: every weight nudged up and down, two whole forward passes each. The lesson's own way.

It assumes nothing but a loss that can be called, and is the oracle of the other three.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate import central_differences, check_nudgeable
from nudgegrad.gradient.propagate import ROUNDINGS
from nudgegrad.gradient.trace import Trace, forward_pass
from nudgegrad.monitor import Monitor

__all__ = ["draw_sample", "naive"]

Arrays = dict[str, NDArray[np.floating]]


def naive(
    trace: Trace,
    parameters: Arrays,
    h: float,
    monitor: Monitor,
    *,
    error_bars: bool = False,
    sampled: dict[str, NDArray[np.bool_]] | None = None,
) -> tuple[Arrays, Arrays | None]:
    """Return the gradient of every parameter, entry by entry.

    Parameters
    ----------
    trace
        The batch's forward pass, of which only the input and the targets are used.
    parameters
        Name → live array, nudged in place and restored.
    h
        The nudge.
    monitor
        Told after every entry.
    error_bars
        Whether to difference with h/2 too and return errors.
    sampled
        Name → mask of the entries to compute, None for all; the others become NaN.

    Returns
    -------
    gradients, errors : dict, and dict or None
    """

    def loss(_: NDArray[np.floating]) -> float:
        output = forward_pass(trace.layers, trace.activations[0])[-1]
        return trace.loss.value(output, trace.targets)

    gradients: Arrays = {}
    errors: Arrays = {}
    for name, array in parameters.items():
        check_nudgeable(f"parameter {name}", array)
        mask = np.ones(array.shape, dtype=bool) if sampled is None else sampled[name]
        gradients[name] = np.full(array.shape, np.nan, dtype=array.dtype)
        errors[name] = np.full(array.shape, np.nan, dtype=array.dtype)
        _fill(gradients[name], loss, array, h, mask, monitor)
        if error_bars:
            half = np.full_like(array, np.nan)
            _fill(half, loss, array, h / 2, mask, monitor)
            roundoff = ROUNDINGS * float(np.finfo(array.dtype).eps) / h * _magnitude(trace)
            errors[name][mask] = 4 / 3 * np.abs(gradients[name] - half)[mask] + roundoff
    return gradients, errors if error_bars else None


def _fill(
    result: NDArray[np.floating],
    loss: Callable[[NDArray[np.floating]], float],
    array: NDArray[np.floating],
    h: float,
    mask: NDArray[np.bool_],
    monitor: Monitor,
) -> None:
    indices = map(tuple, np.argwhere(mask).tolist())
    for index, slope in central_differences(loss, array, h, indices):
        result[index] = slope
        monitor.advance(2)


def _magnitude(trace: Trace) -> float:
    """Return the size of the numbers in a loss: its value, and the outputs it is made from."""
    return abs(trace.loss_value()) + float(np.mean(np.abs(trace.activations[-1]).max(axis=-1)))


def draw_sample(
    parameters: Arrays, sample: int, rng: np.random.Generator
) -> dict[str, NDArray[np.bool_]]:
    """Choose about `sample` entries without replacement, spread over all parameters.

    Every parameter gets its share by size, and at least one entry.
    """
    total = sum(array.size for array in parameters.values())
    masks: dict[str, NDArray[np.bool_]] = {}
    for name, array in parameters.items():
        count = min(array.size, max(1, round(sample * array.size / total)))
        mask = np.zeros(array.size, dtype=bool)
        mask[rng.choice(array.size, count, replace=False)] = True
        masks[name] = mask.reshape(array.shape)
    return masks
