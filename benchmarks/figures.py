"""Bars from zero."""

from __future__ import annotations

from collections.abc import Mapping

from matplotlib.figure import Figure

from nudgegrad.plotting import plot_bars

__all__ = ["linear_bars"]


def linear_bars(values: Mapping[str, float], *, xlabel: str) -> Figure:
    """Draw a bar a name from zero, where `plot_bars` has a logarithmic scale."""
    figure = plot_bars(values, xlabel=xlabel)
    axes = figure.axes[0]
    axes.set_xscale("linear")
    axes.set_xlim(0, 1.15 * max(values.values()))
    return figure
