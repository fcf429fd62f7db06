"""Gradients whose values are right, and in the wrong places."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.checker.diagnosis.evidence import SHARE, Context, Evidence
from nudgegrad.checker.diagnosis.finding import IS, NAMES, Finding
from nudgegrad.checker.diagnosis.where import slices_text

__all__ = ["reordered"]

Array = NDArray[Any]


def reordered(evidence: Evidence, context: Context) -> Finding | None:
    """Find a transposition, a reversal, a roll by one or two parts exchanged."""
    orders = zip(_orders(evidence.numeric), _orders(evidence.tolerance), strict=True)
    for (text, predicted), (_, tolerance) in orders:
        if _fits(evidence, predicted, tolerance):
            return Finding(f"{IS} {text}", subject=f"the gradient of {NAMES}")
    return _exchanged(evidence)


def _fits(evidence: Evidence, predicted: Array, tolerance: Array) -> bool:
    wrong = evidence.wrong
    comparable = wrong & np.isfinite(predicted)
    # Of a sample, the entry that belongs here was often not measured; five that fit are enough.
    if comparable.sum() < max(2, min(5.0, SHARE * wrong.sum())) or not evidence.can_tell:
        return False
    residual = np.abs(evidence.analytic - predicted)[comparable]
    limit = 3 * (evidence.tolerance + tolerance)[comparable]
    off = np.abs(evidence.analytic - evidence.numeric)[comparable]
    fits = (residual <= limit + 1e-6 * np.abs(predicted[comparable])) & (residual <= 0.2 * off)
    return bool(fits.mean() >= SHARE)


def _orders(array: Array) -> Iterator[tuple[str, Array]]:
    """Yield an array in the orders that a slip would give it, and what each is called."""
    axes = range(array.ndim)
    for one, other in combinations(axes, 2):
        if array.shape[one] == array.shape[other]:
            text = "transposed" if array.ndim == 2 else f"transposed: axes {one} and {other}"
            yield f"{text} exchanged" if array.ndim > 2 else text, np.swapaxes(array, one, other)
    if array.ndim == 2 and array.shape[0] != array.shape[1]:
        text = "in another memory order: transposed, then reshaped?"
        yield text, array.T.reshape(array.shape)
        yield text, array.ravel().reshape(array.shape, order="F")
    for axis in axes:
        yield f"reversed along axis {axis}", np.flip(array, axis)
    if array.ndim > 1:
        last = (array.ndim - 2, array.ndim - 1)
        text = f"reversed along axes {last[0]} and {last[1]}: is a kernel flipped on one side only?"
        yield text, np.flip(array, last)
        yield "reversed along all axes", np.flip(array)
    for axis in axes:
        for step in (1, -1):
            yield f"rolled by {step:+d} along axis {axis}", np.roll(array, step, axis)


def _exchanged(evidence: Evidence) -> Finding | None:
    """Find two rows, columns or slices that stand in each other's place."""
    for axis in range(evidence.wrong.ndim):
        others = tuple(i for i in range(evidence.wrong.ndim) if i != axis)
        places = np.flatnonzero(evidence.wrong.any(axis=others))
        if places.size != 2:
            continue
        order = np.arange(evidence.wrong.shape[axis])
        order[places] = places[::-1]
        predicted, tolerance = (
            np.take(array, order, axis) for array in (evidence.numeric, evidence.tolerance)
        )
        if _fits(evidence, predicted, tolerance):
            subject = f"{slices_text(places, axis, evidence.wrong.ndim)} of {NAMES}"
            return Finding(f"{IS} in each other's place", subject=subject, plural=True)
    return None
