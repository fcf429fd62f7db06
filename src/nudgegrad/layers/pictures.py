"""Rows seen as pictures, and the patches that a window cuts out of them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nudgegrad.arrays import Array, namespace
from nudgegrad.layers.layer import Shape
from nudgegrad.validation import ParameterError, check_integer

__all__ = ["Window", "check_pair", "check_picture"]


class Window(NamedTuple):
    """A window that moves over pictures.

    Attributes
    ----------
    shape : (channels, height, width)
        Of the pictures.
    size : (height, width)
        Of the window.
    stride : int
        How far it moves at a time.
    padding : int
        How many zeros are put around the pictures.
    """

    shape: tuple[int, int, int]
    size: tuple[int, int]
    stride: int
    padding: int = 0

    @property
    def places(self) -> tuple[int, int]:
        """How many places the window takes, down and across."""
        _, height, width = self.shape
        return (
            (height + 2 * self.padding - self.size[0]) // self.stride + 1,
            (width + 2 * self.padding - self.size[1]) // self.stride + 1,
        )

    def patches(self, rows: Array) -> Array:
        """Return what the window sees: (n, channels·height·width) → (n, channels, cells, places).

        The channels are those that the rows have, which may be fewer than the pictures'.
        """
        xp = namespace(rows)
        _, height, width = self.shape
        down, across = self.places
        pictures = xp.reshape(rows, (rows.shape[0], -1, height, width))
        channels = pictures.shape[1]
        if self.padding:
            pictures = _pad(pictures, self.padding)
        cells = [pictures[:, :, rows_, columns] for rows_, columns in self._cells()]
        patches = xp.stack(cells, axis=2)
        return xp.reshape(patches, (rows.shape[0], channels, len(cells), down * across))

    def gather(self, patches: Array) -> Array:
        """Add patches up where they came from, the adjoint of `patches`."""
        xp = namespace(patches)
        count, channels, cells, _ = patches.shape
        _, height, width = self.shape
        patches = xp.reshape(patches, (count, channels, cells, *self.places))
        padded = (count, channels, height + 2 * self.padding, width + 2 * self.padding)
        sums = xp.zeros(padded, dtype=patches.dtype, device=getattr(patches, "device", None))
        for q, (rows, columns) in enumerate(self._cells()):
            sums[:, :, rows, columns] += patches[:, :, q, :, :]
        inside = slice(self.padding, self.padding + height)
        pictures = sums[:, :, inside, self.padding : self.padding + width]
        return xp.reshape(pictures, (count, channels * height * width))

    def numbers(self) -> NDArray[np.intp]:
        """Return the unit that each cell of each place is: (channels, cells, places)."""
        units = np.arange(int(np.prod(self.shape)))[None, :]
        found: NDArray[np.intp] = self._replace(padding=0).patches(units)[0]
        return found

    def _cells(self) -> list[tuple[slice, slice]]:
        """Return, for each cell of the window, the pixels that it is put on."""
        down, across = self.places
        step = self.stride
        return [
            (slice(a, a + step * (down - 1) + 1, step), slice(b, b + step * (across - 1) + 1, step))
            for a in range(self.size[0])
            for b in range(self.size[1])
        ]


def check_pair(name: str, value: Any) -> tuple[int, int]:
    """Return a size as (height, width), given so or as one number for both."""
    if isinstance(value, (tuple, list)) and len(value) == 2:
        height, width = (check_integer(name, part, 1) for part in value)
        return height, width
    return (check_integer(name, value, 1),) * 2


def check_picture(shape: Shape | None, size: tuple[int, int], padding: int) -> tuple[int, int, int]:
    """Return the shape of pictures that a window of this size fits into, or raise."""
    if shape is None:
        raise ParameterError(
            "must know the shape of what comes in: give the network input_shape=(channels, "
            "height, width)"
        )
    if len(shape) != 3:
        raise ParameterError(f"takes pictures (channels, height, width), got samples of {shape}")
    channels, height, width = shape
    if height + 2 * padding < size[0] or width + 2 * padding < size[1]:
        raise ParameterError(
            f"takes pictures of at least {size[0]}×{size[1]} with their padding, got {shape}"
        )
    return channels, height, width


def _pad(pictures: Array, padding: int) -> Array:
    """Put zeros around pictures."""
    xp = namespace(pictures)
    count, channels, height, width = pictures.shape
    device = getattr(pictures, "device", None)
    side = xp.zeros((count, channels, height, padding), dtype=pictures.dtype, device=device)
    pictures = xp.concat([side, pictures, side], axis=3)
    shape = (count, channels, padding, width + 2 * padding)
    line = xp.zeros(shape, dtype=pictures.dtype, device=device)
    return xp.concat([line, pictures, line], axis=2)
