"""Figures, drawn without pyplot: no window, no global state."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from nudgegrad.files import write_atomically
from nudgegrad.validation import ParameterError

__all__ = [
    "check_figure_file",
    "plot_accuracy",
    "plot_bars",
    "plot_comparison",
    "plot_loss",
    "plot_samples",
    "save_figure",
]


def plot_accuracy(
    epochs: Sequence[float], train: Sequence[float | None], test: Sequence[float | None]
) -> Figure:
    """Draw the lesson's plot: train accuracy solid, test dashed, epochs against accuracy."""
    figure, axes = _axes()
    # The start and the end stand out from the line where there are only these two.
    marker = "o" if len(epochs) < 3 else None
    axes.plot(epochs, _gaps(train), label="train acc", marker=marker)
    axes.plot(epochs, _gaps(test), label="test acc", linestyle="--", marker=marker)
    axes.set(xlabel="epochs", ylabel="accuracy", ylim=(0, 1))
    axes.legend(loc="lower right")
    return figure


def plot_loss(train_loss: Sequence[float]) -> Figure:
    """Draw the loss of every batch, and its running mean where there are enough of them."""
    figure, axes = _axes()
    losses = np.asarray(train_loss, dtype=float)
    iterations = np.arange(1, len(losses) + 1)
    window = max(1, len(losses) // 100)
    axes.plot(iterations, losses, label="each batch", linewidth=0.6, alpha=0.4 if window > 1 else 1)
    if window > 1:
        means = np.convolve(losses, np.full(window, 1 / window), mode="valid")
        middle = iterations[window // 2 :][: len(means)]
        axes.plot(middle, means, color="C0", label=f"mean of {window}")
    axes.set(xlabel="iterations", ylabel="training loss")
    if not (losses < 0).any():
        axes.set_ylim(bottom=0)
    axes.legend(loc="upper right")
    return figure


def plot_comparison(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]], *, xlabel: str, ylabel: str
) -> Figure:
    """Draw one line a name: name → (x, y). Lines that coincide stay visible by their dashes."""
    figure, axes = _axes()
    for place, (name, (x, y)) in enumerate(curves.items()):
        width = 1.2 + 1.6 * (len(curves) - 1 - place)  # the first ones wider, beneath the others
        axes.plot(x, y, label=name, linewidth=width, linestyle=("-", "-", "--", ":")[place % 4])
    axes.set(xlabel=xlabel, ylabel=ylabel)
    axes.legend()
    return figure


def plot_bars(values: Mapping[str, float], *, xlabel: str) -> Figure:
    """Draw a bar a name on a logarithmic scale, the first on top, with its value beside it."""
    figure, axes = _axes()
    bars = axes.barh(list(values), list(values.values()), log=True)
    axes.bar_label(bars, fmt="{:.2g}", padding=4)
    axes.invert_yaxis()
    axes.margins(x=0.2)
    axes.set(xlabel=xlabel)
    return figure


def plot_samples(
    images: NDArray[Any], labels: NDArray[Any], columns: int = 20,
    cell: tuple[float, float] = (0.5, 0.68),
) -> Figure:  # fmt: skip
    """Draw a contact sheet: images (samples, height, width) with their labels below.

    Parameters
    ----------
    images, labels
        What to draw, and what to write.
    columns
        Images in a row.
    cell
        Width and height in inches of an image and its label together.
    """
    wide, high = cell
    rows = -(-len(images) // columns)
    figure = Figure(figsize=(wide * columns, high * rows))
    FigureCanvasAgg(figure)
    # All in one system of coordinates: a subplot for each would take a minute for a thousand.
    axes = figure.add_axes((0, 0, 1, 1))
    for place, (image, label) in enumerate(zip(images, labels, strict=True)):
        x, y = (place % columns + 0.5) * wide, place // columns * high
        height, width = (0.46 * wide * side / max(image.shape) for side in image.shape)
        middle = y + 0.5 * wide
        axes.imshow(
            image, cmap="gray_r", extent=(x - width, x + width, middle + height, middle - height)
        )
        axes.text(x, y + wide, str(label), fontsize=7, ha="center", va="top")
    axes.set(xlim=(0, wide * columns), ylim=(high * rows, 0), aspect="equal")
    axes.set_axis_off()
    return figure


def save_figure(figure: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure, whole or not at all, in the format that the suffix names.

    Raises
    ------
    ParameterError
        If the suffix names no format that matplotlib writes.
    """
    suffix = check_figure_file(path)
    with write_atomically(path) as stream, np.errstate(over="ignore"):
        figure.savefig(stream, format=suffix, dpi=120)


def check_figure_file(path: str | os.PathLike[str]) -> str:
    """Return the format that a file's suffix names, or raise."""
    suffix = Path(path).suffix.removeprefix(".").lower()
    formats = FigureCanvasAgg.get_supported_filetypes()
    if suffix not in formats:
        raise ParameterError(f"a figure's file must end in {', '.join(formats)}, got {path}")
    return suffix


def _axes() -> tuple[Figure, Any]:
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.grid(alpha=0.25)
    return figure, axes


def _gaps(values: Sequence[float | None]) -> list[float]:
    return [float("nan") if value is None else value for value in values]
