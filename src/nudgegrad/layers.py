"""Layers: each with its forward pass, its difference rule and its backward pass.

The **difference rule** is what the library rests on. Given the input x, the output y = f(x) and a
nudge d of the input, of any size, it returns the exact change f(x + d) − f(x), written so that no
two nearly equal numbers are subtracted (a calculus of finite differences: T. Reps and L. Rall,
*Computational divided differencing and divided-difference arithmetics*, 2003). Nothing in it is a
derivative or a limit. Rounding errors then scale with the change and not with the values, which
is why these differences work in float32.

In all rules `x` and `y` broadcast against `d`: samples first, features last, and in `d` any number
of axes of nudges between them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from nudgegrad.arrays import Array, align, namespace
from nudgegrad.functions import sigmoid
from nudgegrad.validation import ParameterError, check_integer, check_real

__all__ = ["Affine", "Layer", "ReLU", "Sigmoid", "Tanh", "named_parameters"]


class Layer:
    """A layer of a network. To write one's own, derive from it and define `forward`: that is all.

    A `difference` rule then adds speed and accuracy to `weight` and `node`, and `backward` (with
    `parameter_gradient`, if the layer has parameters) makes it work with `backprop`.

    Attributes
    ----------
    params : dict of str to array
        The layer's parameters, which `forward` reads anew each time. They are nudged and updated
        in place. An array of another dtype than the network's is replaced by a copy of its dtype.
    elementwise : bool
        Whether each output depends on the input of the same index alone.
    linear_in_parameters : bool
        Whether the output is linear in all parameters, with `parameter_gradient` as the adjoint:
        what `node` asks for. A layer without it is nudged weight by weight by `node` too.
    input_size, output_size : int or None
        Features that come in and go out, None where any number may.
    """

    elementwise: ClassVar[bool] = False
    linear_in_parameters: ClassVar[bool] = False
    input_size: int | None = None
    output_size: int | None = None
    params: dict[str, Array]

    def __new__(cls, *_args: Any, **_kwargs: Any) -> Layer:
        """Give every layer its `params`, also where a subclass forgets ``super().__init__()``."""
        layer = super().__new__(cls)
        layer.params = {}
        return layer

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw starting values for the parameters (float64). By default they stay as they are."""

    def forward(self, x: Array) -> Array:
        """Return the output for a batch: (samples, features in) → (samples, features out)."""
        raise TypeError(f"{self!r} must define forward(x)")

    def difference(self, x: Array, y: Array, d: Array) -> Array:
        """Return the exact change of the output when the input moves by `d`.

        The default subtracts two forward passes. It is right for every layer, and rounds like a
        plain difference.
        """
        xp = namespace(d)
        moved = x + d
        flat = self.forward(xp.reshape(moved, (-1, moved.shape[-1])))
        return xp.reshape(flat, (*tuple(moved.shape[:-1]), flat.shape[-1])) - y

    def magnitude(self, x: Array, y: Array, m: Array) -> Array:
        """Return the size of the numbers that `difference` adds up for inputs of size `m` >= 0.

        Times the unit roundoff it says how far rounding can move the difference. The default is
        that of a plain subtraction; layers with a difference rule do better.
        """
        xp = namespace(m)
        return xp.abs(Layer.difference(self, x, y, m)) + xp.abs(y)

    def fan_out(self, x: Array, y: Array, d: Array, units: slice, rule: str) -> Array:
        """Turn separate nudges of some input units into rows of differences of all outputs.

        Parameters
        ----------
        x, y : the layer's whole input and output, (samples, features)
        d : (samples, …, units) array
            Every entry a nudge of one unit alone.
        units
            Which input features the last axis of `d` stands for.
        rule
            ``"difference"`` or ``"magnitude"``.

        Returns
        -------
        (samples, …, units, features out) array
        """
        xp = namespace(d)
        rows = d[..., None] * xp.eye(x.shape[-1], dtype=d.dtype)[units, :]
        apply = self.difference if rule == "difference" else self.magnitude
        return apply(align(x, rows.ndim), align(y, rows.ndim), rows)

    def unit_nudges(self, x: Array) -> Iterator[tuple[str, int | None, Array, Array]] | None:
        """Say how parameters move output units, if each of them moves just one unit.

        Yields (name, i, rows, moves): raising any one entry j of ``params[name][i]`` by s moves
        output unit j of sample ``rows[k]`` by ``s * moves[k]`` and nothing else. An i of None
        means ``params[name]`` itself. Samples and rows that nothing moves are left out.
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


class Affine(Layer):
    """y = x·W + b, parameters ``W`` (input_size, output_size) and ``b`` (output_size,).

    Parameters
    ----------
    input_size, output_size
        Features in and out.
    weight_init_std
        Standard deviation of the starting weights. None takes 1/√input_size (Xavier's).
    """

    linear_in_parameters = True

    def __init__(
        self, input_size: int, output_size: int, *, weight_init_std: float | None = None
    ) -> None:
        self.input_size: int = check_integer("input_size", input_size, 1)
        self.output_size: int = check_integer("output_size", output_size, 1)
        if weight_init_std is None:
            weight_init_std = 1 / math.sqrt(self.input_size)
        self.weight_init_std = check_real("weight_init_std", weight_init_std, low=0)

    def __repr__(self) -> str:
        return f"Affine({self.input_size}, {self.output_size})"

    def initialize(self, rng: np.random.Generator) -> None:
        """Draw W from a normal distribution, set b to zero."""
        size = (self.input_size, self.output_size)
        self.params["W"] = self.weight_init_std * rng.standard_normal(size)
        self.params["b"] = np.zeros(self.output_size)

    def forward(self, x: Array) -> Array:
        """Return x·W + b."""
        return x @ self.params["W"] + self.params["b"]

    def difference(self, x: Array, y: Array, d: Array) -> Array:
        """Δy = d·W."""
        return d @ self.params["W"]

    def magnitude(self, x: Array, y: Array, m: Array) -> Array:
        """Return m·|W|."""
        weights = self.params["W"]
        return m @ namespace(m).abs(weights)

    def fan_out(self, x: Array, y: Array, d: Array, units: slice, rule: str) -> Array:
        """Return d_j·W_j: a nudge of one input moves the outputs by its row of W."""
        weights = self.params["W"][units, :]
        return d[..., None] * (weights if rule == "difference" else namespace(d).abs(weights))

    def unit_nudges(self, x: Array) -> Iterator[tuple[str, int | None, Array, Array]]:
        """Yield what moves: a nudge s of W_ij moves output j of sample n by s·x_ni, if at all."""
        xp = namespace(x)
        for i in range(x.shape[-1]):
            rows = xp.nonzero(x[:, i])[0]
            if rows.shape[0]:
                yield "W", i, rows, xp.take(x[:, i], rows, axis=0)
        yield "b", None, xp.arange(x.shape[0]), xp.ones_like(x[:, 0])

    def backward(self, x: Array, y: Array, dy: Array) -> Array:
        """Return dy·Wᵀ."""
        return dy @ self.params["W"].T

    def parameter_gradient(self, x: Array, y: Array, dy: Array) -> dict[str, Array]:
        """Return xᵀ·dy for W and Σ_n dy for b."""
        return {"W": x.T @ dy, "b": namespace(dy).sum(dy, axis=0)}


class Sigmoid(Layer):
    """y = 1 / (1 + e⁻ˣ)."""

    elementwise = True

    def forward(self, x: Array) -> Array:
        """Return σ(x)."""
        return sigmoid(x)

    def difference(self, x: Array, y: Array, d: Array) -> Array:
        """σ(b) − σ(a) = σ(b)·σ(−a)·(1 − e^(a−b)), for the lower a and the higher b of x and x+d."""
        return _sigmoid_difference(x, d)

    def magnitude(self, x: Array, y: Array, m: Array) -> Array:
        """Return the difference for +m, times 1 + |x|: x is rounded, and σ's slope goes by e^x."""
        return _sigmoid_difference(x, m) * (1 + namespace(m).abs(x))

    def backward(self, x: Array, y: Array, dy: Array) -> Array:
        """Return dy·σ(x)·σ(−x)."""
        return dy * y * sigmoid(-x)


class Tanh(Layer):
    """y = tanh x."""

    elementwise = True

    def forward(self, x: Array) -> Array:
        """Return tanh(x)."""
        return namespace(x).tanh(x)

    def difference(self, x: Array, y: Array, d: Array) -> Array:
        """Return twice the change of σ at 2x, because tanh x = 2σ(2x) − 1."""
        return 2 * _sigmoid_difference(2 * x, 2 * d)

    def magnitude(self, x: Array, y: Array, m: Array) -> Array:
        """Return the difference for +m, times 1 + |2x|, as for `Sigmoid`."""
        return 2 * _sigmoid_difference(2 * x, 2 * m) * (1 + 2 * namespace(m).abs(x))

    def backward(self, x: Array, y: Array, dy: Array) -> Array:
        """Return dy·(1 − tanh²x), as dy·4σ(2x)·σ(−2x)."""
        return dy * 4 * sigmoid(2 * x) * sigmoid(-2 * x)


class ReLU(Layer):
    """y = max(x, 0)."""

    elementwise = True

    def forward(self, x: Array) -> Array:
        """Return max(x, 0)."""
        xp = namespace(x)
        return xp.maximum(x, xp.zeros_like(x))

    def difference(self, x: Array, y: Array, d: Array) -> Array:
        """max(x+d, 0) − max(x, 0): for x > 0 this is max(d, −x), with no subtraction."""
        xp = namespace(d)
        moved = x + d
        return xp.where(x > 0, xp.maximum(d, -x), xp.maximum(moved, xp.zeros_like(moved)))

    def magnitude(self, x: Array, y: Array, m: Array) -> Array:
        """Return the difference for +m."""
        return self.difference(x, y, m)

    def backward(self, x: Array, y: Array, dy: Array) -> Array:
        """Return dy where x > 0, else 0."""
        xp = namespace(dy)
        return xp.where(x > 0, dy, xp.zeros_like(dy))


def _sigmoid_difference(x: Array, d: Array) -> Array:
    xp = namespace(d)
    moved = x + d
    low, high = xp.minimum(x, moved), xp.maximum(x, moved)
    return xp.sign(d) * sigmoid(high) * sigmoid(-low) * -xp.expm1(-xp.abs(d))


def named_parameters(layers: list[Layer]) -> dict[str, tuple[Layer, str]]:
    """Return name → (layer, its own name for it): W1, b1, W2, b2, …

    The k-th layer that has a ``W`` gives ``Wk``, whatever stands between.
    """
    names: dict[str, tuple[Layer, str]] = {}
    for layer in layers:
        for own in layer.params:
            k = 1
            while f"{own}{k}" in names:
                k += 1
            names[f"{own}{k}"] = (layer, own)
    return names


def check_layers(layers: list[Any]) -> None:
    """Raise unless `layers` is a chain of layers whose sizes fit."""
    size: int | None = None
    for number, layer in enumerate(layers, 1):
        if not isinstance(layer, Layer):
            raise ParameterError(
                f"layer {number} must be a nudgegrad.Layer, got {type(layer).__name__}; derive a "
                "class from nudgegrad.Layer and define forward(x)"
            )
        if any(layer is other for other in layers[: number - 1]):
            raise ParameterError(f"layer {number} must not be the same object as an earlier one")
        if size is not None and layer.input_size is not None and layer.input_size != size:
            raise ParameterError(
                f"layer {number}, {layer!r}, takes {layer.input_size} features, but the layers "
                f"before it give {size}"
            )
        size = layer.output_size or (size if layer.elementwise else None)
    if not layers:
        raise ParameterError("layers must hold at least one layer, got an empty list")
