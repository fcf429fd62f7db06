"""Batch normalization: every feature brought to mean 0 and variance 1."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from nudgegrad.arrays import Array, Units, align, namespace, take_units
from nudgegrad.layers.layer import Layer, Shape, whole_rows
from nudgegrad.validation import ParameterError, check_integer, check_real

__all__ = ["BatchNorm"]


class BatchNorm(Layer):
    """y = gamma·(x − mean)/√(variance + epsilon) + beta, by feature, or by channel of pictures.

    Parameters ``gamma`` and ``beta`` (size,); buffers ``running_mean`` and ``running_var`` (size,).

    In a training step, mean and variance are those of the batch, and the running ones then move
    towards them. Elsewhere the running ones are taken, so that each sample stands for itself.

    A sample's output then depends on all samples of its batch, and one nudge reaches all of them:

    - `naive` need not know: it computes the batch's loss anew.
    - `weight` moves the layer's input for the whole batch at once, and takes the exact change of
      the normalized batch, mean and variance moving too.
    - `node` does so for every single unit of every sample before this layer. It costs as many
      batches as there are such units and samples; units after it are nudged as ever.
    - `backprop` has the derivative of mean and variance in it.

    Parameters
    ----------
    size
        Features of rows, or channels of pictures.
    momentum
        How far a training step moves the running mean and variance towards the batch's.
    epsilon
        Added to variances, against division by zero.

    Notes
    -----
    As PyTorch's ``BatchNorm1d`` and ``BatchNorm2d``: the batch's variance is divided by the number
    of values, and by one less on its way to the running one. Source: S. Ioffe and C. Szegedy,
    *Batch normalization*, 2015.
    """

    elementwise = True
    linear_in_parameters = True

    def __init__(self, size: int, *, momentum: float = 0.1, epsilon: float = 1e-5) -> None:
        self.size = check_integer("size", size, 1)
        self.momentum = check_real("momentum", momentum, low=0)
        if self.momentum > 1:
            raise ParameterError(f"momentum must be at most 1, got {momentum!r}")
        self.epsilon = check_real("epsilon", epsilon, above=0)
        self.cells = 1

    def __repr__(self) -> str:
        more = f", momentum={self.momentum:g}" if self.momentum != 0.1 else ""
        more += f", epsilon={self.epsilon:g}" if self.epsilon != 1e-5 else ""
        return f"BatchNorm({self.size}{more})"

    def connect(self, shape: Shape | None) -> Shape:
        """Return the shape that comes in, (size,) or (size, height, width)."""
        shape = (self.size,) if shape is None else shape
        if shape[0] != self.size:
            what = "features" if len(shape) == 1 else "channels"
            raise ParameterError(
                f"takes {self.size} {what}, but the layers before it give {shape[0]}, as {shape}"
            )
        self.cells = math.prod(shape[1:])
        self.input_size = self.output_size = math.prod(shape)
        return shape

    def initialize(self, rng: np.random.Generator) -> None:
        """Set gamma and the running variance to one, beta and the running mean to zero."""
        self.params.update(gamma=np.ones(self.size), beta=np.zeros(self.size))
        self.buffers.update(running_mean=np.zeros(self.size), running_var=np.ones(self.size))

    def prepare(self, x: Array, training_step: int) -> Layer:
        """Return the layer that takes the batch's mean and variance."""
        return _OfBatch(self, x)

    def forward(self, x: Array) -> Array:
        """Return gamma·(x − mean)/√(variance + epsilon) + beta."""
        return self.normalized(x) * self._by_unit("gamma") + self._by_unit("beta")

    def normalized(self, x: Array) -> Array:
        """Return (x − mean)/√(variance + epsilon): what gamma multiplies."""
        mean = self._spread(self.buffers["running_mean"])
        return (x - mean) / namespace(x).sqrt(self._variance())

    def difference(self, x: Array, y: Array, d: Array) -> Array:
        """Δy = d·gamma/√(variance + epsilon)."""
        return d * self._scale()

    def magnitude(self, x: Array, y: Array, m: Array) -> Array:
        """Return m·|gamma|/√(variance + epsilon)."""
        return m * namespace(m).abs(self._scale())

    def carry(self, x: Array, y: Array, d: Array, units: Units, rule: str) -> tuple[Array, Units]:
        """Return the difference with the scale of these units."""
        scale = take_units(self._scale(), units)
        return d * (scale if rule == "difference" else namespace(d).abs(scale)), units

    def partial(self, x: Array, y: Array, d: Array, units: slice, rule: str) -> tuple[Array, slice]:
        """Return the difference with the scale of these units."""
        return self.carry(x, y, d, units, rule)[0], units

    def linear_nudges(self, x: Array) -> Iterator[tuple[str, slice, Array]]:
        """Yield what moves: gamma moves its channel by the normalized input, beta by one."""
        xp = namespace(x)
        normalized = self.normalized(x)
        for c in range(self.size):
            units = slice(c * self.cells, (c + 1) * self.cells)
            moves = normalized[:, None, units]
            yield "gamma", units, moves
            yield "beta", units, xp.ones_like(moves)

    def backward(self, x: Array, y: Array, dy: Array) -> Array:
        """Return dy·gamma/√(variance + epsilon)."""
        return dy * self._scale()

    def parameter_gradient(self, x: Array, y: Array, dy: Array) -> dict[str, Array]:
        """Return Σ dy·(normalized x) for gamma and Σ dy for beta."""
        return {"gamma": self._sum(dy * self.normalized(x)), "beta": self._sum(dy)}

    def parameter_error(
        self, x: Array, y: Array, e: Array, *, secant: bool = False
    ) -> dict[str, Array]:
        """Return the same with sizes: what gamma multiplies is the normalized input."""
        size = namespace(x).abs(self.normalized(x))
        moves = size * (1 + size * size) if secant else size
        return {"gamma": self._sum(e * moves), "beta": self._sum(e)}

    def _scale(self) -> Array:
        return self._by_unit("gamma") / namespace(self.params["gamma"]).sqrt(self._variance())

    def _variance(self) -> Array:
        return self._spread(self.buffers["running_var"]) + self.epsilon

    def _by_unit(self, name: str) -> Array:
        return self._spread(self.params[name])

    def _spread(self, by_channel: Array) -> Array:
        """Return an array (size,) as one of all units."""
        if self.cells == 1:
            return by_channel
        xp = namespace(by_channel)
        whole = xp.broadcast_to(by_channel[:, None], (by_channel.shape[0], self.cells))
        return xp.reshape(whole, (-1,))

    def _sum(self, rows: Array) -> Array:
        """Sum over the samples, and each channel's cells: (samples, units) → (size,)."""
        xp = namespace(rows)
        return xp.sum(xp.reshape(rows, (rows.shape[0], self.size, self.cells)), axis=(0, 2))


class _OfBatch(BatchNorm):
    """Batch normalization in a training step: mean and variance are those of the batch.

    The difference rule, for changes d of a whole batch. With u = x − mean(x), e = d − mean(d), and
    s = √(mean(u²) + epsilon), s′ the same for u + e,

        Δ(u/s) = e/s′ − u·mean(e·(2u + e)) / (s·s′·(s + s′))

    because 1/s′ − 1/s = (s² − s′²) / (s·s′·(s + s′)).
    """

    elementwise = False
    mixes_samples = True

    def __init__(self, layer: BatchNorm, x: Array) -> None:
        self.__dict__.update(layer.__dict__)
        self._prepared_for = x

    def next_buffers(self) -> dict[str, Array]:
        """Return the running mean and variance, moved towards the batch's."""
        x = self._channels(self._prepared_for)
        xp = namespace(x)
        mean = xp.mean(x, axis=(0, 2), keepdims=True)
        count = x.shape[0] * x.shape[2]
        variance = xp.mean((x - mean) ** 2, axis=(0, 2)) * (count / max(1, count - 1))
        old, share = self.buffers, self.momentum
        return {
            "running_mean": old["running_mean"] * (1 - share) + share * mean[0, :, 0],
            "running_var": old["running_var"] * (1 - share) + share * variance,
        }

    def normalized(self, x: Array) -> Array:
        """Return (x − mean)/√(variance + epsilon)."""
        u, s = self._centred(self._channels(x))
        return namespace(x).reshape(u / s, tuple(x.shape))

    def difference(self, x: Array, y: Array, d: Array) -> Array:
        """Return gamma·(e/s′ − u·mean(e·(2u + e)) / (s·s′·(s + s′))), as the class has it."""
        return self._rule(x, d, self.params["gamma"], "difference")

    def magnitude(self, x: Array, y: Array, m: Array) -> Array:
        """Return |gamma| times both terms for e = m + mean(m), times 1 + max|x|/s: x is rounded."""
        return self._rule(x, m, self.params["gamma"], "magnitude")

    def carry(self, x: Array, y: Array, d: Array, units: Units, rule: str) -> tuple[Array, Units]:
        """Raise: a unit moves all of its batch, so that separate nudges fan out."""
        raise TypeError(f"{self!r} does not keep units")

    def partial(self, x: Array, y: Array, d: Array, units: slice, rule: str) -> tuple[Array, slice]:
        """Return the changes of the channels that move."""
        width = self.size * self.cells
        start, stop, _ = units.indices(width)
        if start % self.cells or stop % self.cells:
            d, start, stop = whole_rows(d, units, width), 0, width
        gamma = self.params["gamma"][start // self.cells : stop // self.cells]
        chosen = slice(start, stop)
        return self._rule(align(x[:, chosen], d.ndim), d, gamma, rule), chosen

    def backward(self, x: Array, y: Array, dy: Array) -> Array:
        """Return gamma/s·(dy − mean(dy) − u/s·mean(dy·u/s)), means over the batch."""
        xp = namespace(dy)
        u, s = self._centred(self._channels(x))
        slopes = self._channels(dy)
        means = xp.mean(slopes, axis=(0, -1), keepdims=True)
        along = xp.mean(slopes * u / s, axis=(0, -1), keepdims=True)
        result = self.params["gamma"][:, None] * (slopes - means - u / s * along) / s
        return xp.reshape(result, tuple(dy.shape))

    def _rule(self, x: Array, d: Array, gamma: Array, rule: str) -> Array:
        xp = namespace(d)
        u, s = self._centred(self._channels(x))
        d_, gamma = self._channels(d), gamma[:, None]
        if rule == "difference":
            e = d_ - xp.mean(d_, axis=(0, -1), keepdims=True)
            moved = xp.sqrt(xp.mean((u + e) ** 2, axis=(0, -1), keepdims=True) + self.epsilon)
            change = xp.mean(e * (2 * u + e), axis=(0, -1), keepdims=True)
            result = gamma * (e / moved - u * (change / (s * moved * (s + moved))))
        else:
            u, largest = xp.abs(u), xp.max(xp.abs(x))
            e = d_ + xp.mean(d_, axis=(0, -1), keepdims=True)
            change = xp.mean(e * (2 * u + e), axis=(0, -1), keepdims=True)
            terms = e / s + u * (change / (2 * s * s * s))
            result = xp.abs(gamma) * terms * (1 + largest / s)
        return xp.reshape(result, tuple(d.shape))

    def _centred(self, x: Array) -> tuple[Array, Array]:
        """Return u = x − mean and s = √(variance + epsilon), by channel."""
        xp = namespace(x)
        u = x - xp.mean(x, axis=(0, -1), keepdims=True)
        return u, xp.sqrt(xp.mean(u * u, axis=(0, -1), keepdims=True) + self.epsilon)

    def _channels(self, rows: Array) -> Array:
        """Return (samples, …, units) as (samples, …, channels, cells)."""
        return namespace(rows).reshape(rows, (*tuple(rows.shape[:-1]), -1, self.cells))
