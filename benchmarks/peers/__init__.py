"""Other ways of training, each run as its own documentation says, behind one small interface.

A module of this package imports its library only when a peer is made, so that a library that is not
installed costs nothing but a line that says so.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nudgegrad.data import Dataset, as_inputs

__all__ = ["Peer", "Task", "batches"]

MEAN, DEVIATION = 0.1307, 0.3081  # of MNIST's pixels, as its users write them


@dataclass(frozen=True, eq=False)
class Task:
    """What every contender is given: the data, the network's size and a seed.

    Attributes
    ----------
    data
        Bytes and labels.
    hidden
        Units of the hidden layer; they are ReLU everywhere.
    seed
        Of starting weights and batches.
    """

    data: Dataset
    hidden: int = 128
    seed: int = 0

    @property
    def network(self) -> str:
        """Return the network in a few words."""
        return f"{self.data.features}-{self.hidden}-{self.data.classes} ReLU"

    def inputs(self, part: str, *, standardize: bool = False) -> NDArray[np.float32]:
        """Return float32 rows, bytes over 255, of ``"train"`` or ``"test"``.

        Parameters
        ----------
        part
            ``"train"`` or ``"test"``.
        standardize
            Take off the mean and divide by the standard deviation, where a peer's examples do.
        """
        rows = as_inputs(getattr(self.data, f"x_{part}"), np.float32)
        if standardize:
            rows = (rows - np.float32(MEAN)) / np.float32(DEVIATION)
        return rows

    def labels(self, part: str) -> NDArray[np.int64]:
        """Return the labels, an array that may be written to, of ``"train"`` or ``"test"``."""
        return np.array(getattr(self.data, f"t_{part}"))


class Peer(ABC):
    """One way of training the task's network.

    Making a peer prepares the data; `reset` makes the network. So the same peer can be warmed up,
    compiled code and all, and then start anew.

    Attributes
    ----------
    name, library, distribution, kind
        What it is called in tables; the library; what it is called in the package index; and what
        it learns from: ``"numerical gradient"``, ``"finite differences"``, ``"random directions"``,
        ``"evolution"``, ``"optimal transport"`` or ``"backprop"``.
    scheduled
        Whether its settings change over the run, by the share of it that is `done`. Such a peer
        runs anew for every length of training.
    threads
        Counts of threads to choose from, the faster one wins; empty if the library chooses.
    """

    name: ClassVar[str]
    library: ClassVar[str]
    distribution: ClassVar[str]
    kind: ClassVar[str]
    scheduled: ClassVar[bool] = False
    threads: tuple[int, ...] = ()

    def __init__(self, task: Task) -> None:
        self.task = task

    @property
    def version(self) -> str:
        """Return the library's version."""
        return version(self.distribution)

    def set_threads(self, threads: int) -> None:
        """Use so many threads from now on."""
        raise TypeError(f"{type(self).__name__} has threads to choose from but no set_threads")

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """Return what it is run with, as JSON holds it."""

    @abstractmethod
    def reset(self) -> None:
        """Start from new weights."""

    @abstractmethod
    def step(self, done: float) -> int:
        """Do some work, its results complete when this returns.

        Parameters
        ----------
        done
            The share of the run's time that is used up, from 0 to 1.

        Returns
        -------
        int
            How many updates of the parameters it was.
        """

    @abstractmethod
    def accuracy(self) -> float:
        """Return the share of test samples that are classified correctly."""


def batches(rng: np.random.Generator, samples: int, size: int) -> Iterator[NDArray[np.int64]]:
    """Yield rows of one batch after another, every epoch in a new order, without end."""
    while True:
        order = rng.permutation(samples)
        for start in range(0, samples - size + 1, size):
            yield order[start : start + size]
