"""Functions of one number: each with its slope, and with slopes that are wrong somewhere."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from tests.zoo.case import Array, Problem, normal, right, sigmoid, weighted, wrong

Function = Callable[[Array], Array]
erf = np.vectorize(math.erf, otypes=[np.float64])

X = normal(31, 40)
LARGE = np.concatenate([normal(32, 20), [-750.0, -60.0, -35.0, 35.0, 60.0, 750.0]])
SPACED = np.linspace(-3.05, 3, 40)
POSITIVE = np.abs(normal(33, 30)) + 0.1
AT_ZERO = np.concatenate([normal(34, 12), np.zeros(5)])


def elementwise(f: Function, slope: Function, x: Array, positive: bool = False) -> Problem:
    """Return the problem of Σ w·f(x)."""
    return weighted(
        lambda p: f(p["x"]), lambda p, d: {"x": d * slope(p["x"])}, {"x": x}, positive=positive
    )


def relu(x: Array) -> Array:
    return np.maximum(x, 0)


def softplus(x: Array) -> Array:
    return np.asarray(np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))))


def softplus_guarded(x: Array) -> Array:
    """Guard the exponential for large inputs, and forget that the slope there is 1."""
    powers = np.exp(np.minimum(x, 30))
    return np.asarray(np.where(x > 30, 0, powers / (1 + powers)))


def sigmoid_slope(x: Array) -> Array:
    return sigmoid(x) * sigmoid(-x)


def sigmoid_guarded(x: Array) -> Array:
    """Take the linear middle piece for all that is large and negative."""
    return np.where(x < -20, 0.25, sigmoid_slope(x))


def leaky(x: Array, slope: float = 0.1) -> Array:
    return np.where(x > 0, x, slope * x)


def elu_slope(x: Array, alpha: float) -> Array:
    return np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0)))


def elu(x: Array) -> Array:
    return np.where(x > 0, x, 1.5 * np.expm1(np.minimum(x, 0)))


def gelu(x: Array) -> Array:
    return np.asarray(x * (1 + erf(x / math.sqrt(2))) / 2)


def gelu_slope(x: Array) -> Array:
    return np.asarray(
        (1 + erf(x / math.sqrt(2))) / 2 + x * np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
    )


def gelu_tanh(x: Array) -> Array:
    return np.asarray(x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))) / 2)


def gelu_tanh_slope(x: Array, cube: float = 0.044715) -> Array:
    root = math.sqrt(2 / math.pi)
    t = np.tanh(root * (x + 0.044715 * x**3))
    return np.asarray((1 + t) / 2 + x / 2 * (1 - t**2) * root * (1 + 3 * cube * x**2))


def swish(x: Array) -> Array:
    return x * sigmoid(x)


def swish_slope(x: Array) -> Array:
    return np.asarray(sigmoid(x) + x * sigmoid_slope(x))


def inside(x: Array) -> Array:
    return (np.abs(x) < 1).astype(x.dtype)


def hard_sigmoid(x: Array) -> Array:
    return np.clip(x / 6 + 0.5, 0, 1)


CASES = (
    wrong("elementwise/leaky-slope", "the leaky slope is 0 below 0", elementwise, leaky,
          lambda x: (x > 0) * 1.0, SPACED),
    wrong("elementwise/elu-alpha", "α forgotten below 0", elementwise, elu,
          lambda x: elu_slope(x, 1.0), SPACED),
    wrong("elementwise/softplus-guard", "slope 0 beyond the overflow guard", elementwise, softplus,
          softplus_guarded, LARGE),
    wrong("elementwise/sigmoid-guard", "slope ¼ for large negative inputs", elementwise, sigmoid,
          sigmoid_guarded, LARGE),
    wrong("elementwise/gelu-mixed", "exact GELU with the slope of its approximation", elementwise,
          gelu, gelu_tanh_slope, X),
    wrong("elementwise/gelu-tanh-mixed", "approximate GELU with the exact slope", elementwise,
          gelu_tanh, gelu_slope, X),
    wrong("elementwise/gelu-inner", "the cube's slope forgotten in the chain", elementwise,
          gelu_tanh, partial(gelu_tanh_slope, cube=0.0), X),
    wrong("elementwise/swish-product", "one term of the product rule", elementwise, swish, sigmoid,
          X),
    wrong("elementwise/tanh-of-input", "1 − x² for 1 − tanh²x", elementwise, np.tanh,
          lambda x: 1 - x**2, X / 3),
    wrong("elementwise/sigmoid-as-tanh", "1 − y² for y·(1 − y)", elementwise, sigmoid,
          lambda x: 1 - sigmoid(x) ** 2, X),
    wrong("elementwise/abs-sign", "the sign of abs lost", elementwise, np.abs, np.ones_like, X),
    wrong("elementwise/clip", "gradient passes outside the clip", elementwise,
          lambda x: np.clip(x, -1, 1), np.ones_like, SPACED),
    wrong("elementwise/clip-one-side", "gradient passes above the clip", elementwise,
          lambda x: np.clip(x, -1, 1), lambda x: (x > -1) * 1.0, SPACED),
    wrong("elementwise/power", "x³ with 3·x", elementwise, lambda x: x**3, lambda x: 3 * x, X),
    wrong("elementwise/inner-slope", "sin 100x without its 100", elementwise,
          lambda x: np.sin(100 * x), lambda x: np.cos(100 * x), X),
    wrong("elementwise/log-eps", "log(x + 1e-4) with slope 1/x", elementwise,
          lambda x: np.log(x + 1e-4), lambda x: 1 / x, POSITIVE),
    wrong("elementwise/sqrt", "1/√x for 1/(2√x)", elementwise, np.sqrt, lambda x: x**-0.5,
          POSITIVE),
    wrong("elementwise/relu-capped", "slope 0 above 2, where forward has no cap", elementwise,
          relu, lambda x: ((x > 0) & (x < 2)) * 1.0, SPACED),
    wrong("elementwise/relu-at-0", "slope 2 at 0, which is no subgradient", elementwise, relu,
          lambda x: np.where(x == 0, 2, x > 0), AT_ZERO, positive=True, kink=True),
    wrong("elementwise/float32-swish", "product rule, in float32", elementwise, swish, sigmoid,
          X.astype("float32")),
    right("elementwise/relu", "kinks near by", elementwise, relu, lambda x: (x > 0) * 1.0,
          normal(35, 300)),
    right("elementwise/relu-at-0-right", "0 at the kink", elementwise, relu,
          lambda x: (x > 0) * 1.0, AT_ZERO, positive=True, kink=True),
    right("elementwise/relu-at-0-half", "½ at the kink", elementwise, relu,
          lambda x: np.heaviside(x, 0.5), AT_ZERO, positive=True, kink=True),
    right("elementwise/relu-at-0-one", "1 at the kink", elementwise, relu,
          lambda x: (x >= 0) * 1.0, AT_ZERO, positive=True, kink=True),
    right("elementwise/abs", "a kink at 0", elementwise, np.abs, np.sign, normal(36, 100)),
    right("elementwise/abs-at-0", "0 at the kink", elementwise, np.abs, np.sign, AT_ZERO,
          positive=True, kink=True),
    right("elementwise/leaky", "slope 0.1 below 0", elementwise, leaky,
          lambda x: np.where(x > 0, 1, 0.1), X),
    right("elementwise/elu", "curved below 0", elementwise, elu, lambda x: elu_slope(x, 1.5), X),
    right("elementwise/softplus", "inputs up to 750", elementwise, softplus, sigmoid, LARGE),
    right("elementwise/sigmoid", "inputs up to 750", elementwise, sigmoid, sigmoid_slope, LARGE),
    right("elementwise/saturated", "gradients of 1e-15", elementwise, sigmoid, sigmoid_slope,
          -34 - np.abs(normal(37, 20))),
    right("elementwise/gelu", "exact, with erf", elementwise, gelu, gelu_slope, X),
    right("elementwise/gelu-tanh", "approximate", elementwise, gelu_tanh, gelu_tanh_slope, X),
    right("elementwise/swish", "product rule", elementwise, swish, swish_slope, X),
    right("elementwise/clip-right", "exact zeros outside", elementwise, lambda x: np.clip(x, -1, 1),
          inside, X),
    right("elementwise/hard-sigmoid", "flat outside, 1/6 inside", elementwise, hard_sigmoid,
          lambda x: inside(x / 3) / 6, SPACED * 2),
    right("elementwise/sin", "sin 100x: a wave shorter than many a step", elementwise,
          lambda x: np.sin(100 * x), lambda x: 100 * np.cos(100 * x), X),
    right("elementwise/exp", "e^10x: slopes from 1e-10 to 1e10", elementwise,
          lambda x: np.exp(10 * x), lambda x: 10 * np.exp(10 * x), X),
    right("elementwise/log-eps-right", "log(x + 1e-4)", elementwise, lambda x: np.log(x + 1e-4),
          lambda x: 1 / (x + 1e-4), POSITIVE),
    right("elementwise/sqrt-right", "steep near 0", elementwise, np.sqrt, lambda x: 0.5 * x**-0.5,
          POSITIVE),
    right("elementwise/reciprocal", "a pole", elementwise, np.reciprocal, lambda x: -(x**-2),
          POSITIVE),
    right("elementwise/tiny-inputs", "inputs of 1e-8", elementwise, lambda x: np.tanh(1e8 * x),
          lambda x: 1e8 * (1 - np.tanh(1e8 * x) ** 2), 1e-8 * X),
    right("elementwise/huge-inputs", "inputs of 1e8", elementwise, lambda x: np.tanh(1e-8 * x),
          lambda x: 1e-8 * (1 - np.tanh(1e-8 * x) ** 2), 1e8 * X),
    right("elementwise/huge-squares", "squares of 1e8", elementwise, np.square, lambda x: 2 * x,
          1e8 * X),
    right("elementwise/float32-tanh", "float32", elementwise, np.tanh,
          lambda x: 1 - np.tanh(x) ** 2, X.astype("float32")),
    right("elementwise/float32-swish-right", "float32", elementwise, swish, swish_slope,
          X.astype("float32")),
    right("elementwise/constant", "a gradient of exact zeros", elementwise, np.ones_like,
          np.zeros_like, X),
)  # fmt: skip
