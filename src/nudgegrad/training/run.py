"""A training together with the folder that keeps its work: begun, gone on with, finished."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from nudgegrad.data import Dataset, names
from nudgegrad.estimate import time_naive
from nudgegrad.files import write_json
from nudgegrad.training.configuration import Configuration
from nudgegrad.training.history import EpochRecord, History
from nudgegrad.training.preparation import limited_threads
from nudgegrad.training.run_folder import RunFolder
from nudgegrad.training.trainer import Trainer
from nudgegrad.validation import ParameterError

__all__ = ["Run"]

NAIVE_SAMPLE = 200  # weights whose naive differences are timed for the estimate, at most
LEAST_SAMPLE = 10
NAIVE_SECONDS = 0.5  # that this may take, where forward passes are slow


@dataclass
class Run:
    """A trainer, its settings and its folder.

    Attributes
    ----------
    configuration, dataset, trainer, folder
    naive_seconds, naive_weights
        What `estimate_naive` measured; None before.
    """

    configuration: Configuration
    dataset: Dataset
    trainer: Trainer
    folder: RunFolder
    naive_seconds: float | None = None
    naive_weights: int | None = None

    @classmethod
    def begin(
        cls, configuration: Configuration, dataset: Dataset, *,
        out: str | os.PathLike[str] | None = None, runs: str | os.PathLike[str] = "runs",
    ) -> Run:  # fmt: skip
        """Make a trainer and a new folder with its first checkpoint.

        Parameters
        ----------
        configuration, dataset
            What `Configuration.load_data` returned.
        out
            The folder; None makes a new one in `runs`.
        runs
            Where new folders go.
        """
        trainer = configuration.build_trainer(dataset)
        if configuration.data not in names():  # a path; a resumed run may start elsewhere
            configuration = replace(configuration, data=str(Path(configuration.data).resolve()))
        if configuration.data_folder is not None:
            resolved = str(Path(configuration.data_folder).resolve())
            configuration = replace(configuration, data_folder=resolved)
        folder = RunFolder.create(out, configuration, dataset, runs=runs)
        trainer.save(folder.checkpoint_file)
        return cls(configuration, dataset, trainer, folder)

    @classmethod
    def resume(cls, folder: RunFolder, configuration: Configuration, dataset: Dataset) -> Run:
        """Take up the run of a folder where its last checkpoint is."""
        trainer = configuration.build_trainer(dataset)
        trainer.restore(folder.checkpoint_file)
        return cls(configuration, dataset, trainer, folder)

    def estimate_naive(self) -> None:
        """Measure how long a step of `naive` takes here.

        Raises
        ------
        ParameterError
            If the method is `naive` and h is too small for it. The others may do with such an h.
        """
        x, t = self.trainer.batch(np.arange(self.trainer.batch_size))
        network, h = self.trainer.network, self.configuration.h
        network.loss(x, t)  # the first one touches memory and caches
        with limited_threads(self.trainer):
            begun = time.perf_counter()
            network.loss(x, t)
            weight = 2 * (time.perf_counter() - begun)
        sample = int(min(NAIVE_SAMPLE, max(LEAST_SAMPLE, NAIVE_SECONDS / max(weight, 1e-9))))
        # A training by naive has the trainer's threads; what others are spared, the best ones.
        own = self.configuration.method == "naive"
        threads = limited_threads(self.trainer) if own else contextlib.nullcontext()
        try:
            with threads:
                gradient, self.naive_seconds = time_naive(network, x, t, sample=sample, h=h)
        except ParameterError:
            if self.configuration.method == "naive":
                raise
            return
        self.naive_weights = sum(int(mask.sum()) for mask in (gradient.sampled or {}).values())

    def go(
        self, *, on_step: Callable[[Trainer], Any] | None = None,
        on_epoch: Callable[[EpochRecord], Any] | None = None,
        on_progress: Callable[[int, int], Any] | None = None,
        on_measure: Callable[[int, int], Any] | None = None,
    ) -> History:  # fmt: skip
        """Train to the planned end, with checkpoints; callbacks are as for `Trainer.run`."""
        return self.trainer.run(
            self.configuration.iterations - self.trainer.iteration,
            checkpoint=self.folder.checkpoint_file,
            checkpoint_every=self.configuration.checkpoint_every,
            checkpoint_seconds=self.configuration.checkpoint_seconds,
            on_step=on_step,
            on_epoch=on_epoch,
            on_progress=on_progress,
            on_measure=on_measure,
        )

    def finish(self) -> None:
        """Write history, plots and summary."""
        self.folder.write_results(self.trainer.history)
        write_json(self.folder.summary_file, self.facts())

    def facts(self) -> dict[str, Any]:
        """Return the summary."""
        history = self.trainer.history
        naive, kept = self.naive_seconds, history.kept
        if kept is not None and kept.iteration not in (history.iterations, history.best_iteration):
            kept = None  # the accuracies of the end were left out
        return {
            "outcome": history.outcome,
            "message": history.message,
            "method": history.method,
            "iterations": history.iterations,
            "train_accuracy": None if kept is None else kept.train_accuracy,
            "test_accuracy": None if kept is None else kept.test_accuracy,
            "validation_loss": None if kept is None else kept.validation_loss,
            "validation_accuracy": None if kept is None else kept.validation_accuracy,
            "best_iteration": history.best_iteration,
            "seconds": history.seconds,
            "seconds_per_step": history.step_seconds / max(1, history.iterations),
            "loss_evaluations": history.loss_evaluations,
            "naive_seconds_estimated": None if naive is None else naive * history.iterations,
            "naive_weights_timed": self.naive_weights,
            "run": str(self.folder.path),
        }
