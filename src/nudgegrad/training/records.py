"""What is measured at the start of a run, after every epoch, and at its end."""

from __future__ import annotations

import math
from typing import Protocol

from nudgegrad.monitor import Monitor
from nudgegrad.network import Network
from nudgegrad.training.accuracy import measure_accuracy, measure_loss
from nudgegrad.training.history import EpochRecord
from nudgegrad.training.samples import Samples

__all__ = ["Measurable", "accuracy_of", "samples_measured", "take_record"]


class Measurable(Protocol):
    """What a record needs to know of a `nudgegrad.Trainer`."""

    network: Network
    train_samples: Samples
    test_samples: Samples
    validation_samples: Samples | None
    classifies: bool
    kernels: bool
    measure_training: bool
    iterations_per_epoch: int

    @property
    def iteration(self) -> int:
        """Steps done."""


def samples_measured(trainer: Measurable) -> int:
    """Return how many samples `take_record` goes through."""
    total = len(trainer.validation_samples or ())  # for their loss
    if trainer.classifies:
        total += len(trainer.test_samples) + len(trainer.validation_samples or ())
        total += len(trainer.train_samples) if trainer.measure_training else 0
    return total


def take_record(trainer: Measurable, monitor: Monitor | None = None) -> EpochRecord:
    """Measure a trainer's network on all parts of its data, and tell a monitor of the samples.

    Raises
    ------
    Cancelled
        If the monitor said so.
    """
    epoch = trainer.iteration / trainer.iterations_per_epoch
    held_out = trainer.validation_samples
    loss, train_accuracy = None, None
    if trainer.measure_training:
        train_accuracy = accuracy_of(trainer, trainer.train_samples, monitor)
    if held_out is not None:
        measured = measure_loss(trainer.network, held_out, kernels=trainer.kernels, monitor=monitor)
        loss = measured if math.isfinite(measured) else None
    return EpochRecord(
        epoch=int(epoch) if epoch == int(epoch) else epoch,
        iteration=trainer.iteration,
        train_accuracy=train_accuracy,
        test_accuracy=accuracy_of(trainer, trainer.test_samples, monitor),
        validation_loss=loss,
        validation_accuracy=accuracy_of(trainer, held_out, monitor),
    )


def accuracy_of(
    trainer: Measurable, samples: Samples | None, monitor: Monitor | None = None
) -> float | None:
    """Return the share of correct predictions; None without samples or classes."""
    if not trainer.classifies or not samples:
        return None
    return measure_accuracy(trainer.network, samples, kernels=trainer.kernels, monitor=monitor)
