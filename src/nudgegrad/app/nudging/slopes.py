"""The slope of the loss by one weight: two losses subtracted, propagated, and by backprop."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.app.nudging.entry import Entry
from nudgegrad.differentiate import central_differences
from nudgegrad.gradient.propagate import (
    nudges_per_block,
    propagate,
    propagate_rows,
    quotient,
    slices,
)
from nudgegrad.gradient.trace import Trace, make_trace
from nudgegrad.network import Network
from nudgegrad.validation import ParameterError, check_choice

__all__ = ["Slopes", "measure", "propagated_slope", "relative_error", "secant_slope"]


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


def measure(network: Network, x: NDArray[Any], t: NDArray[Any], entry: Entry, h: float) -> Slopes:
    """Return what a nudge by ±h says of an entry of a network.

    The network is nudged in place and restored.
    """
    trace = make_trace(network.layers, network.loss_function, x, t)
    secant, upper, lower = secant_slope(network, x, t, entry, h)
    return Slopes(
        h=h,
        loss=trace.loss_value(),
        upper=upper,
        lower=lower,
        secant=secant,
        weight=propagated_slope(trace, entry, entry.layer(network), h, "weight"),
        node=propagated_slope(trace, entry, entry.layer(network), h, "node"),
        backprop=float(network.gradient(x, t)[entry.name][entry.index]),
    )


def secant_slope(
    network: Network, x: NDArray[Any], t: NDArray[Any], entry: Entry, h: float
) -> tuple[float, float, float]:
    """Return the library's own plain slope, and the two losses that it was made from.

    The slope is NaN where w + h and w − h are one number.
    """
    losses: list[float] = []

    def loss(_: NDArray[Any]) -> float:
        losses.append(network.loss(x, t))
        return losses[-1]

    array = network.params[entry.name]
    try:
        ((_, slope),) = central_differences(loss, array, h, [entry.index])
    except ParameterError:
        slope = math.nan
    return float(slope), losses[0], losses[1]


def propagated_slope(trace: Trace, entry: Entry, k: int, h: float, method: str) -> float:
    """Return the slope that the method weight or node gives for one entry of layer k.

    The library computes whole gradients; this is what it does for the one entry.
    """
    check_choice("method", method, ("weight", "node"))
    moves, units = entry.moves(trace.layers, trace.activations[k])
    if method == "weight":
        found = quotient(lambda s: propagate_rows(trace, k + 1, s * moves, units=units), h)
        return float(found.slope.sum() / trace.batch_size)
    total = 0.0
    samples, places = moves.shape
    for rows in slices(samples, max(1, nudges_per_block(trace, k + 1) // places)):
        part, ones = trace.take(rows), np.ones_like(moves[rows])

        def push(s: float, part: Trace = part, ones: NDArray[Any] = ones) -> NDArray[Any]:
            return np.asarray(propagate(part, k + 1, s * ones, units))

        total += float((moves[rows] * quotient(push, h).slope).sum())
    return total / trace.batch_size


def relative_error(value: float, true: float) -> float:
    """Return |value − true| / |true|, NaN where `true` is zero."""
    return abs(value - true) / abs(true) if true else math.nan
