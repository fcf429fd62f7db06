"""One training as the page shows it: counters, curves, weights, and what became of it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from nudgegrad.app.protocol import Ended, Progress, Report, SendWeights, Started, Weights
from nudgegrad.app.thinned import Thinned
from nudgegrad.network import Network
from nudgegrad.training.configuration import Configuration
from nudgegrad.training.history import EpochRecord, History
from nudgegrad.validation import check_choice

if TYPE_CHECKING:
    from nudgegrad.app.worker import Worker

__all__ = ["ENDED", "MEASURED", "STATES", "Track"]

STATES = ("starting", "training", "paused", "completed", "stopped", "diverged", "failed")
ENDED = STATES[3:]
MEASURED = ("train_accuracy", "test_accuracy", "validation_accuracy", "validation_loss")
"""What of an `EpochRecord` is drawn."""

WATCHED_SECONDS = 3.0  # after somebody looked at the weights, new ones are still fetched
FETCH_SECONDS = 0.45
MOST_ACCURACIES = 400
MOST_MARKS = 400  # even: so that thinning them keeps the last


class Track:
    """The course of one training, kept up to date by its worker's reports.

    Attributes
    ----------
    method : str
    configuration : Configuration
    state : str
        One of `STATES`. The last four are ends; ``"stopped"`` can be resumed.
    message : str
        Why it ended so, in plain words, or empty. Also why it was completed early.
    best_iteration : int or None
        When it ended, and held samples out: when the weights were reached that were kept.
    run : str or None
        The name of its folder among the runs, once it has one.
    planned : int
        Iterations in all.
    iterations, loss_evaluations : int
        Done so far.
    fraction : float
        How much of a step under way is done, from 0 to 1; `naive` takes a minute for one.
    measuring : float or None
        How much of measuring accuracies is done, from 0 to 1; None while it does steps.
    stopping : bool
        Whether it was asked to stop, and has not ended yet.
    seconds : float
        Time of training on its own clock: no pauses, no compilation.
    rate, eta : float or None
        Iterations a second now, and seconds left.
    learning_rate : float or None
    naive_seconds : float or None
        How long a step of `naive` would take, estimated.
    description : str
        What steps are computed with, and why.
    parameters : int
        How many weights and biases there are; 0 before it is known.
    marks : list of (int, float)
        Iterations, and the seconds that the clock showed then.
    losses : Thinned
        The loss of every iteration, from 1 on.
    epochs : list of EpochRecord
        Accuracies.
    version : int
        Grows whenever `network` is another one; no two tracks of a session share a number.
    """

    def __init__(self, configuration: Configuration, next_version: Callable[[], int]) -> None:
        self.configuration = configuration
        self.method = configuration.method
        self.state = "starting"
        self.message = ""
        self.best_iteration: int | None = None
        self.run: str | None = None
        self.planned = configuration.iterations
        self.iterations = 0
        self.loss_evaluations = 0
        self.fraction = 0.0
        self.measuring: float | None = None
        self.stopping = False
        self.seconds = 0.0
        self.rate: float | None = None
        self.eta: float | None = None
        self.learning_rate = configuration.learning_rate
        self.naive_seconds: float | None = None
        self.description = ""
        self.parameters = 0
        self.marks: list[tuple[int, float]] = []
        self.losses = Thinned()
        self.epochs: list[EpochRecord] = []
        self.version = next_version()
        self.worker: Worker | None = None
        self._next_version = next_version
        self._template: Network | None = None
        self._network: Network | None = None
        self._watched = self._asked = -WATCHED_SECONDS

    @classmethod
    def of_run(
        cls, name: str, configuration: Configuration, history: History, network: Network,
        next_version: Callable[[], int],
    ) -> Track:  # fmt: skip
        """Return the track of a run that was read from its folder."""
        track = cls(configuration, next_version)
        states = {"completed": "completed", "diverged": "diverged"}
        track.state = states.get(history.outcome, "stopped")
        track.message = "" if track.state == "stopped" else history.message
        track.best_iteration = history.best_iteration if track.ended else None
        track.run = name
        track.iterations = history.iterations
        track.loss_evaluations = history.loss_evaluations
        track.seconds = history.seconds
        track.losses.extend(history.train_loss)
        track.epochs = list(history.epochs)
        track.marks = [(history.iterations, history.seconds)]
        track.parameters = _count(network)
        track._template = track._network = network
        return track

    @property
    def ended(self) -> bool:
        """Whether nothing more will come, unless it is resumed."""
        return self.state in ENDED

    @property
    def network(self) -> Network | None:
        """The latest weights, None before the first; who asks gets new ones for some seconds.

        It is not changed any more: later weights are in another network.
        """
        self._watched = time.monotonic()
        return self._network

    @property
    def start(self) -> EpochRecord | None:
        """The accuracies of the start, once they are known."""
        known = bool(self.epochs) and self.epochs[0].iteration == 0
        return self.epochs[0] if known else None

    @property
    def train_accuracy(self) -> float | None:
        """The last training accuracy, or that of the weights kept."""
        return None if self.kept is None else self.kept.train_accuracy

    @property
    def test_accuracy(self) -> float | None:
        """The last test accuracy, or that of the weights kept."""
        return None if self.kept is None else self.kept.test_accuracy

    @property
    def kept(self) -> EpochRecord | None:
        """The record of the weights that the training left, or while it goes on the last one."""
        for record in self.epochs:
            if record.iteration == self.best_iteration:
                return record
        return self.epochs[-1] if self.epochs else None

    def measured(
        self, what: str = "test_accuracy", by: str = "epoch"
    ) -> list[tuple[float, float | None]]:
        """Return points of a curve, some hundreds at most.

        Parameters
        ----------
        what
            One of `MEASURED`.
        by
            What is along x: ``"epoch"`` or ``"iteration"``.
        """
        records = self.epochs[:]
        stride = max(1, math.ceil(len(records) / MOST_ACCURACIES))
        check_choice("what", what, MEASURED)
        check_choice("by", by, ("epoch", "iteration"))
        shown = [*records[:-1:stride], *records[-1:]]
        return [(getattr(r, by), getattr(r, what)) for r in shown]

    def take(self, report: Report) -> None:
        """Take in what the worker says."""
        match report:
            case Started():
                self.best_iteration = None
                self.run, self.description = report.run, report.description
                self.naive_seconds = report.naive_seconds
                self.learning_rate = report.learning_rate
                self.losses = Thinned()
                self.losses.extend(report.losses)
                self.epochs = list(report.epochs)
                self.iterations = len(report.losses)
                self.marks = [mark for mark in self.marks if mark[0] <= self.iterations]
                self._template = self.configuration.build_network(
                    report.input_size, report.output_size, report.image_shape
                )
                self.parameters = _count(self._template)
            case Progress():
                self.state = "paused" if report.paused else "training"
                self.losses.extend(report.losses)
                self.epochs.extend(report.epochs)
                self.epochs.sort(key=lambda record: record.iteration)  # the start's may come late
                self.iterations = report.iterations
                self.loss_evaluations = report.loss_evaluations
                self.fraction, self.seconds = report.fraction, report.seconds
                self.rate, self.eta = report.rate, report.eta
                self.learning_rate, self.measuring = report.learning_rate, report.measuring
                self._mark()
                self._fetch()
            case Weights() if self._template is not None:
                network = self._template.copy()
                for name, array in report.parameters.items():
                    network.params[name] = array
                for name, array in report.buffers.items():
                    network.buffers[name] = array
                self._network = network
                self.version = self._next_version()
            case Ended():
                self.state, self.message = report.state, report.message
                self.measuring, self.stopping = None, False
                self.best_iteration = report.best_iteration
                self.rate = self.eta = self.worker = None

    def _mark(self) -> None:
        if self.iterations > (self.marks[-1][0] if self.marks else 0):
            self.marks.append((self.iterations, self.seconds))
            if len(self.marks) > MOST_MARKS:
                del self.marks[1::2]

    def _fetch(self) -> None:
        now = time.monotonic()
        watched = now - self._watched < WATCHED_SECONDS
        if self.worker is not None and watched and now - self._asked >= FETCH_SECONDS:
            self._asked = now
            self.worker.send(SendWeights())


def _count(network: Network) -> int:
    return sum(int(array.size) for array in network.params.values())
