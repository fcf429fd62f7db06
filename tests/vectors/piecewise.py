"""Functions with kinks and steps, at points near them: `kinks` says how near."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.vectors.vector import vector

CLIPPED = tuple((np.linspace(-9, 9, 20) + 0.013).tolist())
WEIGHTS = tuple(np.cos(np.arange(20.0)).tolist())
PIXELS = tuple((np.arange(20) / 20 + 0.0101).tolist())


def near(points: Any, *kinks: float) -> tuple[float, ...]:
    """Return how far each of the points is from the nearest kink."""
    return tuple(min(abs(point - kink) for kink in kinks) for point in points)


@vector("piecewise/absolute-value", [1.0001, 3.0], kinks=[1e-4, 3.0])
def absolute_value(m: Any, x: Any) -> Any:
    return m.abs(x[0] - 1) + x[1] ** 2


# In float32 nudges that are short enough for the kink are lost in rounding.
@vector("piecewise/maximum", [2.0, 2.001], dtypes=("float64",), kinks=[1e-3, 1e-3])
def maximum(m: Any, x: Any) -> Any:
    return m.maximum(x[0] ** 2, x[1] ** 2) + m.sin(x[0])


RELU = (-1.0, -0.3, -0.1, 0.2, 0.9)


@vector("piecewise/weighted-relu", RELU, kinks=near(RELU, 0.0))
def weighted_relu(m: Any, x: Any) -> Any:
    return m.sum(m.array((1.0, 2.0, 3.0, 4.0, 5.0)) * m.maximum(x, 0 * x))


@vector("piecewise/clip", CLIPPED, kinks=near(CLIPPED, -1.0, 1.0))
def clip(m: Any, x: Any) -> Any:
    return m.sum(m.array(WEIGHTS) * m.minimum(m.maximum(x, 0 * x - 1), 0 * x + 1))


@vector("piecewise/hard-sigmoid", CLIPPED, kinks=near(CLIPPED, -3.0, 3.0), noisy=False)
def hard_sigmoid(m: Any, x: Any) -> Any:
    return m.sum(m.array(WEIGHTS) * m.minimum(m.maximum(x / 6 + 0.5, 0 * x), 0 * x + 1))


# Noise blurs the steps, and what is left is the slope of the stairs.
@vector("piecewise/quantised", PIXELS, kinks=[1e-4] * 20, noisy=False)
def quantised(m: Any, x: Any) -> Any:
    """Steps of 1/255: every slope is 0."""
    return m.sum(m.array(WEIGHTS) * m.rint(255 * x) / 255)


@vector("piecewise/floor", [2.3, -1.6, 7.45], kinks=[0.3, 0.4, 0.45], noisy=False)
def floor(m: Any, x: Any) -> Any:
    return m.sum(m.floor(x)) + 3.5


@vector("piecewise/huber-of-mixed-units", [1.2e-6, 0.4, 3.0e5], kinks=[2e-7, 0.6, 2e5])
def huber(m: Any, x: Any) -> Any:
    """Linear beyond one, parabolic within: microns, metres, hundreds of kilometres."""
    z = m.abs(x / m.array((1e-6, 1.0, 1e5)))
    return m.sum(m.where(z > 1, z - 0.5, z**2 / 2))


@vector("piecewise/hinge", [2.0e-5, 0.8, -14.0], kinks=[4e-6, 0.16, 2.8])
def hinge(m: Any, x: Any) -> Any:
    """Two of three margins are violated."""
    total = 1e-3 * (x[1] ** 2 + (x[0] / 1e-5) ** 2)
    for income, age, sign in ((31000.0, 40.0, 1), (52000.0, 25.0, -1), (9000.0, 18.0, 1)):
        margin = sign * (x[0] * income + x[1] * age / 10 + x[2] / 10)
        total = total + m.maximum(1 - margin, 0 * margin)
    return total


@vector("piecewise/interpolated-table", [0.7312, 1.8e3], kinks=[0.03, 1.8e3])
def table(m: Any, x: Any) -> Any:
    """Efficiency of a pump by its load, from a table of eleven, times its power."""
    knots = m.array((0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0))
    values = m.array((0.0, 0.21, 0.38, 0.5, 0.59, 0.66, 0.71, 0.75, 0.77, 0.76, 0.72))
    k = sum(bool(x[0] >= knot) for knot in knots[1:-1])
    share = (x[0] - knots[k]) / (knots[k + 1] - knots[k])
    return x[1] * (values[k] + share * (values[k + 1] - values[k]))


@vector("piecewise/leaky-network", [0.4, -1.1, 0.7, 2.0, 0.05], kinks=[0.05, 0.05, 0.1, 2.0, 0.05])
def leaky(m: Any, x: Any) -> Any:
    """Two leaky ReLUs after each other."""
    first = x[0] * 1.5 + x[1] * 0.5 + x[4]
    first = m.where(first > 0, first, 0.01 * first)
    second = x[2] * first - 0.3
    return x[3] * m.where(second > 0, second, 0.01 * second)
