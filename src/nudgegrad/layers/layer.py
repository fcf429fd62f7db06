"""What every layer is: a forward pass, a difference rule, a backward pass."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nudgegrad.arrays import Array, Units, align, namespace, take_units
from nudgegrad.validation import ParameterError

__all__ = ["Layer", "Shape"]

Shape = tuple[int, ...]
"""The shape of one sample: (features,), or (channels, height, width) of a picture."""


class Layer:
    """A layer of a network. To write one's own, derive from it and define `forward`: that is all.

    A `difference` rule then adds speed and accuracy to `weight` and `node`, and `backward` (with
    `parameter_gradient`, if the layer has parameters) makes it work with `backprop`.

    Attributes
    ----------
    params : dict of str to array
        The layer's parameters, which `forward` reads anew each time. They are nudged and updated
        in place. An array of another dtype than the network's is replaced by a copy of its dtype.
    buffers : dict of str to array
        What a layer keeps beside them, and a checkpoint saves: no gradient is taken by it.
    elementwise : bool
        Whether each output depends on the input of the same index alone.
    linear_in_parameters : bool
        Whether the output is linear in all parameters, with `parameter_gradient` as the adjoint:
        what `node` asks for. A layer without it is nudged weight by weight by `node` too.
    mixes_samples : bool
        Whether a sample's output depends on the other samples of the batch.
    input_size, output_size : int or None
        Features that come in and go out, None where any number may.
    in_network : bool
        Whether a network has been made of it. A layer is for one network.
    """

    elementwise: ClassVar[bool] = False
    linear_in_parameters: ClassVar[bool] = False
    mixes_samples: ClassVar[bool] = False
    input_size: int | None = None
    output_size: int | None = None
    in_network: bool = False
    params: dict[str, Array]
    buffers: dict[str, Array]

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Layer:
        """Give every layer its `params`, also where a subclass forgets ``super().__init__()``."""
        layer = super().__new__(cls)
        layer.params = {}
        layer.buffers = {}
        return layer

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    @property
    def keeps_units(self) -> bool:
        """Whether each input moves one output at most, as `carry` has it.

        An elementwise layer with parameters, which may be one for each unit, must have a `carry`
        that takes some units alone.
        """
        return self.elementwise and (not self.params or type(self).carry is not Layer.carry)

    def connect(self, shape: Shape | None) -> Shape | None:
        """Take note of the shape in which a sample comes in, and return that in which it leaves.

        All activations are rows (samples, features); a layer that sees pictures in them is told
        their shape here, once, when the network is made. None is a shape that is not known.

        Raises
        ------
        ParameterError
            If the layer cannot take it; the message goes on from the layer's name.
        """
        if shape is not None and self.input_size is not None:
            features = math.prod(shape)
            if features != self.input_size:
                raise ParameterError(
                    f"takes {self.input_size} features, but the layers before it give {features}"
                    + (f", as {shape}" if len(shape) > 1 else "")
                )
        if self.output_size is not None:
            return (self.output_size,)
        return shape if self.elementwise else None

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw starting values for the parameters (float64). By default they stay as they are."""

    def prepare(self, x: Array, training_step: int) -> Layer:
        """Return the function that this layer is in one step of a training: by default, itself.

        Parameters
        ----------
        x : (samples, features) array
            What comes in.
        training_step
            The number of the step. The same number gives the same function.
        """
        return self

    def take(self, rows: Array | slice) -> Layer:
        """Return the layer for some samples only, of those that it was prepared for."""
        return self

    def next_buffers(self) -> dict[str, Array]:
        """Return what a prepared layer's step makes of the buffers."""
        return {}

    def forward(self, x: Array) -> Array:
        """Return the output for a batch: (samples, features in) → (samples, features out)."""
        raise TypeError(f"{self!r} must define forward(x)")

    def difference(self, x: Array, y: Array, d: Array) -> Array:
        """Return the exact change of the output when the input moves by `d`.

        The default subtracts two forward passes. It is right for every layer, and rounds like a
        plain difference. A layer that mixes samples is run for each nudge by itself.

        Raises
        ------
        ParameterError
            If a sample's output is another one when the sample comes alone.
        """
        xp = namespace(d)
        moved = x + d
        lead, width = tuple(moved.shape[:-1]), int(moved.shape[-1])
        if self.mixes_samples:
            batches = xp.reshape(moved, (lead[0], -1, width))
            each = [self.forward(batches[:, q, :]) for q in range(batches.shape[1])]
            flat = xp.stack(each, axis=1)
        else:
            self._check_apart(x, y)
            flat = self.forward(xp.reshape(moved, (-1, width)))
        return xp.reshape(flat, (*lead, flat.shape[-1])) - y

    def _check_apart(self, x: Array, y: Array) -> None:
        """Raise if the first sample's output depends on the others, or on chance."""
        xp = namespace(y)
        if y.shape[0] < 2:
            return
        sample, among = (xp.reshape(array, (-1, array.shape[-1]))[:1, :] for array in (x, y))
        alone = self.forward(sample)
        # What a product of another shape rounds differently is far below, what is mixed far above.
        size = xp.max(xp.abs(among)) + 1e-2 * xp.max(xp.abs(sample))
        if bool(xp.any(xp.abs(alone - among) > 1e-3 * size)):
            raise ParameterError(
                f"{self!r} gives another output for a sample alone than for the same in a batch: "
                "if it mixes samples, set its mixes_samples = True; if it draws random numbers, "
                "let prepare(x, training_step) return a layer with those of the step"
            )

    def magnitude(self, x: Array, y: Array, m: Array) -> Array:
        """Return the size of the numbers that `difference` adds up for inputs of size `m` >= 0.

        Times the unit roundoff it says how far rounding can move the difference. The default is
        that of a plain subtraction; layers with a difference rule do better.
        """
        xp = namespace(m)
        return xp.abs(Layer.difference(self, x, y, m)) + xp.abs(y)

    def linear_piece(self, x: Array) -> tuple[Array, Array] | None:
        """Say where an elementwise layer is linear, if it is.

        Returns
        -------
        slope, distance : (samples, features) arrays
            Changes d of the input with |d| < distance change the output by slope·d exactly.
            None, the default, says nothing.
        """
        return None

    def difference_apart(self, x: Array, y: Array, d: Array) -> Array:
        """Return `difference` for changes of which each stems from a unit nudged apart from others.

        `node` adds up what comes of them, as if units that move together did so one after another.
        Where that is not the same, at a maximum that several of them are, each has its share of
        what they do together. Elsewhere, and by default, it is `difference`.
        """
        return self.difference(x, y, d)

    def carry(self, x: Array, y: Array, d: Array, units: Units, rule: str) -> tuple[Array, Units]:
        """Carry separate nudges through a layer that `keeps_units`.

        Parameters
        ----------
        x, y : the layer's whole input and output, (samples, features)
        d : (samples, units) array
            Every entry a nudge of one unit alone.
        units
            Which input features the last axis of `d` stands for.
        rule
            ``"difference"`` or ``"magnitude"``.

        Returns
        -------
        d, units
            The change of the one output that each nudge moves, and which output that is.
        """
        return getattr(self, rule)(take_units(x, units), take_units(y, units), d), units

    def fan_out(self, x: Array, y: Array, d: Array, units: Units, rule: str) -> Array:
        """Turn separate nudges of some input units into rows of differences of all outputs.

        Parameters
        ----------
        x, y, d, units, rule
            As for `carry`.

        Returns
        -------
        (samples, units, features out) array
        """
        rows = single_unit_rows(d, units, x.shape[-1])
        apply = self.difference_apart if rule == "difference" else self.magnitude
        return apply(align(x, rows.ndim), align(y, rows.ndim), rows)

    def partial(self, x: Array, y: Array, d: Array, units: slice, rule: str) -> tuple[Array, slice]:
        """Return the change of the outputs if some input units move together and no others.

        Parameters
        ----------
        x, y, rule
            As for `carry`.
        d : (samples, …, units) array
            How far they move.
        units
            Which input features the last axis of `d` stands for.

        Returns
        -------
        d, units
            The change of those outputs that may move, and which these are. The default moves all.
        """
        apply = getattr(self, rule)
        if self.elementwise and self.keeps_units:
            x, y = (align(array[:, units], d.ndim) for array in (x, y))
            return apply(x, y, d), units
        rows = whole_rows(d, units, x.shape[-1])
        return apply(align(x, d.ndim), align(y, d.ndim), rows), slice(None)

    def unit_nudges(self, x: Array) -> Iterator[tuple[str, int | None, Array, Array]] | None:
        """Say how parameters move output units, if each of them moves just one unit.

        Yields (name, i, rows, moves): raising any one entry j of ``params[name][i]`` by s moves
        output unit j of sample ``rows[k]`` by ``s * moves[k]`` and nothing else. An i of None
        means ``params[name]`` itself. Samples and rows that nothing moves are left out.
        None, the default, says nothing, and `weight` asks `linear_nudges`.
        """
        return None

    def linear_nudges(self, x: Array) -> Iterator[tuple[str, slice, Array]] | None:
        """Say how parameters move output units, if each of them moves some by a known multiple.

        Yields (name, units, moves), with moves a (samples, entries, units) array: raising the q-th
        of some entries of ``params[name]`` by s moves the output units `units` by
        ``s * moves[:, q, :]`` and nothing else. Each parameter's entries come one after another in
        C order, as many at a time as one likes.
        None, the default, says nothing, and `weight` runs the layer anew for each nudge.
        """
        return None

    def backward(self, x: Array, y: Array, dy: Array) -> Array:
        """Return the loss's derivative by the input, given that by the output."""
        raise TypeError(
            f"{self!r} has no backward(x, y, dy), which backprop needs; write one, or use "
            "method 'node', 'weight' or 'naive', which do without"
        )

    def parameter_gradient(self, x: Array, y: Array, dy: Array) -> dict[str, Array]:
        """Return the loss's derivative by each parameter, given that by the output."""
        raise TypeError(
            f"{self!r} has parameters but no parameter_gradient(x, y, dy), which backprop needs; "
            "write one, or use method 'node', 'weight' or 'naive', which do without"
        )

    def parameter_error(
        self, x: Array, y: Array, e: Array, *, secant: bool = False
    ) -> dict[str, Array]:
        """Return the error of `parameter_gradient` where `dy` may be wrong by `e` >= 0.

        Added up in absolute value: the samples' errors need not cancel where the slopes do. With
        `secant`, a factor 1 + x² makes room for the other secant too, that of `weight` and `naive`,
        whose nudge moves an output by h·x: the error spans the derivative and both of its
        approximations.
        """
        size = namespace(x).abs(x)
        return self.parameter_gradient(size * (1 + size * size) if secant else size, y, e)


def single_unit_rows(d: Array, units: Units, width: int) -> Array:
    """Return a row for each nudge, zero but at its own unit: (…, units) → (…, units, width)."""
    return d[..., None] * unit_rows(d, units, width)


def unit_rows(like: Array, units: Units, width: int) -> Array:
    """Return rows of an identity of `width` rows, in the dtype of `like`."""
    numbers: NDArray[np.intp] = np.arange(width)
    chosen = numbers[units]
    rows = np.zeros((len(chosen), width), dtype=bool)
    rows[np.arange(len(chosen)), chosen] = True
    xp = namespace(like)
    if type(like) is np.ndarray:
        return rows.astype(like.dtype)
    return xp.asarray(rows, dtype=like.dtype, device=getattr(like, "device", None))


def whole_rows(d: Array, units: slice, width: int) -> Array:
    """Return rows of all features from changes of some, the others being zero."""
    start, stop, _ = units.indices(width)
    if (start, stop) == (0, width):
        return d
    xp = namespace(d)
    lead = tuple(d.shape[:-1])
    before, after = (
        xp.zeros((*lead, start), dtype=d.dtype),
        xp.zeros((*lead, width - stop), dtype=d.dtype),
    )
    return xp.concat([before, d, after], axis=-1)
