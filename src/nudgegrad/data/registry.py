"""Data sets that have names, and where each of them is."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from nudgegrad.data.bundled import mnist
from nudgegrad.data.dataset import Dataset
from nudgegrad.data.digits import DIGITS
from nudgegrad.data.emnist import SPLITS
from nudgegrad.data.fetch import OnProgress, RemoteFile
from nudgegrad.data.idx_sets import FASHION_MNIST, KMNIST
from nudgegrad.validation import ParameterError

__all__ = ["NAMED", "Available", "NamedSet", "available", "names"]


class NamedSet(Protocol):
    """What a data set with a name can do; its own class says more."""

    @property
    def name(self) -> str:
        """By which it is loaded."""
        ...

    @property
    def classes(self) -> int:
        """How many classes there are."""
        ...

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """What each class is called; None where they are but numbers."""
        ...

    @property
    def pictures(self) -> str:
        """As of `Dataset`."""
        ...

    @property
    def files(self) -> tuple[RemoteFile, ...]:
        """What is downloaded, if anything is."""
        ...

    def find(self) -> Path | None:
        """Return where it lies on this machine, None if it does not."""
        ...

    def load(
        self, folder: Path | None, *, download: bool, on_progress: OnProgress | None
    ) -> Dataset:
        """Load it."""
        ...


@dataclass(frozen=True)
class _Mnist:
    """MNIST, which comes with the package."""

    name = "mnist"
    classes = 10
    class_names = None
    pictures = "ink"
    files: tuple[RemoteFile, ...] = ()

    def find(self) -> Path | None:
        """Return the folder in the package."""
        return Path(__file__).parent / "mnist"

    def load(
        self, folder: Path | None, *, download: bool, on_progress: OnProgress | None
    ) -> Dataset:
        """Load it."""
        if folder is not None:
            raise ParameterError(
                f"mnist comes with nudgegrad, not from a folder; load {str(folder)!r} by its path"
            )
        return mnist()


@dataclass(frozen=True)
class Available:
    """A data set that can be loaded by name.

    Attributes
    ----------
    name
    classes
        How many there are.
    class_names
        What each class is called; None where they are but numbers.
    location
        Where it lies on this machine, None if it does not.
    download_bytes
        How much is downloaded if it does not; 0: nothing can be.
    """

    name: str
    classes: int
    class_names: tuple[str, ...] | None
    location: Path | None
    download_bytes: int


_ENTRIES: tuple[NamedSet, ...] = (_Mnist(), FASHION_MNIST, KMNIST, *SPLITS, DIGITS)
NAMED = {entry.name: entry for entry in _ENTRIES}
"""Name → data set."""


def names() -> tuple[str, ...]:
    """Return the names of the data sets that `load` knows."""
    return tuple(NAMED)


def available() -> tuple[Available, ...]:
    """Return the data sets that `load` knows by name, and where they are; nothing is loaded."""
    return tuple(
        Available(
            entry.name, entry.classes, entry.class_names, entry.find(),
            sum(file.size for file in entry.files),
        )
        for entry in NAMED.values()
    )  # fmt: skip
