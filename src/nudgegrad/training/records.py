"""What is measured at the start of a run, after every epoch, and at its end."""

from __future__ import annotations

import math
from typing import Protocol

from nudgegrad.network import Network
from nudgegrad.training.accuracy import measure_accuracy, measure_loss
from nudgegrad.training.history import EpochRecord
from nudgegrad.training.samples import Samples

__all__ = ["Measurable", "accuracy_of", "take_record"]


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


def take_record(trainer: Measurable) -> EpochRecord:
    """Measure a trainer's network on all parts of its data."""
    epoch = trainer.iteration / trainer.iterations_per_epoch
    held_out = trainer.validation_samples
    loss, train_accuracy = None, None
    if trainer.measure_training:
        train_accuracy = accuracy_of(trainer, trainer.train_samples)
    if held_out is not None:
        measured = measure_loss(trainer.network, held_out, kernels=trainer.kernels)
        loss = measured if math.isfinite(measured) else None
    return EpochRecord(
        epoch=int(epoch) if epoch == int(epoch) else epoch,
        iteration=trainer.iteration,
        train_accuracy=train_accuracy,
        test_accuracy=accuracy_of(trainer, trainer.test_samples),
        validation_loss=loss,
        validation_accuracy=accuracy_of(trainer, held_out),
    )


def accuracy_of(trainer: Measurable, samples: Samples | None) -> float | None:
    """Return the share of correct predictions; None without samples or classes."""
    if not trainer.classifies or not samples:
        return None
    return measure_accuracy(trainer.network, samples, kernels=trainer.kernels)
