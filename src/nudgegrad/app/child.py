"""What a process does that trains for the page: one run, obedient to commands."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection
from pathlib import Path

from nudgegrad.app.pace import Pace
from nudgegrad.app.protocol import (
    Command,
    Ended,
    GoOn,
    Job,
    Pause,
    Progress,
    Report,
    SendWeights,
    SetLearningRate,
    Started,
    Stop,
    TakeStart,
    Weights,
)
from nudgegrad.files import FileError
from nudgegrad.gradient.kernels.threads import one_blas_thread
from nudgegrad.training.history import EpochRecord
from nudgegrad.training.preparation import describe
from nudgegrad.training.run import Run
from nudgegrad.training.run_folder import RunFolder
from nudgegrad.training.stopwatch import CoreStopwatch
from nudgegrad.training.trainer import Trainer
from nudgegrad.validation import ParameterError

__all__ = ["work"]

REPORT_SECONDS = 0.2
MEASURED_SECONDS = 0.5
LISTEN_SECONDS = 0.02  # a look at the pipe costs a hundredth of a step


def work(connection: Connection, job: Job) -> None:
    """Train one run, and tell about it; what a child process calls.

    Parameters
    ----------
    connection
        Commands come from it, and reports go there. If nobody is at its other end any more, the
        run is stopped and saved.
    job
        What to train.
    """
    # Ctrl-C reaches every process of a terminal. While steps are done it is heard as a wish to
    # stop, by `Trainer.run`; at other times the server says what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    training = _Training(connection, job)
    try:
        with one_blas_thread() if job.niceness else contextlib.nullcontext():
            end = training.run()
    except (FileError, ParameterError, OSError) as error:
        end = Ended("failed", training.explain(error))
    except MemoryError as error:
        end = Ended("failed", f"not enough memory ({error})")
    training.send(end)
    connection.close()


class _Training:
    def __init__(self, connection: Connection, job: Job) -> None:
        self.connection, self.job = connection, job
        self.made: Run | None = None
        self.paused = self.stopping = self.begun = self.alone = self.gave_way = False
        self.finisher = ThreadPoolExecutor(1)
        self.start_is_told = not job.start_is_told
        self.measuring: float | None = None
        self.measured_since: float | None = None
        self.epochs: list[EpochRecord] = []
        self.learning_rate = self.fraction = 0.0
        self.told = 0  # losses
        self.ticked = self.listened = self.reported = 0.0
        self.base = 0.0  # seconds of training at `ticked`
        self.pace = Pace(0, within_steps=job.configuration.method == "naive")

    def run(self) -> Ended:
        """Do the whole job."""
        run = self.made = self._make()
        trainer = run.trainer
        trainer.measure_start = not self.job.start_is_told
        if self.job.niceness:
            trainer.stopwatch = CoreStopwatch()
        self.listen()
        if not self.stopping:
            with one_blas_thread():  # as naive itself has here
                run.estimate_naive()
        history = trainer.history
        self.told = self.pace.first = history.iterations
        self.base = history.seconds
        self.learning_rate = trainer.optimizer.learning_rate
        data = run.dataset
        self.send(
            Started(
                run=run.folder.path.name,
                input_size=data.features,
                output_size=data.classes,
                image_shape=data.image_shape,
                losses=tuple(history.train_loss),
                # The record of an earlier end between two epochs is dropped, as the trainer does.
                epochs=tuple(e for e in history.epochs if e.epoch == int(e.epoch)),
                learning_rate=trainer.optimizer.learning_rate,
                description=describe(trainer),
                naive_seconds=run.naive_seconds,
            )
        )
        self.ticked = trainer.stopwatch.now()
        if not self.stopping:
            run.go(
                on_step=self.on_step, on_epoch=self.on_epoch, on_progress=self.on_progress,
                on_measure=self.on_measure,
            )  # fmt: skip
            self.base, self.ticked = history.seconds, trainer.stopwatch.now()
            self.wait_for_start()
        else:
            history.outcome, history.message = "interrupted", "stopped before its first step"
        self.report(0.0)
        self.send_weights()
        self.finisher.submit(run.finish).result()
        stopped = history.outcome == "interrupted"
        return Ended(
            "stopped" if stopped else history.outcome,
            "" if stopped else history.message,
            history.best_iteration,
        )

    def _make(self) -> Run:
        if self.job.resume is None:
            configuration = self.job.configuration
            return Run.begin(configuration, configuration.load_data(), runs=self.job.runs)
        folder = RunFolder.open(Path(self.job.runs) / self.job.resume)
        folder.clean()
        configuration = folder.configuration()
        return Run.resume(folder, configuration, configuration.load_data())

    def on_step(self, trainer: Trainer) -> None:
        """Listen and report if it is time to."""
        self.begin()
        self.ticked, self.base = trainer.stopwatch.now(), trainer.history.seconds
        self.attend(0.0)
        trainer.optimizer.learning_rate = self.learning_rate

    def on_epoch(self, record: EpochRecord) -> None:
        """Keep a record for the next report; that of the start goes at once."""
        self.measuring = self.measured_since = None
        self.epochs.append(record)
        if record.iteration == 0:
            self.report(0.0)

    def on_progress(self, done: int, total: int) -> None:
        """Listen and report within a step that takes long."""
        self.begin()
        if done < total:
            self.attend(done / total)

    def on_measure(self, done: int, total: int) -> None:
        """Listen and report while accuracies are measured."""
        now = time.monotonic()
        if self.measured_since is None:
            self.measured_since = now
        self.begin()
        if now - self.measured_since > MEASURED_SECONDS:  # others are over before they are read
            self.measuring = done / total
        self.attend(0.0)

    def begin(self) -> None:
        """Start this clock: the run's began after kernels were compiled."""
        if not self.begun:
            self.begun, self.ticked = True, self.trainer.stopwatch.now()
        # Others wait for the accuracies of the start.
        if self.measured_since is None and self.job.niceness and not self.gave_way:
            self.gave_way = True
            # Where threads have a niceness each, this one keeps its own, so that an end is quick.
            self.finisher.submit(bool).result()
            if hasattr(os, "nice"):
                os.nice(self.job.niceness)

    def wait_for_start(self) -> None:
        """Wait, before the end, for the accuracies of the start, unless it has to be quick."""
        if self.start_is_told:
            return
        self.measuring = 0.0
        self.report(0.0)
        while not (self.start_is_told or self.stopping):
            self._obey_next()
        self.measuring = None
        if self.start_is_told and self.trainer.history.outcome != "diverged" and self.made:
            self.trainer.save(self.made.folder.checkpoint_file)

    def take_start(self, record: EpochRecord | None) -> None:
        """Put the accuracies of the start before those that were measured meanwhile."""
        self.start_is_told = True
        if record is not None and self.made is not None:
            history = self.made.trainer.history
            if not history.epochs or history.epochs[0].iteration > 0:
                history.epochs.insert(0, record)
                self.epochs.append(record)

    @property
    def trainer(self) -> Trainer:
        """The trainer, once there is one."""
        assert self.made is not None
        return self.made.trainer

    def attend(self, fraction: float) -> None:
        """Do what has to be done between two steps, or within one."""
        now = time.monotonic()
        if now - self.listened >= LISTEN_SECONDS:
            self.listened = now
            self.listen()
        if now - self.reported >= REPORT_SECONDS:
            self.report(fraction)
        if self.paused and not self.stopping:
            self.pace.clear()
            self.report(fraction)
            self.send_weights()
            with self.trainer.stopwatch.stopped():
                while self.paused and not self.stopping:
                    self._obey_next()
            self.report(fraction)

    def listen(self) -> None:
        """Obey all commands that have come."""
        while not self.alone and self.connection.poll():
            self._obey_next()

    def _obey_next(self) -> None:
        try:
            command: Command = self.connection.recv()
        except (EOFError, OSError):  # the server is gone: save what there is
            command, self.alone = Stop(), True
        match command:
            case Pause():
                self.paused = True
            case GoOn():
                self.paused = False
            case Stop():
                self.stopping = True
                if self.made is not None:
                    self.made.trainer.stop()
            case SetLearningRate(value):
                self.learning_rate = value  # within a step it must not change
                if self.paused:
                    self.report(self.fraction)
            case SendWeights():
                self.send_weights()
            case TakeStart(record):
                self.take_start(record)

    def report(self, fraction: float) -> None:
        """Tell how far the training is, and how much of a step under way is done."""
        self.fraction = fraction
        trainer, history = self.trainer, self.trainer.history
        self.reported = time.monotonic()
        seconds = self.base + trainer.stopwatch.now() - self.ticked
        position = history.iterations + fraction
        self.pace.look(seconds, history.iterations, fraction)
        rate, eta = self.pace.rate, None
        if rate is not None:
            eta = (self.planned - position) / rate
        elif self.made is not None and trainer.method == "naive" and self.made.naive_seconds:
            eta = (self.planned - position) * self.made.naive_seconds
        losses, epochs = tuple(history.train_loss[self.told :]), tuple(self.epochs)
        self.told, self.epochs = history.iterations, []
        self.send(
            Progress(
                paused=self.paused and not self.stopping,
                losses=losses,
                epochs=epochs,
                iterations=history.iterations,
                loss_evaluations=history.loss_evaluations,
                fraction=fraction,
                seconds=seconds,
                rate=rate,
                eta=eta,
                learning_rate=self.learning_rate,
                measuring=self.measuring,
            )
        )

    @property
    def planned(self) -> int:
        """The planned end."""
        assert self.made is not None
        return self.made.configuration.iterations

    def send_weights(self) -> None:
        """Send all parameters."""
        if self.made is not None:
            network = self.made.trainer.network
            self.send(Weights(dict(network.params), dict(network.buffers)))

    def send(self, report: Report) -> None:
        """Tell the server; if it is gone, stop and save."""
        try:
            self.connection.send(report)
        except OSError:
            self.stopping = True
            if self.made is not None:
                self.made.trainer.stop()

    def explain(self, error: Exception) -> str:
        """Return in plain words what went wrong."""
        folder = None if self.made is None else self.made.folder.path
        if folder is None or not isinstance(error, OSError):
            return str(error)
        # What was trained since the last report is still here, though not on the disk.
        self.report(0.0)
        self.send_weights()
        fact = "is gone" if not folder.is_dir() else f"cannot be written to ({error.strerror})"
        return (
            f"the run's folder {folder} {fact}, so the training ended; what it has shown so far "
            "stays here until the page's server ends"
        )
