"""The training loop: draw a mini-batch, take its gradient, update the parameters."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.data import Dataset, as_inputs, as_parts
from nudgegrad.differentiate import check_step
from nudgegrad.gradient import METHODS, Cancelled
from nudgegrad.network import Network
from nudgegrad.signals import StopRequest, stop_on_signal
from nudgegrad.training.checkpoint import Draws, restore_checkpoint, save_checkpoint
from nudgegrad.training.early_stopping import hold_out, make_stopping
from nudgegrad.training.feed import SAMPLINGS, Feed
from nudgegrad.training.history import EpochRecord, History
from nudgegrad.training.optimizers import Optimizer, make_optimizer
from nudgegrad.training.preparation import compile_kernels, gather_ahead, limited_threads
from nudgegrad.training.recorder import Recorder
from nudgegrad.training.records import accuracy_of
from nudgegrad.training.samples import Samples, check_targets, hold_apart
from nudgegrad.training.schedules import Schedule
from nudgegrad.training.settings import settings_of
from nudgegrad.training.stopwatch import Clock, Stopwatch
from nudgegrad.training.update import update
from nudgegrad.validation import ParameterError, check_choice, check_integer, check_real

__all__ = ["SAMPLINGS", "Part", "Trainer"]

Part = tuple[NDArray[Any], NDArray[Any]]
"""Samples and targets."""

CHECKPOINT_SECONDS = 10.0


class Trainer:
    """Trains a network, step by step.

    Parameters
    ----------
    network
        Updated in place.
    data
        A `nudgegrad.data.Dataset`, or ``((x_train, t_train), (x_test, t_test))`` as `load_mnist`
        returns it. Bytes are divided by 255, and sparse arrays of SciPy's filled, batch by batch.
    method
        ``"node"``, ``"weight"``, ``"naive"`` or ``"backprop"``.
    batch_size
        Samples a mini-batch.
    learning_rate
        None takes the optimizer's own: 0.1 for ``"sgd"``, 0.01 for ``"momentum"``, 0.001 for
        ``"adam"``.
    optimizer
        One of those names, or an `Optimizer`.
    h
        The nudge.
    sampling
        ``"replacement"``: every batch is drawn from all samples, as in the lesson. ``"shuffle"``:
        each epoch goes once through the samples in a new order. ``"ordered"``: always in their
        own.
    schedule
        What the learning rate is times, a `nudgegrad.training.Schedule`, or None: it stays.
        ``optimizer.learning_rate`` is never changed by it.
    weight_decay
        λ: ½·λ·ΣW² is added to the loss and λ·W to each W's gradient; biases are left alone.
    validation_fraction
        The share of the training samples that is held out: not trained on, and measured after
        every epoch. The network ends with the parameters that were the best by them.
    monitor, patience, min_delta
        What ``"best"`` goes by, ``"loss"`` or ``"accuracy"``; after how many epochs without an
        improvement by more than min_delta the run is completed early (None: never). As for
        `nudgegrad.training.early_stopping.EarlyStopping`.
    seed
        Of the batches and of what is held out. Same seed, same machine, same result.
    kernels
        Whether compiled kernels may take the place of array lines. `naive` never uses them.
    measure_training
        Whether the accuracy on the training samples is measured too, which takes a while.

    Attributes
    ----------
    network, optimizer, history
    train_samples, test_samples : Samples
        The data, in the form that the network works on.
    validation_samples : Samples or None
        What is held out of the training samples.
    stopping : EarlyStopping or None
        The best parameters so far, where samples are held out.
    feed : Feed
        Where mini-batches come from.
    stopwatch : Stopwatch
        What times are measured with. A callback that waits for somebody stops it meanwhile.
    iteration : int
        Steps done.
    iterations_per_epoch : int
        Whole steps that a pass through the training data takes.
    stopped_by : int or None
        The signal that interrupted the last `run`.
    stops : int
        How often `stop` was called in the last `run`.
    measure_start : bool
        Whether `run` measures the accuracies of the start. Where they are known from elsewhere,
        their record may be put first into ``history.epochs`` while it runs.
    """

    def __init__(
        self,
        network: Network,
        data: Dataset | tuple[Part, Part],
        *,
        method: str = "node",
        batch_size: int = 100,
        learning_rate: float | None = None,
        optimizer: str | Optimizer = "sgd",
        h: float = 1e-4,
        sampling: str = "replacement",
        schedule: Schedule | None = None,
        weight_decay: float = 0.0,
        validation_fraction: float = 0.0,
        monitor: str = "loss",
        patience: int | None = None,
        min_delta: float = 0.0,
        seed: int | None = None,
        kernels: bool = True,
        measure_training: bool = True,
    ) -> None:
        self.network = network
        self._train_part, test_part = as_parts(data)
        samples = len(self._train_part[1])
        self.method = check_choice("method", method, METHODS)
        self.optimizer = make_optimizer(optimizer, learning_rate)
        self.h = check_real("h", h, above=0)
        if method == "naive":
            for name, array in network.params.items():
                check_step(f"parameter {name}", array, self.h)
        self.sampling = check_choice("sampling", sampling, SAMPLINGS)
        if schedule is not None and not isinstance(schedule, Schedule):
            raise ParameterError(
                "schedule must be a nudgegrad.training.Schedule or None, got "
                f"{schedule!r}; LinearDecay(iterations) is one"
            )
        self.schedule = schedule
        self.weight_decay = check_real("weight_decay", weight_decay, low=0)
        self.stopping = make_stopping(validation_fraction, monitor, patience, min_delta)
        if seed is not None:
            check_integer("seed", seed, 0)
        self.measure_training = measure_training
        self.stopped_by: int | None = None
        self.stopwatch = Stopwatch()
        self.measure_start = True
        self.stops = 0
        self.kernels = kernels and method != "naive"
        self.test_samples = Samples(*test_part, network, kernels=self.kernels)
        # Streams of their own: the same seed draws the network's starting weights.
        rng, split = (np.random.default_rng(None if seed is None else [seed, k]) for k in (1, 2))
        held_out = hold_out(samples, validation_fraction, split)
        left = samples - len(held_out)
        self.batch_size = check_integer("batch_size", batch_size, 1, left, what="training samples")
        self._split(held_out, rng)
        self.iterations_per_epoch = self.feed.iterations_per_epoch
        self.history = History(method=method, settings=self.settings())
        if self.stopping is not None and monitor == "accuracy" and not self.classifies:
            raise ParameterError("monitor must be 'loss' if targets are no classes, got 'accuracy'")

    def settings(self) -> dict[str, Any]:
        """Return what the course of the training depends on, beside the seed and the data."""
        return settings_of(self)

    @property
    def iteration(self) -> int:
        """How many steps were done."""
        return self.history.iterations

    def step(
        self,
        *,
        progress: Callable[[int, int], Any] | None = None,
        cancel: Callable[[], bool] | None = None,
    ) -> float:
        """Do one mini-batch: draw it, take its gradient, update the parameters.

        Parameters
        ----------
        progress, cancel
            As for `nudgegrad.gradient.compute_gradient`. A cancelled step raises `Cancelled` and
            leaves everything as it was before.

        Returns
        -------
        float
            The batch's loss before the update, weight decay included. If it is not finite, there
            is no update.
        """
        self._go_on()
        started = self.stopwatch.now()
        loss, evaluations = update(self, self.feed.peek(), progress, cancel)
        self.feed.advance()
        self.history.train_loss.append(loss)
        self.history.loss_evaluations += evaluations
        self.history.step_seconds += self.stopwatch.now() - started
        return loss

    def batch(self, rows: NDArray[np.int64]) -> Part:
        """Return training samples by number, as the network takes them, and their targets."""
        return as_inputs(self.train_samples.x[rows], self.network.dtype), self.train_samples.t[rows]

    def run(
        self,
        iterations: int,
        *,
        checkpoint: str | os.PathLike[str] | None = None,
        checkpoint_every: int | None = None,
        checkpoint_seconds: float | None = None,
        on_step: Callable[[Trainer], Any] | None = None,
        on_epoch: Callable[[EpochRecord], Any] | None = None,
        on_progress: Callable[[int, int], Any] | None = None,
        on_measure: Callable[[int, int], Any] | None = None,
    ) -> History:
        """Do so many more steps, with accuracies at the start, after every epoch and at the end.

        Ctrl-C and SIGTERM finish the step and end the run as `interrupted`; a step of `naive`,
        which may take minutes, is abandoned instead and leaves no trace, and so is measuring the
        start. A second signal leaves at once.

        Where samples are held out, the network has the best parameters so far when this returns,
        however it ends. Another call goes on from the latest.

        Parameters
        ----------
        iterations
            How many more steps.
        checkpoint
            A file to write the whole state to, now and then and at the end; `restore` reads it.
        checkpoint_every, checkpoint_seconds
            Iterations, or seconds, between checkpoints; every 10 s if neither is told.
        on_step
            Called with this trainer after each step.
        on_epoch
            Called with each `EpochRecord` as it is made.
        on_progress
            Called with (loss evaluations done, total) within a step.
        on_measure
            Called with (samples done, total) while accuracies are measured.

        Returns
        -------
        History
        """
        check_integer("iterations", iterations, 0)
        if checkpoint_every is not None:
            check_integer("checkpoint_every", checkpoint_every, 1)
        if checkpoint_seconds is not None:
            check_real("checkpoint_seconds", checkpoint_seconds, above=0)
        elif checkpoint_every is None:
            checkpoint_seconds = CHECKPOINT_SECONDS
        history = self.history
        self._go_on()
        # The record of an earlier end between two epochs: a run without that stop has none.
        history.epochs = [record for record in history.epochs if record.epoch == int(record.epoch)]
        history.outcome, history.message, self.stops = "running", "", 0
        end = self.iteration + iterations
        # A loss that overflows is an outcome, told as such, and not a warning.
        with (
            stop_on_signal() as signalled,
            np.errstate(all="ignore"),
            limited_threads(self),
        ):
            compile_kernels(self)
            clock = Clock(history, self.stopwatch)
            saved_at = clock.now
            recorder = Recorder(self, signalled, on_epoch, on_measure)
            with contextlib.suppress(Cancelled):
                if recorder.due:
                    recorder.measure()
                while self.iteration < end and not (signalled or self.stops or self._exhausted):
                    try:
                        loss = self.step(progress=on_progress, cancel=self._cancel_naive(signalled))
                    except ParameterError as error:  # weights grew past what h can move
                        self._diverged(str(error))
                        break
                    clock.tick()
                    if not math.isfinite(loss):
                        self._diverged(f"the loss became {loss}")
                        break
                    if on_step is not None:
                        on_step(self)
                    if recorder.due:
                        recorder.measure()
                        clock.tick()
                    due = checkpoint_every and self.iteration % checkpoint_every == 0
                    late = checkpoint_seconds and clock.now - saved_at >= checkpoint_seconds
                    if checkpoint is not None and (due or late):
                        self.save(checkpoint)
                        saved_at = clock.now
            finite = all(np.isfinite(array).all() for array in self.network.params.values())
            if history.outcome == "running" and not finite:
                self._diverged("the parameters are no longer finite")
            if history.outcome == "running":
                done = self._exhausted or self.iteration >= end
                history.outcome = "completed" if done else "interrupted"
                if self._exhausted and self.stopping is not None:
                    history.message = self.stopping.reason()
                elif not done:
                    history.message = "stopped before its end; resume it to go on"
            # A diverged state is no good to go on from: the last good checkpoint stays.
            kept = None if history.outcome == "diverged" else checkpoint
            if recorder.last != self.iteration:
                if kept is not None and history.outcome == "interrupted":
                    self.save(kept)  # measuring may take long, and be cut short
                with contextlib.suppress(Cancelled):
                    recorder.measure()
            if self.stopping is not None and history.epochs:
                end_counts = history.outcome != "diverged"
                best = self.stopping.finish(history.epochs[-1], self.network, end_counts)
                history.best_iteration = best
            clock.tick()
            if kept is not None:
                self.save(kept)
            self.stopped_by = signalled.signal_number
        return history

    def stop(self) -> None:
        """Ask `run`, from another thread or a callback, to end after the step under way.

        Asked once more, it ends without the accuracies of its end.
        """
        self.stops += 1

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a checkpoint: everything that the rest of the run depends on, in one file."""
        draws = Draws(*self.feed.state(), self._held_out)
        save_checkpoint(path, self.network, self.optimizer, self.history, draws, self.stopping)

    def restore(self, path: str | os.PathLike[str]) -> None:
        """Take over a checkpoint of a trainer made with the same settings.

        The run goes on to the same numbers, bit for bit, as one never stopped.

        Raises
        ------
        FileError
            If the file is no checkpoint, or one of a trainer with other settings.
        """
        draws = restore_checkpoint(path, self.network, self.optimizer, self.history, self.stopping)
        if not np.array_equal(draws.held_out, self._held_out):  # another seed's
            self._split(draws.held_out, draws.rng)
        self.feed.restore(draws.rng, draws.order, self.iteration)

    def accuracy(self, part: str = "test") -> float | None:
        """Return the share of correct predictions on ``"train"`` or ``"test"``."""
        check_choice("part", part, ("train", "test"))
        samples = self.train_samples if part == "train" else self.test_samples
        return accuracy_of(self, samples)

    def _split(self, held_out: NDArray[np.int64], rng: np.random.Generator) -> None:
        """Hold samples out of the training samples, and feed on the others."""
        self._held_out = held_out
        self.train_samples, self.validation_samples = hold_apart(
            *self._train_part, held_out, self.network, kernels=self.kernels
        )
        parts = [self.train_samples, self.test_samples, self.validation_samples]
        self.classifies = check_targets(self.network, *(part for part in parts if part is not None))
        ahead = self.kernels and gather_ahead(self.train_samples)
        self.feed = Feed(self.train_samples, self.batch_size, self.sampling, rng, ahead=ahead)

    @property
    def _exhausted(self) -> bool:
        return self.stopping is not None and self.stopping.exhausted

    def _go_on(self) -> None:
        """Give the network its latest parameters back, if an end gave it the best."""
        if self.stopping is not None:
            self.stopping.go_on(self.network)
            self.history.best_iteration = self.stopping.iteration

    def _cancel_naive(self, signalled: StopRequest) -> Callable[[], bool] | None:
        if self.method != "naive":
            return None
        return lambda: bool(signalled) or self.stops > 0

    def _diverged(self, fact: str) -> None:
        rate = self.optimizer.learning_rate
        self.history.outcome = "diverged"
        self.history.message = (
            f"{fact} at iteration {self.iteration}; learning_rate is {rate:g}, try {rate / 10:g}"
        )
