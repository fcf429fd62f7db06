"""Max-pooling: the largest cell of each window stands for all of them."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from nudgegrad.arrays import Array, Units, align, namespace, on_device_of, take_units
from nudgegrad.layers.layer import Layer, Shape, whole_rows
from nudgegrad.layers.pictures import Window, check_pair, check_picture
from nudgegrad.validation import ParameterError, check_integer

__all__ = ["MaxPool2D"]


class MaxPool2D(Layer):
    """y = max of the cells that a window sees, channel by channel, at every place.

    Where windows do not overlap, a nudge of one cell moves one output at most: it stays a nudge of
    one unit. With m the next to the largest cell of its window, the output moves by

        max( d, m − y )            if the cell is the largest
        max( (x − y) + d, 0 )      if it is not

    Several cells may be the largest: all windows on the empty part of a picture see the same, so
    that the cells of the layer before are equal, whatever its weights. Then these move together.
    Nudged apart, each of n of them would move the output up and none of them down, and the slopes
    would add up to n/2. So each has its share of what they do together, max(d, m − y)/n.

    Parameters
    ----------
    kernel_size
        Height and width of the window, or one number for both.
    stride
        How far it moves at a time; None takes the window's size, which must then be a square.
        Cells at the right and at the bottom that no whole window covers are left out.

    Notes
    -----
    As in PyTorch's ``MaxPool2d``; `backprop` gives the slope to the first of the largest cells.
    """

    def __init__(self, kernel_size: int | tuple[int, int], *, stride: int | None = None) -> None:
        self.kernel_size = check_pair("kernel_size", kernel_size)
        if stride is None:
            if self.kernel_size[0] != self.kernel_size[1]:
                raise ParameterError(
                    f"stride must be given for windows that are no squares, got {kernel_size}"
                )
            stride = self.kernel_size[0]
        self.stride = check_integer("stride", stride, 1)
        self._window: Window | None = None

    def __repr__(self) -> str:
        height, width = self.kernel_size
        size = str(height) if height == width else f"({height}, {width})"
        usual = self.stride == height == width
        return f"MaxPool2D({size})" if usual else f"MaxPool2D({size}, stride={self.stride})"

    @property
    def keeps_units(self) -> bool:
        """Whether windows do not overlap."""
        return self.stride >= max(self.kernel_size)

    @property
    def window(self) -> Window:
        """The window on the pictures that come in."""
        if self._window is None:
            raise ParameterError(
                f"{self!r} must know the shape of its pictures: put it into a network, with "
                "input_shape=(channels, height, width), or call connect(shape)"
            )
        return self._window

    def connect(self, shape: Shape | None) -> Shape:
        """Return (channels, height, width) of what leaves."""
        picture = check_picture(shape, self.kernel_size, 0)
        self._window = Window(picture, self.kernel_size, self.stride)
        left = (picture[0], *self._window.places)
        self.input_size, self.output_size = math.prod(picture), math.prod(left)
        if self.keeps_units:
            self._place, self._others = _companions(self._window)
        return left

    def forward(self, x: Array) -> Array:
        """Return the largest cell at every place."""
        largest = namespace(x).max(self.window.patches(x), axis=2)
        return namespace(x).reshape(largest, (x.shape[0], -1))

    def difference(self, x: Array, y: Array, d: Array) -> Array:
        """max(x + d) − y = max( (x − y) + d ): what lies below the maximum, and its change."""
        xp = namespace(d)
        lead = tuple(d.shape[:-1])
        moved = self._cells_of(d) + (self._cells_of(x) - self._places_of(y))
        return xp.reshape(xp.max(moved, axis=-2), (*lead, -1))

    def difference_apart(self, x: Array, y: Array, d: Array) -> Array:
        """Return the mean over the largest cells, each raised to what a smaller one becomes."""
        xp = namespace(d)
        below = self._cells_of(x) - self._places_of(y)
        largest, moves = xp.broadcast_arrays(below == 0, self._cells_of(d))
        nothing = xp.full_like(moves, -xp.inf)
        passing = xp.max(xp.where(largest, nothing, moves + below), axis=-2, keepdims=True)
        raised = xp.where(largest, xp.maximum(moves, passing), xp.zeros_like(moves))
        count = xp.sum(xp.astype(largest, d.dtype), axis=-2)
        return xp.reshape(xp.sum(raised, axis=-2) / count, (*tuple(d.shape[:-1]), -1))

    def magnitude(self, x: Array, y: Array, m: Array) -> Array:
        """Return the difference for +m."""
        return self.difference(x, y, m)

    def carry(self, x: Array, y: Array, d: Array, units: Units, rule: str) -> tuple[Array, Units]:
        """Return the change of the output of each cell's window, as the class has it."""
        xp = namespace(d)
        place = self._place[units]
        outside = on_device_of(d, place < 0)
        place = np.where(place < 0, 0, place)
        largest = take_units(y, place)
        below = take_units(x, units) - largest
        moved = below + d
        others = self._others[units]
        if others.shape[1]:
            beside = xp.reshape(take_units(x, others.reshape(-1)), (x.shape[0], *others.shape))
            beside = beside - largest[..., None]
            equal = beside == 0
            lower = xp.max(xp.where(equal, xp.full_like(beside, -xp.inf), beside), axis=-1)
            share = 1 + xp.sum(xp.astype(equal, d.dtype), axis=-1)
            zeros = xp.zeros_like(moved)
            moved = xp.where(below == 0, xp.maximum(moved, lower) / share, xp.maximum(moved, zeros))
        return xp.where(outside, xp.zeros_like(moved), moved), place

    def partial(self, x: Array, y: Array, d: Array, units: slice, rule: str) -> tuple[Array, slice]:
        """Return the changes of the channels that move."""
        channels, height, width = self.window.shape
        cells, places = height * width, math.prod(self.window.places)
        start, stop, _ = units.indices(channels * cells)
        if start % cells or stop % cells:
            d, start, stop = whole_rows(d, units, channels * cells), 0, channels * cells
        left = slice(start // cells * places, stop // cells * places)
        x, y = (align(part, d.ndim) for part in (x[:, start:stop], y[:, left]))
        return getattr(self, rule)(x, y, d), left

    def backward(self, x: Array, y: Array, dy: Array) -> Array:
        """Return dy at the largest cell of each window, zero elsewhere, added up."""
        xp = namespace(dy)
        patches = self.window.patches(x)
        first = xp.argmax(patches, axis=2)[:, :, None, :]
        cells = xp.reshape(xp.arange(patches.shape[2]), (1, 1, -1, 1))
        at = xp.astype(cells == first, dy.dtype)
        slopes = xp.reshape(dy, (dy.shape[0], patches.shape[1], 1, patches.shape[3]))
        return self.window.gather(at * slopes)

    def _cells_of(self, rows: Array) -> Array:
        """Return patches: (samples, …, features) → (samples, …, channels, cells, places)."""
        xp = namespace(rows)
        patches = self.window.patches(xp.reshape(rows, (-1, rows.shape[-1])))
        return xp.reshape(patches, (*tuple(rows.shape[:-1]), *tuple(patches.shape[1:])))

    def _places_of(self, rows: Array) -> Array:
        """Return outputs that stand beside patches: (…, channels, 1, places)."""
        shape = (*tuple(rows.shape[:-1]), -1, 1, math.prod(self.window.places))
        return namespace(rows).reshape(rows, shape)


def _companions(window: Window) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return, of each input unit, the output of its window (−1: none), and the other cells there.

    Shapes (units,) and (units, cells − 1).
    """
    numbers = np.moveaxis(window.numbers(), 1, 2).reshape(-1, math.prod(window.size))
    outputs, cells = numbers.shape
    units = math.prod(window.shape)
    place = np.full(units, -1, dtype=np.intp)
    others = np.zeros((units, cells - 1), dtype=np.intp)
    for q in range(cells):
        place[numbers[:, q]] = np.arange(outputs)
        others[numbers[:, q]] = np.delete(numbers, q, axis=1)
    return place, others
