"""Differences of activations, for nudges of both signs at once.

Sigmoid and tanh have one rule, with g their slope and E = expm1(d) or tanh(d):

    f(x + d) − f(x) = g·E / (1 + y·E)

Beside x and y it needs no function but one of d alone, which for a nudge of ±h is a constant. It
is exact for every d; for large ones 1 + y·E may cancel, so these are left to the layer's own rule.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.gradient.kernels.jit import compile_kernel
from nudgegrad.layers import Layer, ReLU, Sigmoid, Tanh

__all__ = ["KNOWN", "LARGEST_NUDGE", "RATIONAL", "activate", "both_differences"]

LARGEST_NUDGE = 0.25
"""Up to which |d| the denominator 1 + y·E stays above ¾: nothing cancels."""

RATIONAL = {Sigmoid: math.expm1, Tanh: math.tanh}
"""Layers with the rule above, each with its E of a nudge."""

KNOWN = (Sigmoid, Tanh, ReLU)
"""The layers that have kernels. A class derived from one of them may do otherwise, and has none."""

Floats = NDArray[Any]


def activate(layer: Layer, x: Floats) -> tuple[Floats, Floats]:
    """Return y = f(x) and the slope g of one of the `KNOWN` layers; ReLU's rule needs no g."""
    if type(layer) is ReLU:
        y = layer.forward(x)
        return y, y
    g = np.abs(x)
    g *= -2 if type(layer) is Tanh else -1
    np.exp(g, out=g)
    if type(layer) is Tanh:
        _tanh_slope(g.ravel())
        return np.tanh(x), g
    out = np.empty_like(g)
    _sigmoid_and_slope(x.ravel(), g.ravel(), out.ravel())
    return out, g


def both_differences(
    layer: Layer, x: Floats, y: Floats, g: Floats, h: float
) -> tuple[Floats, Floats]:
    """Return f(x + h) − f(x) and f(x − h) − f(x), entry by entry.

    Parameters
    ----------
    layer
        One of the `KNOWN`.
    x, y, g
        Its input, output and slope, as `activate` gives them.
    h
        The nudge, at most `LARGEST_NUDGE`.
    """
    plus, minus = np.empty_like(y), np.empty_like(y)
    real = x.dtype.type
    if type(layer) is ReLU:
        _rectified(x.ravel(), real(h), plus.ravel(), minus.ravel())
    else:
        rule = RATIONAL[type(layer)]
        _rational(y.ravel(), g.ravel(), real(rule(h)), real(rule(-h)), plus.ravel(), minus.ravel())
    return plus, minus


@compile_kernel
def _sigmoid_and_slope(x: Floats, e: Floats, y: Floats) -> None:
    """From e = e^−|x|: y = σ(x), and in place of e the slope σ(x)·σ(−x)."""
    one = e.dtype.type(1)
    for k in range(e.shape[0]):
        larger = one / (one + e[k])
        smaller = e[k] * larger
        y[k] = larger if x[k] >= e.dtype.type(0) else smaller
        e[k] = larger * smaller


@compile_kernel
def _tanh_slope(e: Floats) -> None:
    """From e = e^−2|x|: 1 − tanh²x = 4·σ(2x)·σ(−2x), in its place."""
    one, four = e.dtype.type(1), e.dtype.type(4)
    for k in range(e.shape[0]):
        e[k] = four * e[k] / ((one + e[k]) * (one + e[k]))


@compile_kernel
def _rational(y: Floats, g: Floats, up: Any, down: Any, plus: Floats, minus: Floats) -> None:
    one = y.dtype.type(1)
    for k in range(y.shape[0]):
        plus[k] = g[k] * up / (one + y[k] * up)
        minus[k] = g[k] * down / (one + y[k] * down)


@compile_kernel
def _rectified(x: Floats, h: Any, plus: Floats, minus: Floats) -> None:
    zero = x.dtype.type(0)
    for k in range(x.shape[0]):
        plus[k] = max(h, -x[k]) if x[k] > zero else max(x[k] + h, zero)
        minus[k] = max(-h, -x[k]) if x[k] > zero else max(x[k] - h, zero)
