"""The slope of the loss by one weight: two losses subtracted, propagated, and by backprop."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.app.nudging.entry import Entry
from nudgegrad.app.nudging.passes import Passes
from nudgegrad.differentiate import central_differences
from nudgegrad.gradient.propagate import (
    nudges_per_block,
    propagate,
    propagate_rows,
    quotient,
    slices,
)
from nudgegrad.gradient.trace import Trace
from nudgegrad.validation import ParameterError, check_choice

__all__ = [
    "Moves", "Slopes", "measure", "moves_of", "propagated_slope", "relative_error", "secant_slope",
]  # fmt: skip


@dataclass(frozen=True)
class Slopes:
    """What a nudge by ±h says of a weight.

    Attributes
    ----------
    h : float
    loss, upper, lower : float
        L(w), L(w + h), L(w − h).
    secant : float
        `nudgegrad.differentiate.central_differences`; NaN where h is too small for the dtype.
    weight, node : float
        The propagated slopes, as the methods of these names compute them.
    backprop : float
    """

    h: float
    loss: float
    upper: float
    lower: float
    secant: float
    weight: float
    node: float
    backprop: float

    def error(self, way: str) -> float:
        """Return the relative error of ``"secant"``, ``"weight"`` or ``"node"``."""
        return relative_error(getattr(self, way), self.backprop)

    @property
    def truncation(self) -> float:
        """How far the propagated secant is from the tangent: nearly no rounding is in it."""
        return self.error("weight")

    @property
    def rounding(self) -> float:
        """How far the plain secant is from the propagated one: the same secant, but for rounding.

        Like `truncation` it is relative to the tangent's slope.
        """
        return abs(self.secant - self.weight) / abs(self.backprop) if self.backprop else math.nan

    @property
    def verdict(self) -> str:
        """What limits h: ``"truncation"``, ``"rounding"``, ``"both"``, ``"stuck"``, ``"flat"``."""
        if math.isnan(self.secant):
            return "stuck"
        if not self.backprop:
            return "flat"
        if self.truncation > 10 * self.rounding:
            return "truncation"
        return "rounding" if self.rounding > 10 * self.truncation else "both"


def measure(passes: Passes, entry: Entry, h: float) -> Slopes:
    """Return what a nudge by ±h says of an entry of a network.

    The network is nudged in place and restored.
    """
    moves = moves_of(passes.trace, entry, entry.layer(passes.network))
    secant, upper, lower = secant_slope(passes, entry, h)
    return Slopes(
        h=h,
        loss=passes.trace.loss_value(),
        upper=upper,
        lower=lower,
        secant=secant,
        weight=propagated_slope(passes.trace, moves, h, "weight"),
        node=propagated_slope(passes.trace, moves, h, "node"),
        backprop=float(passes.gradient[entry.name][entry.index]),
    )


def secant_slope(passes: Passes, entry: Entry, h: float) -> tuple[float, float, float]:
    """Return the library's own plain slope, and the two losses that it was made from.

    The slope is NaN where w + h and w − h are one number.
    """
    losses: list[float] = []

    def loss(_: NDArray[Any]) -> float:
        losses.append(passes.loss(entry))
        return losses[-1]

    array = passes.network.params[entry.name]
    try:
        ((_, slope),) = central_differences(loss, array, h, [entry.index])
    except ParameterError:
        slope = math.nan
    return float(slope), losses[0], losses[1]


@dataclass(frozen=True)
class Moves:
    """How a nudge of 1 of an entry moves the outputs of its layer.

    Attributes
    ----------
    k
        The place of what moves among the activations.
    moves, units
        As of `Entry.moves`.
    """

    k: int
    moves: NDArray[Any]
    units: slice


def moves_of(trace: Trace, entry: Entry, k: int) -> Moves:
    """Return how an entry of layer k moves that layer's outputs."""
    return Moves(k + 1, *entry.moves(trace.layers, trace.activations[k]))


def propagated_slope(trace: Trace, moving: Moves, h: float, method: str) -> float:
    """Return the slope that the method weight or node gives for one entry.

    The library computes whole gradients; this is what it does for the one entry.
    """
    check_choice("method", method, ("weight", "node"))
    k, moves, units = moving.k, moving.moves, moving.units
    if method == "weight":
        found = quotient(lambda s: propagate_rows(trace, k, s * moves, units=units), h)
        return float(found.slope.sum() / trace.batch_size)
    total = 0.0
    samples, places = moves.shape
    for rows in slices(samples, max(1, nudges_per_block(trace, k) // places)):
        part, ones = trace.take(rows), np.ones_like(moves[rows])

        def push(s: float, part: Trace = part, ones: NDArray[Any] = ones) -> NDArray[Any]:
            return np.asarray(propagate(part, k, s * ones, units))

        total += float((moves[rows] * quotient(push, h).slope).sum())
    return total / trace.batch_size


def relative_error(value: float, true: float) -> float:
    """Return |value − true| / |true|, NaN where `true` is zero."""
    return abs(value - true) / abs(true) if true else math.nan
