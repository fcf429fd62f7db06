"""Dropout: in training, units are left out at random."""

from __future__ import annotations

import copy
import math

import numpy as np

from nudgegrad.arrays import Array, Units, align, namespace, on_device_of, take_units
from nudgegrad.layers.layer import Layer
from nudgegrad.layers.same import Same
from nudgegrad.validation import ParameterError, check_integer, check_real

__all__ = ["Dropout"]


class Dropout(Same):
    """In training, each unit of each sample is zero with probability p, else scaled by 1/(1 − p).

    Elsewhere y = x. The mask of a training step is drawn from the seed and the number of the step,
    and from nothing else: both sides of a difference, all four methods, and a training that was
    interrupted and resumed have the same masks.

    Parameters
    ----------
    p
        The probability, at least 0 and below 1.
    seed
        Of the masks. None takes one that follows from the network's seed.

    Notes
    -----
    Source: N. Srivastava et al., *Dropout: a simple way to prevent neural networks from
    overfitting*, 2014.
    """

    def __init__(self, p: float = 0.5, *, seed: int | None = None) -> None:
        self.p = check_real("p", p, low=0, below=1)
        self.seed = None if seed is None else check_integer("seed", seed, 0, 2**63 - 1)
        if self.seed is not None:
            self.buffers["seed"] = np.asarray(self.seed, dtype=np.int64)

    def __repr__(self) -> str:
        return f"Dropout({self.p:g}{'' if self.seed is None else f', seed={self.seed}'})"

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw the seed of the masks, if none was given."""
        if self.seed is None:
            self.buffers["seed"] = np.asarray(rng.integers(2**31), dtype=np.int64)

    def prepare(self, x: Array, training_step: int) -> Layer:
        """Return the layer with the step's mask."""
        if "seed" not in self.buffers:
            raise ParameterError(
                f"{self!r} must have a seed: give it one, or put it into a network"
            )
        rng = np.random.default_rng([int(self.buffers["seed"]), training_step])
        kept = rng.random(tuple(x.shape)) >= self.p
        xp = namespace(x)
        return _Masked(xp.astype(on_device_of(x, kept), x.dtype) / (1 - self.p))


class _Masked(Layer):
    """y = x·mask, with the mask of each unit of each sample."""

    elementwise = True

    def __init__(self, mask: Array) -> None:
        self.mask = mask

    def take(self, rows: Array | slice) -> Layer:
        """Return the layer with some samples' masks."""
        part = copy.copy(self)
        if isinstance(rows, slice):
            part.mask = self.mask[rows, ...]
        else:
            part.mask = namespace(self.mask).take(self.mask, rows, axis=0)
        return part

    def forward(self, x: Array) -> Array:
        """Return x·mask."""
        return x * self.mask

    def difference(self, x: Array, y: Array, d: Array) -> Array:
        """Δy = d·mask."""
        return d * align(self.mask, d.ndim)

    def magnitude(self, x: Array, y: Array, m: Array) -> Array:
        """Return m·mask."""
        return m * align(self.mask, m.ndim)

    def carry(self, x: Array, y: Array, d: Array, units: Units, rule: str) -> tuple[Array, Units]:
        """Return d·mask."""
        return d * take_units(self.mask, units), units

    def partial(self, x: Array, y: Array, d: Array, units: slice, rule: str) -> tuple[Array, slice]:
        """Return d·mask."""
        return d * align(self.mask[:, units], d.ndim), units

    def linear_piece(self, x: Array) -> tuple[Array, Array]:
        """Return the mask, everywhere."""
        return self.mask, math.inf * namespace(x).ones_like(x)

    def backward(self, x: Array, y: Array, dy: Array) -> Array:
        """Return dy·mask."""
        return dy * self.mask
