"""Curves of trainings, by iterations or by seconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nudgegrad.app.charts import Line
from nudgegrad.app.colours import METHOD_COLOURS
from nudgegrad.app.track import Track
from nudgegrad.app.train.wording import Translate
from nudgegrad.gradient import METHODS

__all__ = [
    "SCALES",
    "accuracy_curves",
    "accuracy_lines",
    "from_first_step",
    "holds_out",
    "in_order",
    "loss_curves",
    "loss_lines",
    "loss_points",
    "measured_points",
    "seconds_at",
]

SCALES = ("iterations", "seconds")
Points = list[tuple[float, float | None]]
WIDTHS = {"node": 6.0, "backprop": 4.0, "weight": 2.0, "naive": 2.0}
"""Of lines in a race, the lowest first: all methods' curves lie on each other."""
HELD_OUT = 5  # the number of its colour


def in_order(tracks: Mapping[str, Track]) -> list[Track]:
    """Return tracks from the slowest method to the fastest."""
    return [tracks[method] for method in METHODS if method in tracks]


def seconds_at(track: Track, iterations: Sequence[float]) -> list[float]:
    """Return what a track's clock showed after so many iterations, between its marks guessed."""
    marks = [(0, 0.0), *list(track.marks)]
    if len(marks) == 1:
        marks.append((max(1, track.iterations), track.seconds))
    at, clock = zip(*marks, strict=True)
    return [float(second) for second in np.interp(iterations, at, clock)]


def holds_out(track: Track) -> bool:
    """Tell whether a training holds samples out."""
    return track.configuration.validation_fraction > 0


def loss_points(track: Track, by: str, *, smooth: bool) -> Points:
    """Return a loss curve: means of stretches, or every stretch's extremes."""
    points = track.losses.means() if smooth else track.losses.points()
    return _along(track, [(x, None if y is None else float(f"{y:.5g}")) for x, y in points], by)


def measured_points(track: Track, what: str, by: str) -> Points:
    """Return a curve of what records hold, up to now where the weights are still those measured."""
    points = _along(track, track.measured(what, by="iteration"), by)
    still = bool(track.epochs) and track.epochs[-1].iteration == track.iterations
    if by == "seconds" and still and track.seconds > points[-1][0]:
        points.append((_round(track.seconds), points[-1][1]))
    return points


def loss_lines(_: Translate, tracks: Sequence[Track]) -> list[Line]:
    """Return the lines of a chart of losses."""
    if len(tracks) == 1:
        number = METHOD_COLOURS[tracks[0].method]
        return [
            Line("each", _("each mini-batch"), number, faint=True),
            Line(tracks[0].method, _("mean"), number),
            *_held_out(_, tracks[0]),
        ]
    return [Line(m, m, METHOD_COLOURS[m], width=WIDTHS[m]) for m in _layers(tracks)]


def accuracy_lines(_: Translate, tracks: Sequence[Track]) -> list[Line]:
    """Return the lines of a chart of accuracies: train solid, test dashed; test only in a race."""
    if len(tracks) == 1:
        number = METHOD_COLOURS[tracks[0].method]
        return [
            Line("train", _("train"), number),
            Line(tracks[0].method, _("test"), number, dashed=True),
            *_held_out(_, tracks[0]),
        ]
    return [Line(m, m, METHOD_COLOURS[m], dashed=True, width=WIDTHS[m]) for m in _layers(tracks)]


def loss_curves(tracks: Sequence[Track], by: str) -> dict[str, Points]:
    """Return the points of `loss_lines`, by key."""
    curves = {track.method: loss_points(track, by, smooth=True) for track in tracks}
    if len(tracks) == 1:
        curves["each"] = loss_points(tracks[0], by, smooth=False)
        curves.update(_held_out_points(tracks[0], "validation_loss", by))
    return curves


def accuracy_curves(tracks: Sequence[Track], by: str) -> dict[str, Points]:
    """Return the points of `accuracy_lines`, by key."""
    curves = {track.method: measured_points(track, "test_accuracy", by) for track in tracks}
    if len(tracks) == 1:
        curves["train"] = measured_points(tracks[0], "train_accuracy", by)
        curves.update(_held_out_points(tracks[0], "validation_accuracy", by))
    elif by == "seconds":  # its axis is logarithmic
        curves = {track.method: from_first_step(track, curves[track.method]) for track in tracks}
    return curves


def from_first_step(track: Track, points: Points) -> Points:
    """Return points by seconds with the start moved to the first step, where zero cannot be."""
    first = _round(seconds_at(track, [1])[0])
    moved = [(max(x, first), y) for x, y in points]
    return [point for point in moved if point[0] > 0]


def _held_out(_: Translate, track: Track) -> list[Line]:
    return [Line("held", _("held out"), HELD_OUT)] if holds_out(track) else []


def _held_out_points(track: Track, what: str, by: str) -> dict[str, Points]:
    return {"held": measured_points(track, what, by)} if holds_out(track) else {}


def _layers(tracks: Sequence[Track]) -> list[str]:
    methods = [track.method for track in tracks]
    return [method for method in WIDTHS if method in methods]


def _along(track: Track, points: Points, by: str) -> Points:
    if by != "seconds" or not points:
        return points
    seconds = seconds_at(track, [x for x, _ in points])
    return [(_round(second), y) for second, (_, y) in zip(seconds, points, strict=True)]


def _round(second: float) -> float:
    return float(f"{second:.6g}")
