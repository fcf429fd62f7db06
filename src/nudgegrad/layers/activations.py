"""Activations: layers that take each number by itself."""

from __future__ import annotations

import math

from nudgegrad.arrays import Array, namespace
from nudgegrad.functions import sigmoid
from nudgegrad.layers.layer import Layer
from nudgegrad.validation import check_real

__all__ = ["GELU", "LeakyReLU", "ReLU", "Sigmoid", "Tanh"]

GELU_C = math.sqrt(2 / math.pi)
GELU_A = 0.044715


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
        return _relu_difference(x, d)

    def magnitude(self, x: Array, y: Array, m: Array) -> Array:
        """Return the difference for +m."""
        return self.difference(x, y, m)

    def linear_piece(self, x: Array) -> tuple[Array, Array]:
        """Return 1 or 0, up to x = 0."""
        xp = namespace(x)
        return xp.astype(x > 0, x.dtype), xp.abs(x)

    def backward(self, x: Array, y: Array, dy: Array) -> Array:
        """Return dy where x > 0, else 0."""
        xp = namespace(dy)
        return xp.where(x > 0, dy, xp.zeros_like(dy))


class LeakyReLU(Layer):
    """y = x where x > 0, else negative_slope·x.

    Parameters
    ----------
    negative_slope
        At least 0; 0.01 unless told, as in PyTorch.

    Notes
    -----
    Source: A. Maas, A. Hannun and A. Ng, *Rectifier nonlinearities improve neural network acoustic
    models*, 2013.
    """

    elementwise = True

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = check_real("negative_slope", negative_slope, low=0)

    def __repr__(self) -> str:
        return f"LeakyReLU({self.negative_slope:g})"

    def forward(self, x: Array) -> Array:
        """Return max(x, 0) + negative_slope·min(x, 0)."""
        xp = namespace(x)
        return xp.where(x > 0, x, self.negative_slope * x)

    def difference(self, x: Array, y: Array, d: Array) -> Array:
        """Return r + negative_slope·(d − r), with r the change of max(x, 0), the rest that below.

        r is d or 0 on either side of the bend, so that d − r is exact there.
        """
        above = _relu_difference(x, d)
        return above + self.negative_slope * (d - above)

    def magnitude(self, x: Array, y: Array, m: Array) -> Array:
        """Return the difference for +m."""
        return self.difference(x, y, m)

    def linear_piece(self, x: Array) -> tuple[Array, Array]:
        """Return 1 or negative_slope, up to x = 0."""
        xp = namespace(x)
        ones = xp.ones_like(x)
        return xp.where(x > 0, ones, self.negative_slope * ones), xp.abs(x)

    def backward(self, x: Array, y: Array, dy: Array) -> Array:
        """Return dy where x > 0, else negative_slope·dy."""
        return namespace(dy).where(x > 0, dy, self.negative_slope * dy)


class GELU(Layer):
    """y = x·σ(z), z = 2c·(x + a·x³), with c = √(2/π) and a = 0.044715.

    This is ½x·(1 + tanh(c·(x + a·x³))), the form with tanh: PyTorch's ``GELU("tanh")``.

    Notes
    -----
    Source: D. Hendrycks and K. Gimpel, *Gaussian error linear units*, 2016.
    """

    elementwise = True

    def forward(self, x: Array) -> Array:
        """Return x·σ(z)."""
        return x * sigmoid(_gelu_exponent(x))

    def difference(self, x: Array, y: Array, d: Array) -> Array:
        """Return d·σ(z + Δz) + x·Δσ(z; Δz), with Δz = 2c·d·(1 + a·(3x² + 3xd + d²)).

        The sum of squares is (x + d)² + x·(x + d) + x², which is never negative.
        """
        step = _gelu_step(x, d)
        z = _gelu_exponent(x)
        return d * sigmoid(z + step) + x * _sigmoid_difference(z, step)

    def magnitude(self, x: Array, y: Array, m: Array) -> Array:
        """Return both terms for +m, times 1 + |z|: z is rounded, and σ goes by e^z."""
        xp = namespace(m)
        z, step = _gelu_exponent(x), _gelu_step(xp.abs(x), m)
        terms = m * sigmoid(z + step) + xp.abs(x) * _sigmoid_difference(z, step)
        return terms * (1 + xp.abs(z))

    def backward(self, x: Array, y: Array, dy: Array) -> Array:
        """Return dy·(σ(z) + x·σ(z)·σ(−z)·z'), with z' = 2c·(1 + 3a·x²)."""
        z = _gelu_exponent(x)
        s = sigmoid(z)
        return dy * (s + x * s * sigmoid(-z) * (2 * GELU_C * (1 + 3 * GELU_A * x * x)))


def _sigmoid_difference(x: Array, d: Array) -> Array:
    xp = namespace(d)
    moved = x + d
    low, high = xp.minimum(x, moved), xp.maximum(x, moved)
    return xp.sign(d) * sigmoid(high) * sigmoid(-low) * -xp.expm1(-xp.abs(d))


def _relu_difference(x: Array, d: Array) -> Array:
    xp = namespace(d)
    moved = x + d
    return xp.where(x > 0, xp.maximum(d, -x), xp.maximum(moved, xp.zeros_like(moved)))


def _gelu_exponent(x: Array) -> Array:
    return 2 * GELU_C * x * (1 + GELU_A * x * x)


def _gelu_step(x: Array, d: Array) -> Array:
    moved = x + d
    return 2 * GELU_C * d * (1 + GELU_A * (moved * moved + x * moved + x * x))
