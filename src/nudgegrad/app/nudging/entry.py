"""One weight or bias of a network, addressed by the unit that it belongs to.

A unit is what has weights of its own: a column of an affine layer's weights, or a kernel, whose
outputs are one at every place of a picture. The shape of the parameter says which.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.layers import Layer, named_parameters
from nudgegrad.network import Network

__all__ = ["Entry", "by_unit", "entry_of", "moved", "units_of"]

Shape = tuple[int, ...]


def units_of(shape: Shape) -> int:
    """Return how many units a parameter of this shape belongs to."""
    return shape[0] if len(shape) > 2 else shape[-1]


def by_unit(array: NDArray[Any]) -> NDArray[Any]:
    """Return a parameter as (units, weights of one): kernels first, biases one each."""
    return array.reshape(len(array), -1) if array.ndim > 2 else np.atleast_2d(array).T


@dataclass(frozen=True)
class Entry:
    """One weight or bias.

    Attributes
    ----------
    name
        Of the parameter: W1, b1, …
    unit
        The unit that it moves.
    source
        Which of the unit's weights it is: the input that it multiplies, or its place in a kernel,
        line by line and channel by channel; None for a bias.
    kernel
        (channels, height, width) of a kernel; empty where a unit has a weight for each input.
    """

    name: str
    unit: int
    source: int | None = None
    kernel: Shape = ()

    @property
    def place(self) -> tuple[int, ...]:
        """Channel, row and column in a kernel; empty where there is none."""
        if self.source is None or not self.kernel:
            return ()
        return tuple(map(int, np.unravel_index(self.source, self.kernel)))

    @property
    def index(self) -> tuple[int, ...]:
        """Its place in the parameter's array."""
        if self.source is None:
            return (self.unit,)
        return (self.unit, *self.place) if self.kernel else (self.source, self.unit)

    def layer(self, network: Network) -> int:
        """Return the place of its layer in the network."""
        owner = named_parameters(network.layers)[self.name][0]
        return next(k for k, layer in enumerate(network.layers) if layer is owner)

    def value(self, network: Network) -> float:
        """Return its value."""
        return float(network.params[self.name][self.index])

    def moves(self, layers: Sequence[Layer], x: NDArray[Any]) -> tuple[NDArray[Any], slice]:
        """Return how far its layer's outputs move for a nudge of 1, and which of them do.

        Its layer is linear in its parameters, so that is the output with this one alone.

        Parameters
        ----------
        layers
            Of the network.
        x : (samples, features) array
            The input of its layer.

        Returns
        -------
        moves, units
            A (samples, places) array: an affine unit is at one place, a kernel at many.
        """
        owner, own = named_parameters(list(layers))[self.name]
        alone = copy.copy(owner)
        alone.params = {name: np.zeros_like(array) for name, array in owner.params.items()}
        alone.params[own][self.index] = 1
        outputs = alone.forward(x)
        places = outputs.shape[1] // units_of(owner.params[own].shape)
        units = slice(self.unit * places, (self.unit + 1) * places)
        return outputs[:, units], units

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(map(str, self.index))}]"


def entry_of(name: str, array: NDArray[Any], unit: int, source: int | None) -> Entry:
    """Return an entry of a parameter, the nearest one where there is none with these numbers."""
    kernel = array.shape[1:] if array.ndim > 2 else ()
    units = units_of(array.shape)
    unit = max(0, min(unit, units - 1))
    if array.ndim == 1:
        return Entry(name, unit)
    source = max(0, min(source or 0, math.prod(array.shape) // units - 1))
    return Entry(name, unit, source, kernel)


@contextmanager
def moved(network: Network, entry: Entry, by: float) -> Iterator[None]:
    """Move an entry of a network for the block, and restore it to its very bits."""
    array, saved = network.params[entry.name], network.params[entry.name][entry.index]
    array[entry.index] = saved + by
    try:
        yield
    finally:
        array[entry.index] = saved
