"""Trainings as files to download: figures and a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from nudgegrad.app import runs
from nudgegrad.app.colours import METHOD_COLOURS, colour
from nudgegrad.app.track import Track
from nudgegrad.app.train.curves import (
    HELD_OUT,
    from_first_step,
    holds_out,
    loss_points,
    measured_points,
    seconds_at,
)
from nudgegrad.files import FileError
from nudgegrad.validation import ParameterError

__all__ = ["COLUMNS", "draw_accuracies", "draw_losses", "write_history"]

COLUMNS = (
    "method",
    "iteration",
    "seconds",
    "train_loss",
    "epoch",
    "train_accuracy",
    "test_accuracy",
    "validation_loss",
    "validation_accuracy",
)
AXES = {"iterations": "iterations", "seconds": "seconds of training"}


def draw_losses(tracks: Sequence[Track], by: str) -> Figure:
    """Draw losses: every batch's pale behind the mean, or in a race the means."""
    figure, axes = _axes(by, "training loss")
    for track in tracks:
        own = colour(METHOD_COLOURS[track.method], dark=False)
        if len(tracks) == 1:
            x, y = _columns(loss_points(track, by, smooth=False))
            axes.plot(x, y, color=own, alpha=0.35, linewidth=0.7, label="each mini-batch")
        x, y = _columns(loss_points(track, by, smooth=True))
        axes.plot(x, y, color=own, label=track.method, marker="o" if len(x) < 3 else None)
        if len(tracks) == 1 and holds_out(track):
            x, y = _columns(measured_points(track, "validation_loss", by))
            axes.plot(x, y, color=colour(HELD_OUT, dark=False), label="held out")
    return _finish(figure, axes, logarithmic=len(tracks) > 1 and by == "seconds")


def draw_accuracies(tracks: Sequence[Track], by: str) -> Figure:
    """Draw accuracies, train solid, test dashed."""
    figure, axes = _axes(by, "accuracy")
    logarithmic = len(tracks) > 1 and by == "seconds"
    for track in tracks:
        own = colour(METHOD_COLOURS[track.method], dark=False)
        for part, line in (("train", "-"), ("test", "--")):
            points = measured_points(track, f"{part}_accuracy", by)
            x, y = _columns(from_first_step(track, points) if logarithmic else points)
            label = f"{track.method}, {part}"
            mark = "o" if len(x) < 3 else None
            axes.plot(x, y, line, color=own, label=label, marker=mark)
        if len(tracks) == 1 and holds_out(track):
            x, y = _columns(measured_points(track, "validation_accuracy", by))
            axes.plot(x, y, color=colour(HELD_OUT, dark=False), label="held out")
    axes.set_ylim(0, 1)
    return _finish(figure, axes, logarithmic=logarithmic)


def write_history(folder: Path, tracks: Sequence[Track]) -> str:
    """Return trainings as a CSV table, a row an iteration.

    Every iteration is there once a training has ended and its run is kept; before that, those
    that are drawn. Seconds between two readings of the clock are interpolated.

    Parameters
    ----------
    folder
        Of all runs.
    tracks
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for track in tracks:
        losses = dict(_losses(folder, track))
        records = {record.iteration: record for record in track.epochs}
        iterations = sorted({*losses, *records})
        for iteration, second in zip(iterations, seconds_at(track, iterations), strict=True):
            record = records.get(iteration)
            found = [getattr(record, column) for column in COLUMNS[4:]] if record else []
            row = [track.method, iteration, f"{second:.6g}", losses.get(iteration), *found]
            writer.writerow([*row, *[None] * (len(COLUMNS) - len(row))])
    return text.getvalue()


def _losses(folder: Path, track: Track) -> list[tuple[int, float | None]]:
    if track.ended and track.run is not None:
        try:
            history = runs.read_run_history(runs.find_run(folder, track.run))
        except (FileError, ParameterError, OSError):
            pass  # the run was deleted: what is drawn is still there
        else:
            if history.iterations == track.iterations:
                return list(enumerate(history.train_loss, 1))
    return [(int(x), y) for x, y in track.losses.points()]


def _columns(points: Sequence[tuple[float, float | None]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [float("nan") if y is None else y for _, y in points]


def _axes(by: str, ylabel: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(6.4, 4.4), dpi=150, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.grid(alpha=0.25)
    axes.set(xlabel=AXES[by], ylabel=ylabel)
    return figure, axes


def _finish(figure: Figure, axes: Axes, *, logarithmic: bool) -> Figure:
    if logarithmic and any(np.size(line.get_xdata()) for line in axes.lines):
        axes.set_xscale("log")
    axes.legend()
    return figure
