"""Figures of a network's predictions, to download. Their words are English: fonts differ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nudgegrad.app.gallery import as_grey
from nudgegrad.app.looking import Findings
from nudgegrad.plotting import plot_samples

__all__ = ["plot_by_class", "plot_confusion", "plot_predictions"]

MOST_NUMBERS = 30  # classes whose counts are legible in a cell
SHEET_COLUMNS = 8


def plot_confusion(findings: Findings) -> Figure:
    """Draw the confusion matrix: the colour is the share of the true class, with counts."""
    counts = findings.confusion
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(totals, 1)
    side = 2.4 + 0.42 * min(len(counts), MOST_NUMBERS)
    figure = Figure(figsize=(side + 0.6, side), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    drawn = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    figure.colorbar(drawn, ax=axes, label="share of the true class", shrink=0.85)
    if len(counts) <= MOST_NUMBERS:
        long = max(map(len, findings.names)) > 3
        axes.set_xticks(range(len(counts)), findings.names, rotation=90 if long else 0)
        axes.set_yticks(range(len(counts)), findings.names)
        for (row, column), count in np.ndenumerate(counts):
            if count:
                colour = "white" if shares[row, column] > 0.5 else "black"
                axes.text(column, row, str(count), ha="center", va="center", color=colour,
                          fontsize=7)  # fmt: skip
    axes.set(
        xlabel="predicted", ylabel="true",
        title=f"{findings.data.name}: test accuracy {findings.accuracy:.4f}",
    )  # fmt: skip
    return figure


def plot_by_class(findings: Findings) -> Figure:
    """Draw the accuracy of each class as a bar."""
    classes = findings.by_class()
    figure = Figure(figsize=(6.4, max(2.4, 0.34 * len(classes) + 1)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    shares = [entry.share or 0.0 for entry in classes]
    bars = axes.barh([findings.names[entry.label] for entry in classes], shares)
    texts = ["no samples" if c.share is None else f"{c.share:.4f}" for c in classes]
    axes.bar_label(bars, labels=texts, padding=4)
    axes.invert_yaxis()
    axes.grid(axis="x", alpha=0.25)
    axes.set(xlabel="accuracy", ylabel="class", xlim=(0, 1.15), xticks=np.linspace(0, 1, 6))
    return figure


def plot_predictions(findings: Findings, indices: Sequence[int]) -> Figure:
    """Draw a contact sheet of images: index, true → predicted, and its probability."""
    shape = findings.data.image_shape
    images, labels = [], []
    for found in findings.predictions(indices):
        images.append(as_grey(findings.data.x_test[found.index]).reshape(shape))
        probability = "–" if found.probability is None else f"{found.probability:.4f}"
        true, predicted = findings.names[found.true], findings.names[found.predicted]
        labels.append(f"#{found.index}\n{true} → {predicted}\n{probability}")
    return plot_samples(np.array(images), np.array(labels), SHEET_COLUMNS, cell=(1.1, 1.7))
