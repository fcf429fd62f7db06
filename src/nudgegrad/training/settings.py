"""What the course of a training depends on, told as a record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nudgegrad.training.early_stopping import EarlyStopping

if TYPE_CHECKING:
    from nudgegrad.training.trainer import Trainer

__all__ = ["settings_of"]


def settings_of(trainer: Trainer) -> dict[str, Any]:
    """Return what a training depends on, beside the seed and the data."""
    watch = EarlyStopping() if trainer.stopping is None else trainer.stopping
    return {
        "layers": [repr(layer) for layer in trainer.network.layers],
        "loss": repr(trainer.network.loss_function),
        "dtype": str(trainer.network.dtype),
        "method": trainer.method,
        "h": trainer.h,
        "batch_size": trainer.batch_size,
        "sampling": trainer.sampling,
        "optimizer": trainer.optimizer.settings(),
        "schedule": None if trainer.schedule is None else trainer.schedule.settings(),
        "weight_decay": trainer.weight_decay,
        "train_samples": len(trainer.train_samples),
        "test_samples": len(trainer.test_samples),
        "validation_samples": len(trainer.validation_samples or ()),
        "monitor": watch.monitor,
        "patience": watch.patience,
        "min_delta": watch.min_delta,
    }
