"""Kinks that stem from ties: moving the tied entries together is smooth, and tells.

Where max(a, b) has a = b, a gradient may give the whole slope to either or share it out, and entry
by entry anything between is right. But the shares must add up: moved together, a and b move the
maximum by one. A rule that gives the whole slope to both passes entry by entry and fails here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from nudgegrad.checker.probe import EVALUATIONS, OFFSETS, SIGNIFICANT, measure
from nudgegrad.checker.verdict import Verdict
from nudgegrad.differentiate.evaluate import Evaluator

__all__ = ["wrong_at_ties"]

Array = NDArray[Any]

MOST_GROUPS = 64
"""Groups of tied entries that are looked at."""


class Judged(Protocol):
    """One array's entries, judged one by one."""

    leaf: int
    indices: Array
    analytic: Array
    verdict: NDArray[np.int8]
    noise: float

    @property
    def nudge(self) -> Array:
        """The nudge that each entry's numbers come from."""


def wrong_at_ties(
    evaluate: Evaluator, entries: Sequence[Judged], centre: float
) -> tuple[list[str], int]:
    """Find groups of kinks that are wrong together, and set their verdicts.

    Returns
    -------
    notes, evaluations
    """
    groups: dict[float, list[tuple[Judged, Array]]] = {}
    for part in entries:
        kinks = np.flatnonzero(part.verdict == Verdict.KINK)
        values = evaluate.arrays[part.leaf].flat[part.indices[kinks]]
        for value in np.unique(values):
            groups.setdefault(float(value), []).append((part, kinks[values == value]))
    tied = {
        value: members
        for value, members in groups.items()
        if sum(len(places) for _, places in members) > 1
    }
    notes = []
    used = 0
    for value, members in list(tied.items())[:MOST_GROUPS]:
        used += EVALUATIONS
        h = min(float(part.nudge[places].min()) for part, places in members)
        slope, tolerance = _slope_together(evaluate, members, h, centre)
        if slope is None:
            continue
        claimed = float(sum(part.analytic[places].sum() for part, places in members))
        if abs(claimed - slope) > tolerance:
            for part, places in members:
                part.verdict[places] = Verdict.WRONG
            count = sum(len(places) for _, places in members)
            notes.append(
                f"{count} entries are tied at {value:g}: moved together they have the slope "
                f"{slope:.6g}, but their claimed slopes add up to {claimed:.6g}"
            )
    return notes, used


def _slope_together(
    evaluate: Evaluator, members: list[tuple[Judged, Array]], h: float, centre: float
) -> tuple[float | None, float]:
    """Return the slope along the sum of some entries, None if it bends there too; its tolerance."""
    direction = [np.zeros(array.shape) for array in evaluate.arrays]
    for part, places in members:
        direction[part.leaf].flat[part.indices[places]] = 1.0
    sizes = np.array([h * offset for offset in OFFSETS])
    values = np.asarray(evaluate.along(direction, sizes), dtype=np.float64)[None]
    noise = max(part.noise for part, _ in members)
    seen = measure(values, sizes[None], centre, noise, np.array([h]))
    if seen.bends[0] or not np.isfinite(seen.error[0]):
        return None, 0.0
    scale = sum(float(np.abs(part.analytic[places]).sum()) for part, places in members)
    return float(seen.numeric[0]), SIGNIFICANT * float(seen.noise[0]) + 1e-3 * scale
