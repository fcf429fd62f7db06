"""A report as a picture: claimed against numeric, and a map of the errors."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import ListedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, MaxNLocator, NullLocator
from numpy.typing import NDArray

from nudgegrad.checker.report.content import printable
from nudgegrad.checker.verdict import Verdict

if TYPE_CHECKING:
    from nudgegrad.checker.report import ParameterCheck, Report

__all__ = ["plot_report"]

Array = NDArray[Any]

POINTS = 20_000
MAPS = 6
CELLS = 200  # along a side of a map
MARKED = 40  # wrong entries of one map that are circled
FAR = 1e4
# Told apart by the colour-blind, by their shape too, and on white as on black.
LOOKS = {
    Verdict.OK: ("#2b83ba", "o", 8),
    Verdict.UNRESOLVED: ("#8c8c8c", "s", 12),
    Verdict.NOISY: ("#e69f00", "^", 16),
    Verdict.KINK: ("#cc79a7", "D", 14),
    Verdict.WRONG: ("#d7191c", "X", 34),
}


def plot_report(report: Report, *, dark: bool = False) -> Figure:
    """Draw a report.

    Parameters
    ----------
    report
        The report.
    dark
        Whether the figure is for a dark page.
    """
    figure = Figure(figsize=(11, 5), layout="constrained")
    FigureCanvasAgg(figure)
    checks = _worst_parameters(report)
    if not checks:
        axes = figure.add_subplot()
        axes.text(0.5, 0.5, report.outcome, ha="center", va="center", parse_math=False)
        axes.set_axis_off()
    else:
        halves: Any = figure.subfigures(1, 2, width_ratios=(1, 1.15))
        left, right = halves
        _scatter(left.add_subplot(), report)
        _maps(right, checks)
    _colour(figure, dark)
    return figure


def _worst_parameters(report: Report) -> list[ParameterCheck]:
    def rank(check: ParameterCheck) -> tuple[bool, bool, float]:
        ratio = check.ratio[check.checked]
        largest = np.max(ratio, initial=-1.0, where=~np.isnan(ratio))
        bad = check.counts["wrong"] > 0 or check.not_finite > 0
        return bad, bool(check.unverified.any()), float(largest)

    checks = [check for check in report.parameters.values() if check.checked.any()]
    chosen = sorted(checks, key=rank, reverse=True)[:MAPS]
    return [check for check in checks if check in chosen]  # in their own order


def _scatter(axes: Any, report: Report) -> None:
    checks = report.parameters.values()
    analytic, numeric, verdict = (
        np.concatenate([getattr(check, name).ravel() for check in checks])
        for name in ("analytic", "numeric", "verdict")
    )
    checked = verdict != Verdict.UNCHECKED
    drawn = checked & np.isfinite(analytic) & np.isfinite(numeric)
    lost = int(np.sum(checked & ~drawn))
    values = np.concatenate([analytic[drawn], numeric[drawn]])
    low, high = (values.min(), values.max()) if values.size else (-1.0, 1.0)
    _scale(axes, values)
    axes.axline((0, 0), (1, 1), color="0.5", linewidth=0.8, zorder=0, transform=axes.transData)
    margin = 0.05 * (high - low) or 0.1 * abs(high) or 1.0
    if axes.get_xscale() == "linear":
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.yaxis.set_major_locator(MaxNLocator(5))
        axes.set(xlim=(low - margin, high + margin), ylim=(low - margin, high + margin))
    else:
        axes.set(xlim=_wider(low, high), ylim=_wider(low, high))
    drawn &= _thinned(verdict, drawn)
    for kind, (colour, marker, size) in LOOKS.items():
        points = drawn & (verdict == kind)
        number = report.counts[str(kind)]
        if number:
            axes.scatter(
                numeric[points], analytic[points], c=colour, marker=marker, linewidths=0,
                s=size if points.sum() < 300 else min(size, 14),
                label=f"{kind} {number:,}", rasterized=bool(points.sum() > 2000),
                alpha=0.6 if kind == Verdict.OK else 1.0,
            )  # fmt: skip
    title = "every entry, claimed against numeric"
    axes.set_title(f"{title}; {lost:,} not finite" if lost else title, fontsize=10)
    axes.set(xlabel="numeric", ylabel="claimed")
    axes.set_box_aspect(1)
    axes.grid(alpha=0.25)
    axes.tick_params(labelsize=8)
    axes.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=5, fontsize=8, markerscale=1.5,
        frameon=False, handletextpad=0.1, columnspacing=1.2,
    )  # fmt: skip


def _scale(axes: Any, values: Array) -> None:
    """Choose a logarithmic scale on both sides of zero where a linear one would hide most."""
    sizes = np.abs(values[values != 0])
    if sizes.size < 3 or sizes.max() < 300 * np.median(sizes):
        return
    linear = max(float(np.quantile(sizes, 0.1)), float(sizes.max()) * 1e-8)
    # Matplotlib's own ticks for this scale run into each other beside zero.
    lowest, highest = math.ceil(math.log10(linear)) + 1, math.floor(math.log10(sizes.max()))
    step = max(1, -(-(highest - lowest) // 2))
    decades = [10.0**power for power in range(highest, lowest - 1, -step)]
    ticks = [-decade for decade in decades] + [0.0] + decades
    for axis, name in ((axes.xaxis, "x"), (axes.yaxis, "y")):
        getattr(axes, f"set_{name}scale")("symlog", linthresh=linear, linscale=0.5)
        axis.set_major_locator(FixedLocator(ticks))
        axis.set_minor_locator(NullLocator())


def _wider(low: float, high: float) -> tuple[float, float]:
    return low * (1.5 if low < 0 else 0.67), high * (1.5 if high > 0 else 0.67)


def _thinned(verdict: Array, drawn: Array) -> Array:
    """Keep a sample of the points, but every wrong one."""
    keep = np.ones(verdict.size, dtype=bool)
    others = np.flatnonzero(drawn & (verdict != Verdict.WRONG))
    if others.size > POINTS:
        keep[others] = False
        keep[np.random.default_rng(0).choice(others, POINTS, replace=False)] = True
    return keep


def _maps(figure: Any, checks: list[ParameterCheck]) -> None:
    largest = max(
        float(np.max(ratio, initial=10.0, where=np.isfinite(ratio)))
        for ratio in (check.ratio[check.checked] for check in checks)
    )
    far = min(largest, FAR)
    norm = LogNorm(1 / far, far, clip=True)
    columns = 1 if len(checks) == 1 else 2
    grid = figure.subplots(-(-len(checks) // columns), columns, squeeze=False)
    for axes in grid.ravel()[len(checks) :]:
        axes.set_axis_off()
    used = list(grid.ravel()[: len(checks)])
    for axes, check in zip(used, checks, strict=True):
        image = _map(axes, check, norm, width=70 // columns)
    bar = figure.colorbar(image, ax=grid, shrink=0.8)
    label = "|claimed − numeric|, in tolerances"
    if any(check.unverified.any() for check in checks):
        label += "; amber: not verified"
    bar.set_label(label, fontsize=9)


def _map(axes: Any, check: ParameterCheck, norm: LogNorm, width: int) -> Any:
    # Zero has no logarithm, and the map's darkest blue will do; infinite is as far as it goes.
    ratio = np.clip(np.nan_to_num(check.ratio, nan=0.0, posinf=norm.vmax), norm.vmin, norm.vmax)
    ratio = _as_matrix(np.where(check.checked, ratio, np.nan))
    rows, columns = ratio.shape
    layout: Any = {"aspect": "auto", "interpolation": "nearest",
                   "extent": (-0.5, columns - 0.5, rows - 0.5, -0.5)}  # fmt: skip
    image = axes.imshow(_pooled(ratio), norm=norm, cmap="RdBu_r", **layout)
    if check.unverified.any():  # how near such an entry is to the claim says nothing
        unverified, wrong_too = (
            _pooled(_as_matrix(np.where(chosen, 1.0, np.nan)))
            for chosen in (check.unverified, check.verdict == Verdict.WRONG)
        )
        amber = ListedColormap([LOOKS[Verdict.NOISY][0]])
        axes.imshow(np.where(np.isnan(wrong_too), unverified, np.nan), cmap=amber, **layout)
    wrong = np.argwhere(_as_matrix(check.verdict) == Verdict.WRONG)
    if len(wrong) <= MARKED and max(ratio.shape) > 20:
        axes.scatter(
            wrong[:, 1], wrong[:, 0], s=60, facecolors="none", edgecolors=LOOKS[Verdict.WRONG][0]
        )
        axes.set(xlim=(-0.5, columns - 0.5), ylim=(rows - 0.5, -0.5))
    shape = "×".join(str(length) for length in check.verdict.shape) or "scalar"
    title = textwrap.fill(f"{printable(check.name)}  {shape}", width, replace_whitespace=False)
    axes.set_title(title, fontsize=9, parse_math=False)
    axes.tick_params(labelsize=7)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.yaxis.get_major_locator().set_params(integer=True)
    if rows == 1:
        axes.set_box_aspect(0.12)
        axes.set_yticks([])
    if columns == 1:
        axes.set_xticks([0])
    axes.set_facecolor("0.6")  # what was not checked
    return image


def _as_matrix(array: Array) -> Array:
    """Lay an array of any number of axes out in two: the first, and all others."""
    return array.reshape(1, -1) if array.ndim < 2 else array.reshape(len(array), -1)


def _pooled(matrix: Array) -> Array:
    """Take the largest of each block, so that no entry vanishes between two pixels."""
    for axis in (0, 1):
        step = -(-matrix.shape[axis] // CELLS)
        if step > 1:
            starts = np.arange(0, matrix.shape[axis], step)
            matrix = np.fmax.reduceat(matrix, starts, axis=axis)
    return matrix


def _colour(figure: Figure, dark: bool) -> None:
    if not dark:
        return
    figure.set_facecolor("#16181c")
    texts: Any = figure.findobj(Text)
    for text in texts:
        text.set_color("#dcdcdc")
    drawn: Any = figure.findobj(Axes)
    for axes in drawn:
        if axes.get_facecolor() == (1.0, 1.0, 1.0, 1.0):
            axes.set_facecolor("#1e2126")
        axes.tick_params(colors="#dcdcdc")
        for spine in axes.spines.values():
            spine.set_color("#888888")
        legend = axes.get_legend()
        if legend is not None:
            legend.get_frame().set(facecolor="#1e2126", edgecolor="#888888")
