"""What is the matter with wrong entries: patterns of values, from the most specific on."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.checker.diagnosis.axes import factor_by_axis, offset_by_axis
from nudgegrad.checker.diagnosis.evidence import SHARE, Context, Evidence
from nudgegrad.checker.diagnosis.finding import IS, Finding
from nudgegrad.checker.diagnosis.order import reordered
from nudgegrad.checker.diagnosis.symmetric import one_triangle

__all__ = ["what"]

Array = NDArray[Any]
TINY = 1e-5
NEARLY_ALL = 0.9


def what(evidence: Evidence, context: Context) -> Finding | None:
    """Return the first pattern that explains the wrong entries."""
    for find in FINDERS:
        finding = find(evidence, context)
        if finding is not None:
            return finding
    return None


def tiny(evidence: Evidence, context: Context) -> Finding | None:
    """Find errors too small to be a mistake of the formula.

    They are small compared with nearly every entry, and with the largest of all: an ε adds up in an
    entry whose terms cancel.
    """
    off = np.abs(evidence.off)
    sizes = np.maximum(np.abs(evidence.analytic), np.abs(evidence.numeric))
    relative = off / sizes[evidence.wrong]
    small = relative < TINY
    if small.mean() < NEARLY_ALL or not 0 < off.max() < TINY * sizes[evidence.known].max():
        return None
    # As in the table: what is barely outside of its tolerance is off by the bar's error too.
    largest = float(np.max(relative[evidence.telling] if evidence.telling.any() else relative))
    rtol = _power_of_ten(float(relative[small].max()))
    beyond = float(np.max(off - rtol * sizes[evidence.wrong]))
    accepted = f"rtol={rtol:g}" + (f", atol={_power_of_ten(beyond):g}" if beyond > 0 else "")
    usual = float(np.median(relative))
    median = f", {usual:.1e} in the median" if largest > 10 * usual else ""
    return Finding(
        f"{IS} off by a relative error of {largest:.1e} at most{median}: an ε in one of the two, "
        f"or a step in lower precision? {accepted} accepts it"
    )


def _power_of_ten(bound: float) -> float:
    """Return the power of ten above a number."""
    return float(10.0 ** math.ceil(math.log10(bound * 1.0001))) if bound > 0 else 0.0


def zeros(evidence: Evidence, context: Context) -> Finding | None:
    """Find values that were never computed."""
    small = np.abs(evidence.analytic[evidence.wrong]) <= evidence.tolerance[evidence.wrong]
    if not evidence.can_tell or small.mean() < SHARE:
        return None
    exactly = "" if np.all(evidence.analytic[evidence.wrong] == 0) else "about "
    return Finding(
        f"{IS} {exactly}zero and should not be: detached, masked, or never filled in?",
        np.zeros_like(evidence.analytic),
    )


def unused(evidence: Evidence, context: Context) -> Finding | None:
    """Find gradients of what the function does not depend on."""
    small = np.abs(evidence.numeric[evidence.wrong]) <= evidence.tolerance[evidence.wrong]
    if not evidence.can_tell or small.mean() < SHARE:
        return None
    return Finding(
        f"{IS} claimed to matter, though the function does not change with the parameter there: "
        "unused or detached in the function?"
    )


def factor(evidence: Evidence, context: Context) -> Finding | None:
    """Find one factor between claimed and measured."""
    found = _common(evidence, evidence.numeric)
    if found is None:
        return None
    claimed, uncertainty = found
    c, plain = _nearest_plain(claimed, uncertainty, context)
    few = not _varied(evidence.numeric[evidence.wrong])
    if few and (not plain or uncertainty > 1e-4):
        return None  # few or equal entries have a common factor by chance
    predicted = c * evidence.numeric
    if abs(c) < 1e-9 or not evidence.explained_by(predicted, abs(c)):
        return None
    return Finding(f"{IS} {_describe(c, plain, context)}", predicted, abs(c))


def clipped(evidence: Evidence, context: Context) -> Finding | None:
    """Find values that were cut off at ±c."""
    claimed, measured = evidence.analytic[evidence.wrong], evidence.numeric[evidence.wrong]
    bound = float(np.max(np.abs(claimed)))
    within = evidence.known & ~evidence.wrong
    if (
        claimed.size < 3
        or not _varied(measured)
        or np.any(np.abs(evidence.analytic[within]) > bound)
        or not evidence.explained_by(np.clip(evidence.numeric, -bound, bound))
    ):
        return None
    return Finding(f"{IS} cut off at ±{bound:.6g}: are gradients clipped?")


def offset(evidence: Evidence, context: Context) -> Finding | None:
    """Find a constant that was added."""
    added = float(np.median(evidence.off))
    predicted = evidence.numeric + added
    if not _varied(evidence.numeric[evidence.wrong]) or not evidence.explained_by(predicted):
        return None
    return Finding(f"{IS} off by one constant, {added:+.6g}", predicted)


def decay(evidence: Evidence, context: Context) -> Finding | None:
    """Find a penalty on the weights that only one side has."""
    if not np.isfinite(evidence.value).all():
        return None
    for regressor, penalty in (
        (evidence.value, "the parameter's value: weight decay on one side only"),
        (np.sign(evidence.value), "the sign of its value: an L1 penalty on one side only"),
    ):
        found = _common(evidence, regressor, evidence.analytic - evidence.numeric)
        if found is None or not _varied(regressor[evidence.wrong], least=2):
            continue
        strength = found[0]
        predicted = evidence.numeric + strength * regressor
        if _varied(evidence.value[evidence.wrong]) and evidence.explained_by(predicted):
            text = f"{IS} off by {strength:+.6g} × {penalty}, λ = {abs(strength):.6g}?"
            return Finding(text, predicted)
    return None


FINDERS: tuple[Callable[[Evidence, Context], Finding | None], ...] = (
    tiny, one_triangle, zeros, unused, factor, clipped, reordered, offset, decay, factor_by_axis,
    offset_by_axis,
)  # fmt: skip


def _common(
    evidence: Evidence, regressor: Array, response: Array | None = None
) -> tuple[float, float] | None:
    """Return the factor from regressor to response, by the entries that know it best.

    The second number is its relative uncertainty.
    """
    y = (evidence.analytic if response is None else response)[evidence.wrong]
    x, tolerance = regressor[evidence.wrong], evidence.tolerance[evidence.wrong]
    usable = (x != 0) & np.isfinite(y) & np.isfinite(tolerance)
    if usable.sum() < SHARE * x.size:
        return None
    y, x, doubt = y[usable], x[usable], (tolerance / np.where(x == 0, 1, np.abs(x)))[usable]
    best = doubt <= np.median(doubt)
    c = float(np.median(y[best] / x[best]))
    return (c, float(np.median(doubt[best])) / abs(c)) if c and math.isfinite(c) else None


def _varied(values: Array, least: int = 3) -> bool:
    """Tell whether there are so many different values that what fits them all is no accident."""
    return bool(np.unique(np.round(values / (np.max(np.abs(values)) or 1), 6)).size >= least)


def _nearest_plain(c: float, uncertainty: float, context: Context) -> tuple[float, bool]:
    """Return the number that a slip would give, if `c` cannot be told from one; else `c`, False."""
    size = max(abs(c), 1 / abs(c))
    close = max(1e-6, 3 * uncertainty)
    candidates = [float(round(size)), *(math.sqrt(length) for length in context.lengths)]
    for plain in candidates:
        certain = plain < 3 or close * plain < 0.1 or plain in context.lengths
        if abs(size / plain - 1) <= close <= 1e-2 and certain:
            if plain == 1:
                return math.copysign(1.0, c), c < 0
            return math.copysign(plain if abs(c) > 1 else 1 / plain, c), True
    return c, False


def _describe(c: float, plain: bool, context: Context) -> str:
    if c == -1:
        return "of the wrong sign"
    size = max(abs(c), 1 / abs(c))
    shown = f"{size:,.0f}" if size >= 1000 else f"{size:#.{4 if size > 1.01 else 7}g}"
    large = abs(c) > 1
    text = f"{shown}× too {'large' if large else 'small'}"
    if c < 0:
        text += " and of the wrong sign"
    return text + (_reason(round(size, 9), large, context) if plain else "")


def _reason(size: float, large: bool, context: Context) -> str:
    whole = round(size)
    if size == 2:
        lost = "a term counted once that counts twice, or a power's factor 2 lost?"
        return f": {'a doubled term, or a missing 1/2?' if large else lost}"
    if size == whole:
        owner = context.lengths.get(whole)
        where = f" ({whole} is a dimension of {owner})" if owner else ""
        one, other = ("sum", "mean") if large else ("mean", "sum")
        return f": a {one} over {whole} where the loss has a {other}?{where}"
    square = round(size**2)
    return f": a factor √{square} ({square} is a dimension of {context.lengths[square]})?"
