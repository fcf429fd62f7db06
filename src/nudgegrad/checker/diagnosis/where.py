"""Where wrong entries lie: the smallest plain place, or condition, that holds them all."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.checker.diagnosis.evidence import SHARE, Evidence
from nudgegrad.checker.diagnosis.finding import NAMES
from nudgegrad.checker.report.content import index_text, listing

__all__ = ["Place", "slices_text", "where"]

Mask = NDArray[np.bool_]
Place = tuple[str, bool]
"""A text with `NAMES` in it, and whether it is plural."""

UNLIKELY = 1000  # ways to choose as many entries: a condition that picks them is no accident


def where(evidence: Evidence) -> Place | None:
    """Return the first description of the wrong entries that is true, or None."""
    for find in FINDERS:
        place = find(evidence)
        if place is not None:
            return place
    return None


def everywhere(evidence: Evidence) -> Place | None:
    """Find that all entries are wrong that could be."""
    if evidence.right.any() or evidence.wrong.size == 1:
        return None if evidence.right.any() else (NAMES, False)
    return (f"every entry of {NAMES}", False) if evidence.wrong.sum() > 1 else None


def alone(evidence: Evidence) -> Place | None:
    """Find one, two or three entries."""
    places = np.argwhere(evidence.wrong)
    if len(places) > 3:
        return None
    texts = [index_text(place) for place in places.tolist()]
    many = len(texts) > 1
    listed = listing(texts)
    return f"{'entries' if many else 'entry'} {listed} of {NAMES} alone", many


def slices(evidence: Evidence) -> Place | None:
    """Find whole rows, columns or slices."""
    wrong = evidence.wrong
    for axis in range(wrong.ndim if wrong.ndim > 1 else 0):
        others = tuple(i for i in range(wrong.ndim) if i != axis)
        touched = wrong.any(axis=others)
        inside = np.broadcast_to(np.expand_dims(touched, others), wrong.shape)
        if touched.all() or not _exactly(evidence, inside):
            continue
        text = slices_text(np.flatnonzero(touched), axis, wrong.ndim)
        if text is not None:
            return f"{text} of {NAMES}", touched.sum() > 1
    return None


def block(evidence: Evidence) -> Place | None:
    """Find a rectangle."""
    places = np.argwhere(evidence.wrong)
    low, high = places.min(axis=0), places.max(axis=0) + 1
    inside = np.zeros(evidence.wrong.shape, dtype=bool)
    inside[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    if inside.all() or not _exactly(evidence, inside):
        return None
    span = ", ".join(f"{a}:{b}" for a, b in zip(low, high, strict=True))
    return f"block [{span}] of {NAMES}", False


def triangle(evidence: Evidence) -> Place | None:
    """Find the diagonal, or a side of it."""
    shape = evidence.wrong.shape
    if len(shape) != 2 or shape[0] != shape[1]:
        return None
    row, column = np.indices(shape)
    for text, inside in (
        ("on the diagonal", row == column),
        ("off the diagonal", row != column),
        ("above the diagonal", row < column),
        ("on and above the diagonal", row <= column),
        ("below the diagonal", row > column),
        ("on and below the diagonal", row >= column),
    ):
        if _exactly(evidence, inside):
            return f"the entries of {NAMES} {text}", True
    return None


def condition(evidence: Evidence) -> Place | None:
    """Find a condition on the parameter's value, or on the slope."""
    wrong = int(evidence.wrong.sum())
    right = int(evidence.right.sum())
    if math.comb(wrong + right, min(wrong, right, 10)) < UNLIKELY:
        return None
    for text, inside in _conditions(evidence):
        if _exactly(evidence, inside):
            return f"the entries of {NAMES} whose {text}", True
    return None


def some(evidence: Evidence) -> Place:
    """Count them."""
    wrong, size = int(evidence.wrong.sum()), evidence.wrong.size
    return f"{wrong:,} of {size:,} entries of {NAMES}", wrong > 1


FINDERS: tuple[Callable[[Evidence], Place | None], ...] = (
    everywhere, alone, slices, triangle, condition, block,
)  # fmt: skip


def slices_text(indices: Sequence[int] | NDArray[Any], axis: int, dimensions: int) -> str | None:
    """Return what some indices along an axis are called, or None if there is no short way."""
    numbers = [int(index) for index in indices]
    steps = {b - a for a, b in pairwise(numbers)}
    if len(numbers) == 1:
        shown = str(numbers[0])
    elif len(numbers) > 3 and len(steps) == 1:
        step = steps.pop()
        shown = f"{numbers[0]} to {numbers[-1]}" + (f" in steps of {step}" if step > 1 else "")
    elif len(numbers) <= 5:
        shown = listing([str(number) for number in numbers])
    else:
        return None
    plural = "s" * (len(numbers) > 1)
    if dimensions == 2:
        return f"{('row', 'column')[axis]}{plural} {shown}"
    if plural:
        return f"slices {shown} along axis {axis}"
    place = [":"] * dimensions
    place[axis] = shown
    return f"slice [{', '.join(place)}]"


def _conditions(evidence: Evidence) -> Iterator[tuple[str, Mask]]:
    value, slope = evidence.value, evidence.numeric
    yield "value is zero", value == 0
    yield "value is negative", value < 0
    yield "value is positive", value > 0
    yield "numeric slope is negative", slope < 0
    yield "numeric slope is positive", slope > 0
    _, inverse, counts = np.unique(value, return_inverse=True, return_counts=True)
    yield "value is tied with another's", (counts[inverse] > 1).reshape(value.shape)
    wrong, right = evidence.wrong, evidence.right
    for name, of in (("value", value), ("value's size", np.abs(value)),
                     ("slope's size", np.abs(slope))):  # fmt: skip
        if not np.isfinite(of[wrong]).all() or not right.any():
            continue
        for word, sign in (("above", 1.0), ("below", -1.0)):
            low, high = np.max(sign * of[right]), np.min(sign * of[wrong])
            if low < high:
                bound = sign * _between(float(low), float(high))
                yield f"{name} is {word} {bound:g}", sign * of > sign * bound


def _between(low: float, high: float) -> float:
    """Return the number with the fewest digits between two."""
    middle = (low + high) / 2
    for digits in range(1, 17):
        short = float(f"{middle:.{digits}g}")
        if low <= short < high:
            return short
    return low


def _exactly(evidence: Evidence, inside: Mask) -> bool:
    """Tell whether the wrong entries lie inside, and no entry there is right."""
    wrong, right = int(evidence.wrong.sum()), evidence.right
    within = int(np.sum(evidence.wrong & inside))
    excused = int(np.sum(right & inside))
    return within >= SHARE * wrong and excused <= (1 - SHARE) * wrong and bool(right.any())
