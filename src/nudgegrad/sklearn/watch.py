"""What an estimator notes after each epoch of a fit, and when it stops."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from nudgegrad.training import EpochRecord, Trainer

__all__ = ["Watch"]

SLOWEST = 1e-6
"""The learning rate from which ``"adaptive"`` stops instead of dividing, as in MLPClassifier."""


class Watch:
    """Called by `nudgegrad.Trainer.run` with each epoch's record.

    Parameters
    ----------
    estimator
        Whose parameters count.
    trainer
        What is watched. If it holds samples out, they decide, and else the training loss.
    score
        Returns the score of the samples held out; called after each epoch.

    Attributes
    ----------
    losses : list of float
        The mean loss of each epoch's batches.
    scores : list of float
        The scores of what is held out, after each epoch.
    converged : bool
        Whether it stopped the training.
    """

    def __init__(
        self, estimator: Any, trainer: Trainer, score: Callable[[EpochRecord], float]
    ) -> None:
        self._estimator, self._trainer, self._score = estimator, trainer, score
        self._best, self._waited = math.inf, 0
        self.losses: list[float] = []
        self.scores: list[float] = []
        self.converged = False

    def __call__(self, record: EpochRecord) -> None:
        """Take in an epoch that has ended."""
        if record.epoch == 0 or record.epoch != int(record.epoch):
            return
        self.losses.append(self._mean_loss())
        if self._estimator.verbose:
            print(f"Iteration {len(self.losses)}, loss = {self.losses[-1]:.8f}")
        stopping = self._trainer.stopping
        if stopping is None:
            better = self.losses[-1] <= self._best - self._estimator.tol
            self._waited = 0 if better else self._waited + 1
            self._best = min(self._best, self.losses[-1])
            waited = self._waited
        else:
            self.scores.append(self._score(record))
            waited = stopping.waited
            if self._estimator.verbose:
                print(f"Validation score: {self.scores[-1]:.6f}")
        if waited > self._estimator.n_iter_no_change:
            self._slow_down_or_stop()

    def _slow_down_or_stop(self) -> None:
        optimizer = self._trainer.optimizer
        if self._estimator.learning_rate == "adaptive" and optimizer.learning_rate > SLOWEST:
            optimizer.learning_rate /= 5
            self._waited = 0
            if self._trainer.stopping is not None:
                self._trainer.stopping.waited = 0
        else:
            self.converged = True
            self._trainer.stop()

    def _mean_loss(self) -> float:
        """Return the mean over the samples of the last epoch, whose last batch may be small."""
        trainer = self._trainer
        losses = trainer.history.train_loss[-trainer.iterations_per_epoch :]
        samples, size = len(trainer.train_samples), trainer.batch_size
        last = samples - size * (len(losses) - 1)
        return (sum(losses[:-1]) * size + losses[-1] * last) / samples
