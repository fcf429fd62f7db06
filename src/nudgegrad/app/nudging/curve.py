"""The loss along one weight."""

from __future__ import annotations

import math
from collections.abc import Iterable

from nudgegrad.app.nudging.entry import Entry, moved
from nudgegrad.app.nudging.passes import Passes
from nudgegrad.app.nudging.slopes import moves_of
from nudgegrad.gradient.propagate import propagate_rows

__all__ = ["clip_line", "loss_along", "propagated_loss_along"]


def loss_along(passes: Passes, entry: Entry, offsets: Iterable[float]) -> list[tuple[float, float]]:
    """Return (s, L(w + s)) for each offset s, each by a forward pass.

    Parameters
    ----------
    passes
        Their network is nudged in place and restored.
    entry
        The weight w.
    offsets
        In the order of the result.
    """
    points = []
    for s in offsets:
        with moved(passes.network, entry, s):
            points.append((float(s), passes.loss(entry)))
    return points


def propagated_loss_along(
    passes: Passes, entry: Entry, offsets: Iterable[float]
) -> list[tuple[float, float]]:
    """Return the same by propagating the change that each offset makes: fast in large networks.

    Differences are exact for offsets of any size, so only the rounding is another one.
    """
    trace = passes.trace
    moving = moves_of(trace, entry, entry.layer(passes.network))
    loss = trace.loss_value()

    def change(s: float) -> float:
        return float(propagate_rows(trace, moving.k, s * moving.moves, units=moving.units).mean())

    return [(float(s), loss + change(s)) for s in offsets]


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
