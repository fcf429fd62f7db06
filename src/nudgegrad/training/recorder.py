"""When a run measures its network, and when it is cut short."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nudgegrad.monitor import Monitor
from nudgegrad.signals import StopRequest
from nudgegrad.training.history import EpochRecord
from nudgegrad.training.records import samples_measured, take_record

if TYPE_CHECKING:
    from nudgegrad.training.trainer import Trainer

__all__ = ["Recorder"]


@dataclass
class Recorder:
    """Takes the records of one run of a trainer.

    Attributes
    ----------
    trainer
    signalled
        Whether a signal asked for a stop.
    on_epoch, on_measure
        As for `nudgegrad.Trainer.run`.
    """

    trainer: Trainer
    signalled: StopRequest
    on_epoch: Callable[[EpochRecord], Any] | None
    on_measure: Callable[[int, int], Any] | None

    @property
    def last(self) -> int:
        """The iteration of the last record; 0 where there is none."""
        epochs = self.trainer.history.epochs
        return epochs[-1].iteration if epochs else 0

    @property
    def due(self) -> bool:
        """Whether the record of the start, or of an epoch that has just ended, is missing."""
        trainer = self.trainer
        if trainer.iteration == 0:
            return trainer.measure_start and not trainer.history.epochs
        whole = trainer.iteration % trainer.iterations_per_epoch == 0
        return whole and self.last < trainer.iteration

    def measure(self) -> None:
        """Take a record.

        Raises
        ------
        Cancelled
            If a stop was asked for at the start, or twice later. The record is then due when the
            run goes on, if it is one of an epoch.
        """
        trainer = self.trainer
        total = samples_measured(trainer)
        record = take_record(trainer, Monitor(total, self.on_measure, self._is_cut_short))
        trainer.history.epochs.append(record)
        if trainer.stopping is not None and isinstance(record.epoch, int):
            trainer.stopping.take(record, trainer.network)
            trainer.history.best_iteration = trainer.stopping.iteration
        if self.on_epoch is not None:
            self.on_epoch(record)

    def _is_cut_short(self) -> bool:
        if self.trainer.iteration == 0:  # nothing has been trained yet
            return bool(self.signalled) or self.trainer.stops > 0
        return self.trainer.stops > 1
