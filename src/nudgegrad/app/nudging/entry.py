"""One weight or bias of a network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.layers import named_parameters
from nudgegrad.network import Network

__all__ = ["Entry", "moved"]


@dataclass(frozen=True)
class Entry:
    """One weight or bias.

    Attributes
    ----------
    name
        Of the parameter: W1, b1, …
    unit
        Of the layer's outputs, the one that it moves.
    source
        The input that the weight multiplies; None for a bias.
    """

    name: str
    unit: int
    source: int | None = None

    @property
    def index(self) -> tuple[int, ...]:
        """Its place in the parameter's array."""
        return (self.unit,) if self.source is None else (self.source, self.unit)

    def layer(self, network: Network) -> int:
        """Return the place of its layer in the network."""
        owner = named_parameters(network.layers)[self.name][0]
        return next(k for k, layer in enumerate(network.layers) if layer is owner)

    def value(self, network: Network) -> float:
        """Return its value."""
        return float(network.params[self.name][self.index])

    def moves(self, x: NDArray[Any]) -> NDArray[Any]:
        """Return how far each sample's input sum moves for a nudge of 1: the input, or 1.

        Parameters
        ----------
        x : (samples, features) array
            The input of its layer.
        """
        return np.ones_like(x[:, 0]) if self.source is None else x[:, self.source]

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(map(str, self.index))}]"


@contextmanager
def moved(network: Network, entry: Entry, by: float) -> Iterator[None]:
    """Move an entry of a network for the block, and restore it to its very bits."""
    array, saved = network.params[entry.name], network.params[entry.name][entry.index]
    array[entry.index] = saved + by
    try:
        yield
    finally:
        array[entry.index] = saved
