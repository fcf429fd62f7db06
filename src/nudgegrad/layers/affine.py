"""The layer in which every output is a weighted sum of all inputs."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nudgegrad.arrays import Array, Units, namespace, take_units
from nudgegrad.layers.initializers import standard_deviation
from nudgegrad.layers.layer import Layer
from nudgegrad.validation import check_integer

__all__ = ["Affine"]


class Affine(Layer):
    """y = x·W + b, parameters ``W`` (input_size, output_size) and ``b`` (output_size,).

    Parameters
    ----------
    input_size, output_size
        Features in and out.
    weight_init_std
        Standard deviation of the starting weights: a number, ``"xavier"`` (1/√input_size) or
        ``"he"`` (√(2/input_size)). None takes Xavier's.
    """

    linear_in_parameters = True

    def __init__(
        self, input_size: int, output_size: int, *, weight_init_std: float | str | None = None
    ) -> None:
        self.input_size: int = check_integer("input_size", input_size, 1)
        self.output_size: int = check_integer("output_size", output_size, 1)
        self.weight_init_std = standard_deviation(weight_init_std, self.input_size)

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

    def fan_out(self, x: Array, y: Array, d: Array, units: Units, rule: str) -> Array:
        """Return d_j·W_j: a nudge of one input moves the outputs by its row of W."""
        weights = take_units(self.params["W"], units, axis=0)
        return d[..., None] * (weights if rule == "difference" else namespace(d).abs(weights))

    def partial(self, x: Array, y: Array, d: Array, units: slice, rule: str) -> tuple[Array, slice]:
        """Return d·W by the rows of W that belong to the units which move."""
        weights = self.params["W"][units, :]
        return d @ (weights if rule == "difference" else namespace(d).abs(weights)), slice(None)

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
