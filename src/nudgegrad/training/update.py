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

__all__ = ["Training", "is_fused", "update"]


class Training(Protocol):
    """What an update needs to know of a `nudgegrad.Trainer`."""

    network: Network
    optimizer: Optimizer
    train_samples: Samples
    method: str
    h: float
    batch_size: int
    decay_iterations: int | None
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
    if trainer.decay_iterations is not None:
        left = max(0, trainer.decay_iterations - trainer.iteration)
        optimizer.learning_rate = base * left / trainer.decay_iterations
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
        return descend(
            network, x, t, trainer.h, rate,
            training_step=trainer.iteration, progress=progress, cancel=cancel,
        )  # fmt: skip
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
    if math.isfinite(gradient.loss):
        if trainer.kernels:
            from nudgegrad.training import adam_kernel

            adam_kernel.update(optimizer, network.params, gradient)
        else:
            optimizer.update(network.params, gradient)
        network.buffers.update(gradient.buffers)
    return gradient.loss, gradient.loss_evaluations
