"""Errors that are one number a row, a column or a slice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.checker.diagnosis.evidence import Context, Evidence
from nudgegrad.checker.diagnosis.finding import IS, Finding

__all__ = ["axis_name", "factor_by_axis", "offset_by_axis"]

Array = NDArray[Any]


def factor_by_axis(evidence: Evidence, context: Context) -> Finding | None:
    """Find a factor of its own for every row, or column, or slice."""
    for axis, others in _axes(evidence):
        weight = np.where(evidence.known, evidence.numeric, 0.0)
        claimed = np.where(evidence.known, evidence.analytic, 0.0)
        size = np.sum(weight * weight, axis=others, keepdims=True)
        c = np.sum(weight * claimed, axis=others, keepdims=True) / np.where(size > 0, size, 1)
        predicted = c * evidence.numeric
        if evidence.explained_by(predicted, np.abs(c)):
            shown = c.ravel()[_touched(evidence, others)]
            text = f"{IS} off by a factor of its own for every {axis_name(axis, c.ndim)}"
            span = f"{shown.min():.3g} to {shown.max():.3g}"
            hint = "is a scale or a mask missing on one side?"
            return Finding(f"{text}, {span}: {hint}", predicted, np.abs(c))
    return None


def offset_by_axis(evidence: Evidence, context: Context) -> Finding | None:
    """Find a constant of its own for every row, or column, or slice."""
    for axis, others in _axes(evidence):
        off = np.where(evidence.known, evidence.analytic - evidence.numeric, 0.0)
        count = np.sum(evidence.known, axis=others, keepdims=True)
        added = np.sum(off, axis=others, keepdims=True) / np.maximum(count, 1)
        predicted = evidence.numeric + added
        if evidence.explained_by(predicted):
            text = f"{IS} off by a constant of its own for every {axis_name(axis, added.ndim)}"
            return Finding(f"{text}: a mean that only one side subtracts?", predicted)
    return None


def axis_name(axis: int, dimensions: int) -> str:
    """Return what one index along an axis is called."""
    return ("row", "column")[axis] if dimensions == 2 else f"index along axis {axis}"


def _axes(evidence: Evidence) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield axes along which a number an index would be no accident, and the axes beside them."""
    for axis in range(evidence.wrong.ndim):
        others = tuple(i for i in range(evidence.wrong.ndim) if i != axis)
        wrong = np.sum(evidence.wrong, axis=others)
        if others and np.sum(wrong > 0) >= 2 and np.median(wrong[wrong > 0]) >= 3:
            yield axis, others


def _touched(evidence: Evidence, others: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.asarray(evidence.wrong.any(axis=others))
