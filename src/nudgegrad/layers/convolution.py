"""Convolution: the same few weights at every place of a picture."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from nudgegrad.arrays import Array, Units, namespace
from nudgegrad.layers.initializers import standard_deviation
from nudgegrad.layers.layer import Layer, Shape, unit_rows, whole_rows
from nudgegrad.layers.pictures import Window, check_pair, check_picture
from nudgegrad.validation import ParameterError, check_integer

__all__ = ["Conv2D"]


class Conv2D(Layer):
    """y[o] = b[o] + Σ_i W[o, i] ⋆ x[i]: each output channel correlates all input channels.

    Parameters ``W`` (out_channels, in_channels, height, width) and ``b`` (out_channels,). Rows are
    pictures (channels, height, width), channel by channel; the network must be told their shape,
    ``Network(…, input_shape=(1, 28, 28))``.

    Parameters
    ----------
    in_channels, out_channels
        Channels in and out.
    kernel_size
        Height and width of the kernels, or one number for both.
    stride
        How far a kernel moves at a time.
    padding
        How many zeros are put around the pictures.
    weight_init_std
        As for `Affine`; the inputs of a unit are in_channels·height·width.

    Notes
    -----
    As in PyTorch's ``Conv2d``, whose parameters have the same shapes. Patches become columns
    (*im2col*, *Deep Learning from Scratch*, section 7.4), so that forward pass and difference are
    one matrix product.
    """

    linear_in_parameters = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        *,
        stride: int = 1,
        padding: int = 0,
        weight_init_std: float | str | None = None,
    ) -> None:
        self.in_channels = check_integer("in_channels", in_channels, 1)
        self.out_channels = check_integer("out_channels", out_channels, 1)
        self.kernel_size = check_pair("kernel_size", kernel_size)
        self.stride = check_integer("stride", stride, 1)
        self.padding = check_integer("padding", padding, 0)
        inputs = self.in_channels * math.prod(self.kernel_size)
        self.weight_init_std = standard_deviation(weight_init_std, inputs)
        self._window: Window | None = None

    def __repr__(self) -> str:
        height, width = self.kernel_size
        size = str(height) if height == width else f"({height}, {width})"
        more = f", stride={self.stride}" if self.stride != 1 else ""
        more += f", padding={self.padding}" if self.padding else ""
        return f"Conv2D({self.in_channels}, {self.out_channels}, {size}{more})"

    def connect(self, shape: Shape | None) -> Shape:
        """Return (out_channels, height, width) of what leaves."""
        picture = check_picture(shape, self.kernel_size, self.padding)
        if picture[0] != self.in_channels:
            raise ParameterError(
                f"takes {self.in_channels} channels, but what comes in has {picture[0]}, as {shape}"
            )
        self._window = Window(picture, self.kernel_size, self.stride, self.padding)
        left = (self.out_channels, *self._window.places)
        self.input_size, self.output_size = math.prod(picture), math.prod(left)
        return left

    @property
    def window(self) -> Window:
        """The kernels' window on the pictures that come in."""
        if self._window is None:
            raise ParameterError(
                f"{self!r} must know the shape of its pictures: put it into a network, with "
                "input_shape=(channels, height, width), or call connect(shape)"
            )
        return self._window

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw W from a normal distribution, set b to zero."""
        size = (self.out_channels, self.in_channels, *self.kernel_size)
        self.params["W"] = self.weight_init_std * rng.standard_normal(size)
        self.params["b"] = np.zeros(self.out_channels)

    def forward(self, x: Array) -> Array:
        """Return W ⋆ x + b."""
        xp = namespace(x)
        sums = xp.reshape(self._correlate(x, self.params["W"]), (x.shape[0], self.out_channels, -1))
        return xp.reshape(sums + self.params["b"][:, None], (x.shape[0], -1))

    def difference(self, x: Array, y: Array, d: Array) -> Array:
        """Δy = W ⋆ d."""
        return self._rows(d, self.params["W"])

    def magnitude(self, x: Array, y: Array, m: Array) -> Array:
        """Return |W| ⋆ m."""
        return self._rows(m, namespace(m).abs(self.params["W"]))

    def fan_out(self, x: Array, y: Array, d: Array, units: Units, rule: str) -> Array:
        """Return d_j·(W ⋆ e_j): the pattern that one cell makes, times its nudge."""
        weights = self.params["W"]
        weights = weights if rule == "difference" else namespace(d).abs(weights)
        return d[..., None] * self._correlate(unit_rows(d, units, x.shape[-1]), weights)

    def partial(self, x: Array, y: Array, d: Array, units: slice, rule: str) -> tuple[Array, slice]:
        """Return the correlation with the kernels of the channels that move."""
        width = x.shape[-1]
        cells = width // self.in_channels
        start, stop, _ = units.indices(width)
        if start % cells or stop % cells:
            d, start, stop = whole_rows(d, units, width), 0, width
        weights = self.params["W"][:, start // cells : stop // cells, ...]
        weights = weights if rule == "difference" else namespace(d).abs(weights)
        return self._rows(d, weights), slice(None)

    def linear_nudges(self, x: Array) -> Iterator[tuple[str, slice, Array]]:
        """Yield what moves: a nudge s of an entry of W[o] moves channel o by s times its input.

        That input is what the entry's cell of the window sees, at every place.
        """
        xp = namespace(x)
        patches = self.window.patches(x)
        places = patches.shape[-1]
        patches = xp.reshape(patches, (x.shape[0], -1, places))
        for o in range(self.out_channels):
            units = slice(o * places, (o + 1) * places)
            yield "W", units, patches
            yield "b", units, xp.ones_like(patches[:, :1, :])

    def backward(self, x: Array, y: Array, dy: Array) -> Array:
        """Return the kernels, laid where they were, times dy, added up."""
        xp = namespace(dy)
        weights = xp.reshape(self.params["W"], (self.out_channels, -1))
        columns = weights.T @ xp.reshape(dy, (dy.shape[0], self.out_channels, -1))
        cells = math.prod(self.kernel_size)
        shape = (dy.shape[0], self.in_channels, cells, columns.shape[-1])
        return self.window.gather(xp.reshape(columns, shape))

    def parameter_gradient(self, x: Array, y: Array, dy: Array) -> dict[str, Array]:
        """Return the correlation of x and dy for W, and Σ dy of each channel for b."""
        xp = namespace(dy)
        patches = self.window.patches(x)
        patches = xp.reshape(patches, (x.shape[0], -1, patches.shape[-1]))
        slopes = xp.reshape(dy, (dy.shape[0], self.out_channels, -1))
        by_weight = xp.tensordot(slopes, patches, axes=((0, 2), (0, 2)))
        shape = tuple(self.params["W"].shape)
        return {"W": xp.reshape(by_weight, shape), "b": xp.sum(slopes, axis=(0, 2))}

    def _rows(self, d: Array, weights: Array) -> Array:
        """Correlate rows with any number of axes of nudges between samples and features."""
        flat = self._correlate(namespace(d).reshape(d, (-1, d.shape[-1])), weights)
        return namespace(d).reshape(flat, (*tuple(d.shape[:-1]), flat.shape[-1]))

    def _correlate(self, rows: Array, weights: Array) -> Array:
        """Return W ⋆ x without b: (n, features) → (n, out_channels·places)."""
        xp = namespace(rows)
        patches = self.window.patches(rows)
        columns = xp.reshape(patches, (rows.shape[0], -1, patches.shape[-1]))
        sums = xp.reshape(weights, (self.out_channels, -1)) @ columns
        return xp.reshape(sums, (rows.shape[0], -1))
