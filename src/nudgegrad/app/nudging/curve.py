"""The loss along one weight."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from numpy.typing import NDArray

from nudgegrad.app.nudging.entry import Entry, moved
from nudgegrad.gradient.propagate import propagate_rows
from nudgegrad.gradient.trace import make_trace
from nudgegrad.network import Network

__all__ = ["clip_line", "loss_along", "propagated_loss_along"]


def loss_along(
    network: Network, x: NDArray[Any], t: NDArray[Any], entry: Entry, offsets: Iterable[float]
) -> list[tuple[float, float]]:
    """Return (s, L(w + s)) for each offset s, each by a whole forward pass.

    Parameters
    ----------
    network
        Nudged in place and restored.
    x, t
        The mini-batch.
    entry
        The weight w.
    offsets
        In the order of the result.
    """
    points = []
    for s in offsets:
        with moved(network, entry, s):
            points.append((float(s), network.loss(x, t)))
    return points


def propagated_loss_along(
    network: Network, x: NDArray[Any], t: NDArray[Any], entry: Entry, offsets: Iterable[float]
) -> list[tuple[float, float]]:
    """Return the same by propagating the change that each offset makes: fast in large networks.

    Differences are exact for offsets of any size, so only the rounding is another one.
    """
    trace, k = make_trace(network.layers, network.loss_function, x, t), entry.layer(network)
    moves, units = entry.moves(network.layers, trace.activations[k])
    loss = trace.loss_value()
    return [
        (float(s), loss + float(propagate_rows(trace, k + 1, s * moves, units=units).mean()))
        for s in offsets
    ]


def clip_line(
    at: tuple[float, float], slope: float, x_range: tuple[float, float],
    y_range: tuple[float, float],
) -> list[tuple[float, float]]:  # fmt: skip
    """Return the two ends of a line through a point within a frame, none where it misses it.

    A steep tangent would otherwise stretch the frame until the curve is flat in it.
    """
    x0, y0 = at
    low, high = x_range
    if not math.isfinite(slope) or not math.isfinite(y0):
        return []
    if slope:
        ends = sorted(x0 + (y - y0) / slope for y in y_range)
        low, high = max(low, ends[0]), min(high, ends[1])
    elif not y_range[0] <= y0 <= y_range[1]:
        return []
    if low > high:
        return []
    return [(x, y0 + slope * (x - x0)) for x in (low, high)]
