"""One mini-batch's update of a trainer's network, by the quickest way that there is."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol

from nudgegrad.network import Network
from nudgegrad.training.descent import can_descend, descend
from nudgegrad.training.feed import Batch
from nudgegrad.training.optimizers import SGD, Optimizer
from nudgegrad.training.samples import Samples
from nudgegrad.training.schedules import Schedule
from nudgegrad.training.weight_decay import add_decay, penalty

__all__ = ["Training", "is_fused", "update"]


class Training(Protocol):
    """What an update needs to know of a `nudgegrad.Trainer`."""

    network: Network
    optimizer: Optimizer
    train_samples: Samples
    method: str
    h: float
    batch_size: int
    schedule: Schedule | None
    weight_decay: float
    kernels: bool

    @property
    def iteration(self) -> int:
        """Steps done."""


def is_fused(trainer: Training) -> bool:
    """Tell whether gradient and update are one, as `nudgegrad.training.descent` has it."""
    if trainer.method != "node" or not trainer.kernels or type(trainer.optimizer) is not SGD:
        return False
    return can_descend(trainer.network)


def update(
    trainer: Training,
    batch: Batch,
    progress: Callable[[int, int], Any] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> tuple[float, int]:
    """Update the parameters by a mini-batch, at the learning rate of the iteration.

    Parameters
    ----------
    trainer
        Only its network and its optimizer's state change. Its iteration is the step's number.
    batch
        The numbers of its samples and their inputs.
    progress, cancel
        As for `nudgegrad.Trainer.step`.

    Returns
    -------
    loss, loss_evaluations
        The loss is that before the update. If it is not finite, there is no update.
    """
    optimizer = trainer.optimizer
    base = optimizer.learning_rate
    if trainer.schedule is not None:
        optimizer.learning_rate = base * trainer.schedule.factor(trainer.iteration)
    try:
        return _update(trainer, batch, progress, cancel)
    finally:
        optimizer.learning_rate = base


def _update(
    trainer: Training,
    batch: Batch,
    progress: Callable[[int, int], Any] | None,
    cancel: Callable[[], bool] | None,
) -> tuple[float, int]:
    network, samples, optimizer = trainer.network, trainer.train_samples, trainer.optimizer
    rows, x = batch
    if is_fused(trainer):
        t, rate = samples.targets[rows], optimizer.learning_rate
        added = penalty(network, trainer.weight_decay) if trainer.weight_decay else 0.0
        loss, evaluations = descend(
            network, x, t, trainer.h, rate,
            weight_decay=trainer.weight_decay, training_step=trainer.iteration,
            progress=progress, cancel=cancel,
        )  # fmt: skip
        return loss + added, evaluations
    gradient = network.gradient(
        x,
        samples.t[rows],
        method=trainer.method,
        h=trainer.h,
        kernels=trainer.kernels,
        training_step=trainer.iteration,
        progress=progress,
        cancel=cancel,
    )
    if trainer.weight_decay:
        add_decay(network, gradient, trainer.weight_decay)
    if math.isfinite(gradient.loss):
        if trainer.kernels:
            from nudgegrad.training import adam_kernel

            adam_kernel.update(optimizer, network.params, gradient)
        else:
            optimizer.update(network.params, gradient)
        network.buffers.update(gradient.buffers)
    return gradient.loss, gradient.loss_evaluations
