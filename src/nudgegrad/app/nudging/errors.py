"""The error of a slope over h: the V of plain subtraction, and what propagation makes of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.app.nudging.entry import Entry
from nudgegrad.app.nudging.passes import Passes
from nudgegrad.app.nudging.slopes import moves_of, propagated_slope, relative_error, secant_slope
from nudgegrad.data import as_inputs
from nudgegrad.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["DTYPES", "STEPS", "WAYS", "ErrorCurves", "error_by_h"]

STEPS: tuple[float, ...] = tuple(10.0 ** (k / 4) for k in range(-48, -3))
"""From 1e-12 to 1e-1, four to a decade."""
WAYS = ("plain", "propagated")
DTYPES = ("float32", "float64")


@dataclass(frozen=True)
class ErrorCurves:
    """Relative errors over h, of each way in each dtype.

    Attributes
    ----------
    entry : Entry
    true : float
        The slope by backprop in float64, which errors are measured from.
    curves : dict
        (way, dtype) → (h, relative error) points; NaN where there is none.
    """

    entry: Entry
    true: float
    curves: dict[tuple[str, str], list[tuple[float, float]]]

    def csv(self) -> str:
        """Return a table, one line an h."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(["h", *(f"{way} {dtype}" for way, dtype in self.curves)])
        for points in zip(*self.curves.values(), strict=True):
            writer.writerow([f"{points[0][0]:.6g}", *(f"{error:.6g}" for _, error in points)])
        return text.getvalue()

    def figure(self) -> Figure:
        """Draw them."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        figure = Figure(figsize=(7, 4.5))
        FigureCanvasAgg(figure)
        axes = figure.subplots()
        for (way, dtype), points in self.curves.items():
            errors = np.array([error for _, error in points])
            axes.loglog(
                [h for h, _ in points],
                np.where(errors > 0, errors, np.nan),
                label=f"{way}, {dtype}",
                color="C1" if way == "propagated" else "C0",
                linestyle="--" if dtype == "float32" else "-",
            )
        axes.set(xlabel="h", ylabel="relative error", title=str(self.entry))
        axes.legend()
        return figure


def error_by_h(
    network: Network, x: NDArray[Any], t: NDArray[Any], entry: Entry,
    steps: Sequence[float] = STEPS, on_progress: Callable[[int, int], Any] = lambda *_: None,
) -> ErrorCurves:  # fmt: skip
    """Return the relative errors of one entry's slope, measured over h.

    Parameters
    ----------
    network
        Not changed: copies in both dtypes are nudged.
    x, t
        The mini-batch; x as the data set has it.
    entry
        The weight.
    steps
        The nudges h.
    on_progress
        Called with (slopes measured, all of them).
    """
    passes = {d: Passes(network.copy(d), as_inputs(x, d), t) for d in DTYPES}
    true = float(passes["float64"].gradient[entry.name][entry.index])
    curves: dict[tuple[str, str], list[tuple[float, float]]] = {}
    measured = 0
    for dtype, passing in passes.items():
        moves = moves_of(passing.trace, entry, entry.layer(passing.network))
        for way in WAYS:
            curves[way, dtype] = []
            for h in steps:
                if way == "plain":
                    slope = secant_slope(passing, entry, h)[0]
                else:
                    slope = propagated_slope(passing.trace, moves, h, "weight")
                curves[way, dtype].append((h, relative_error(slope, true)))
                measured += 1
                on_progress(measured, len(DTYPES) * len(WAYS) * len(steps))
    return ErrorCurves(entry, true, curves)
