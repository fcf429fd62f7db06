"""The whole of a training in one call."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nudgegrad.data import Dataset
from nudgegrad.network import Network
from nudgegrad.training.history import EpochRecord, History
from nudgegrad.training.trainer import Part, Trainer
from nudgegrad.validation import ParameterError, check_integer

__all__ = ["train"]


def train(
    network: Network,
    data: Dataset | tuple[Part, Part],
    *,
    iterations: int = 10_000,
    checkpoint: str | os.PathLike[str] | None = None,
    checkpoint_every: int | None = None,
    checkpoint_seconds: float | None = None,
    resume: bool = False,
    on_step: Callable[[Trainer], Any] | None = None,
    on_epoch: Callable[[EpochRecord], Any] | None = None,
    **settings: Any,
) -> History:
    """Train a network and return the course of it.

    Parameters
    ----------
    network, data, **settings
        As for `Trainer`: ``method``, ``batch_size``, ``learning_rate``, ``optimizer``, ``h``,
        ``sampling``, ``schedule``, ``weight_decay``, ``validation_fraction``, ``monitor``,
        ``patience``, ``min_delta``, ``seed``, ``kernels``,
        ``measure_training``.
    iterations
        Steps of the whole run.
    checkpoint, checkpoint_every, checkpoint_seconds, on_step, on_epoch
        As for `Trainer.run`.
    resume
        Whether to go on from the file `checkpoint`, if there is one, to the planned end.

    Returns
    -------
    History
    """
    trainer = Trainer(network, data, **settings)
    if resume and checkpoint is None:
        raise ParameterError("checkpoint must name a file when resume is True, got None")
    if resume and checkpoint is not None and Path(checkpoint).exists():
        trainer.restore(checkpoint)
    return trainer.run(
        max(0, check_integer("iterations", iterations, 0) - trainer.iteration),
        checkpoint=checkpoint,
        checkpoint_every=checkpoint_every,
        checkpoint_seconds=checkpoint_seconds,
        on_step=on_step,
        on_epoch=on_epoch,
    )
