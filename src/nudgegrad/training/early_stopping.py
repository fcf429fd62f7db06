"""Early stopping: the best parameters so far by samples that are held out, and when to stop.

Source: L. Prechelt, *Early stopping, but when?*, 1998.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.network import Network
from nudgegrad.training.history import EpochRecord
from nudgegrad.validation import ParameterError, check_choice, check_integer, check_real

__all__ = ["MONITORS", "EarlyStopping", "hold_out", "how_many", "make_stopping"]

MONITORS = ("loss", "accuracy")


def how_many(samples: int, fraction: float) -> int:
    """Return how many samples a fraction of them holds out: one or more, not all; or 0 for 0."""
    return 0 if fraction == 0 else min(max(1, round(fraction * samples)), samples - 1)


def hold_out(samples: int, fraction: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the numbers of the samples to hold out, `how_many` of them in ascending order.

    Parameters
    ----------
    samples
        How many there are; two or more, unless the fraction is 0.
    fraction
        The share of them that is held out.
    rng
        What draws them.
    """
    if fraction and samples < 2:
        raise ParameterError(
            f"validation_fraction must be 0 for {samples} training sample; there must be two or "
            "more to hold one out"
        )
    return np.sort(rng.permutation(samples)[: how_many(samples, fraction)])


def make_stopping(
    fraction: float, monitor: str, patience: int | None, min_delta: float
) -> EarlyStopping | None:
    """Return what watches a training, or None where no samples are held out."""
    check_real("validation_fraction", fraction, low=0, below=1)
    stopping = EarlyStopping(monitor, patience, min_delta)
    if patience is not None and fraction == 0:
        raise ParameterError(
            "validation_fraction must be above 0 where patience is told, got 0; 0.1 holds a tenth "
            "of the training samples out"
        )
    return None if fraction == 0 else stopping


class EarlyStopping:
    """Watches a training from epoch to epoch.

    Parameters
    ----------
    monitor
        ``"loss"`` or ``"accuracy"`` of the samples held out.
    patience
        After so many epochs in a row without an improvement it is time to stop; None: never.
    min_delta
        How much better than the best so far counts as an improvement. Parameters that are better
        by less are kept all the same.

    Attributes
    ----------
    parameters : dict of str to array
        Copies of the best so far; empty before the first epoch.
    value : float
        The loss that goes with them, or minus the accuracy; infinite before the first epoch.
    iteration : int or None
        When they were reached.
    waited : int
        Epochs since the last improvement.
    latest : dict of str to array
        Copies of the latest, between an end that gave the network the best and going on.
    """

    def __init__(
        self, monitor: str = "loss", patience: int | None = None, min_delta: float = 0.0
    ) -> None:
        self.monitor = check_choice("monitor", monitor, MONITORS)
        if patience is not None:
            check_integer("patience", patience, 1)
        self.patience = patience
        self.min_delta = check_real("min_delta", min_delta, low=0)
        self.parameters: dict[str, NDArray[Any]] = {}
        self.value = math.inf
        self.iteration: int | None = None
        self.waited = 0
        self.latest: dict[str, NDArray[Any]] = {}

    @property
    def exhausted(self) -> bool:
        """Whether it is time to stop."""
        return self.patience is not None and self.waited >= self.patience

    def take(self, record: EpochRecord, network: Network) -> None:
        """Take in an epoch's record, and keep the network's parameters if they are the best."""
        value = self._value(record)
        self.waited = 0 if value < self.value - self.min_delta else self.waited + 1
        if value < self.value:
            self.value, self.iteration = value, record.iteration
            self.parameters = _copies(network)

    def finish(self, record: EpochRecord, network: Network, end_counts: bool) -> int | None:
        """At an end, give the network its best parameters; return when they were reached.

        An end between two epochs counts here, unless told otherwise, and only here: a run that
        goes on from it equals one that was never stopped there.
        """
        if end_counts and self._value(record) < self.value:
            return record.iteration
        if self.parameters and self.iteration != record.iteration:
            self.latest = _copies(network)
            _put(self.parameters, network)
        return self.iteration

    def go_on(self, network: Network) -> None:
        """Give the network its latest parameters back."""
        _put(self.latest, network)
        self.latest = {}

    def reason(self) -> str:
        """Return in a line why it is time to stop."""
        return (
            f"stopped early: the validation {self.monitor} has not improved for {self.waited} "
            f"epochs; the parameters are those after iteration {self.iteration}, its best"
        )

    def _value(self, record: EpochRecord) -> float:
        """Return what is to become small; infinite where it was not measured or overflowed."""
        told = getattr(record, f"validation_{self.monitor}")
        if told is None or math.isnan(told):
            return math.inf
        return float(told) if self.monitor == "loss" else -float(told)


def _copies(network: Network) -> dict[str, NDArray[Any]]:
    return {
        name: array.copy() for name, array in [*network.params.items(), *network.buffers.items()]
    }


def _put(parameters: dict[str, NDArray[Any]], network: Network) -> None:
    for name, array in parameters.items():
        if name in network.params:
            network.params[name] = array
        else:
            network.buffers[name] = array
