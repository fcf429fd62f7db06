"""What the tab *Nudge* shows of one weight.

Without a browser: ``entry`` (which weight), ``passes`` (forward passes with a nudge), ``slopes``
(its slope in four ways), ``curve`` (the loss along it), ``errors`` (over h), ``changes`` (what a
nudge changes), ``pictures``, and ``bench``, which puts them together. With one: ``panel``, which
asks the bench, ``plot``, and the files ``view_…``.
"""

from nudgegrad.app.nudging.bench import Bench, Choice, View
from nudgegrad.app.nudging.changes import Changes, Stage, what_changed
from nudgegrad.app.nudging.curve import loss_along
from nudgegrad.app.nudging.entry import Entry, moved
from nudgegrad.app.nudging.errors import ErrorCurves, error_by_h
from nudgegrad.app.nudging.passes import Passes
from nudgegrad.app.nudging.slopes import Slopes, measure

__all__ = [
    "Bench", "Changes", "Choice", "Entry", "ErrorCurves", "Passes", "Slopes", "Stage", "View",
    "error_by_h", "loss_along", "measure", "moved", "what_changed",
]  # fmt: skip
