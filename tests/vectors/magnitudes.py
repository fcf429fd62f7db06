"""Entries of very different size, and functions that change within much less than x itself."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from tests.vectors.vector import vector

ONLY64 = ("float64",)


@vector("magnitudes/million-and-thousandth", [1e6, 1e-3])
def million(m: Any, x: Any) -> Any:
    return (x[0] / 1e6) ** 2 + m.sin(1000 * x[1])


@vector("magnitudes/parabola-of-1e12", [1e12, 1e-6, 3.0])
def trillion(m: Any, x: Any) -> Any:
    return (x[0] / 1e12) ** 2 + m.cos(1e6 * x[1]) + x[2] ** 3


@vector("magnitudes/logarithm-of-billions", [5e9, 0.3])
def billions(m: Any, x: Any) -> Any:
    return x[1] ** 3 * m.log(x[0])


@vector("magnitudes/root-of-billions", [7.5e9, 1.3e-4, 0.8])
def root_of_billions(m: Any, x: Any) -> Any:
    return m.sqrt(x[0]) * x[1] + m.exp(-x[2])


@vector("magnitudes/logarithms", [1.0, 1e-6])
def logarithms(m: Any, x: Any) -> Any:
    return m.sum(m.log(x))


@vector("magnitudes/logarithms-of-many-sizes", [3e-12, 1e-6, 0.5, 40.0, 6e8])
def many_logarithms(m: Any, x: Any) -> Any:
    return m.sum(m.log(x))


@vector("magnitudes/reciprocals", [1e-5, 0.2, 3e4])
def reciprocals(m: Any, x: Any) -> Any:
    return 1e-5 / x[0] + 0.3 / x[1] + 2e4 / x[2]


@vector("magnitudes/logistic-growth", [1e7, 0.3, 12.0])
def logistic_growth(m: Any, x: Any) -> Any:
    capacity, rate, middle = x
    return capacity / (1 + m.exp(-rate * (10 - middle))) / 1e6


@vector("magnitudes/logistic-growth-in-seconds", [1e7, 3.5e-6, 1.04e6])
def slow_logistic_growth(m: Any, x: Any) -> Any:
    capacity, rate, middle = x
    return capacity / (1 + m.exp(-rate * (864000.0 - middle)))


# In float32 the argument, 1e5, is rounded to a hundredth of a radian.
@vector("magnitudes/fast-sine", [1.0], scales=1e-5, dtypes=ONLY64)
def fast_sine(m: Any, x: Any) -> Any:
    return m.sin(1e5 * x[0])


@vector("magnitudes/fast-sine-among-others", [1.0, 2.0, 0.5], dtypes=ONLY64)
def fast_sine_among_others(m: Any, x: Any) -> Any:
    return m.sin(1e5 * x[0]) + x[1] ** 2 + m.exp(x[2])


@vector("magnitudes/sine-of-a-date", [1.7e9 + 0.3], dtypes=ONLY64)
def date(m: Any, x: Any) -> Any:
    return m.sin(2 * m.pi * x[0])


@vector("magnitudes/tide-at-a-date", [1.7e9 + 11.0, 1.3, 0.4], dtypes=ONLY64)
def tide(m: Any, x: Any) -> Any:
    t, height, phase = x
    return height * m.cos(2 * m.pi * t / 44712.0 + phase) + 0.3 * m.cos(2 * m.pi * t / 43200.0)


@vector("magnitudes/narrow-peak", [0.5 + 4e-7])
def narrow_peak(m: Any, x: Any) -> Any:
    return m.exp(-(((x[0] - 0.5) / 1e-6) ** 2) / 2)


@vector("magnitudes/narrow-line", [3.0, 656.281e-9, 2e-11, 0.4])
def narrow_line(m: Any, x: Any) -> Any:
    """A spectral line on a background, seen at 656.30 nm: height, centre, width, background."""
    height, centre, width, background = x
    return background + height * m.exp(-(((656.30e-9 - centre) / width) ** 2) / 2)


@vector("magnitudes/resonance", [1.0e9 + 120.0, 50.0, 2.0], dtypes=ONLY64)
def resonance(m: Any, x: Any) -> Any:
    """A Lorentzian 100 Hz wide at 1 GHz."""
    frequency, width, height = x
    return height * width**2 / ((frequency - 1.0e9) ** 2 + width**2)


@vector("magnitudes/sharp-step", [300.0002, 1e-4, 5.0], dtypes=ONLY64)
def sharp_step(m: Any, x: Any) -> Any:
    """A phase transition of 0.1 mK at 300 K."""
    kelvin, width, jump = x
    return jump * m.tanh((kelvin - 300.0) / width)


@vector("magnitudes/squares-and-a-decay", [1.0, 2.0, 3.0, 0.1])
def squares_and_decay(m: Any, x: Any) -> Any:
    return m.sum(x[:3] ** 2) + m.exp(-10 * x[3])


@vector("magnitudes/squares-and-a-steep-decay", [4.0, -1.0, 2.5, 0.02, 7.0])
def squares_and_steep_decay(m: Any, x: Any) -> Any:
    return m.sum(x[:3] ** 2) + m.exp(-80 * x[3]) + m.sqrt(x[4])


LINE = tuple(np.linspace(0, 4, 50).tolist())
NOISE = np.random.default_rng(1729).normal(size=50)
DECAY = tuple(2.5 * math.exp(-1.3 * t) + 0.5 + 0.2 * e for t, e in zip(LINE, NOISE, strict=True))


@vector("magnitudes/decay-fit", [2.5, 1.3, 0.5])
def decay_fit(m: Any, x: Any) -> Any:
    """SciPy's example of curve_fit, as a sum of squares."""
    a, b, c = x
    return m.sum((a * m.exp(-b * m.array(LINE)) + c - m.array(DECAY)) ** 2)


@vector("magnitudes/decay-fit-in-hours", [2.5e-3, 4.7e3, 5e-4])
def decay_fit_in_hours(m: Any, x: Any) -> Any:
    a, b, c = x
    t, y = m.array(LINE) / 3600, m.array(DECAY) / 1000
    return m.sum((a * m.exp(-b * t) + c - y) ** 2)


@vector("magnitudes/rastrigin", [1.1, 1.1])
def rastrigin(m: Any, x: Any) -> Any:
    return 20 + m.sum(x**2 - 10 * m.cos(2 * m.pi * x))


@vector("magnitudes/product-and-exponential", [3.0, 5.0, 7.0])
def product_and_exponential(m: Any, x: Any) -> Any:
    return x[0] * x[1] * x[2] + m.exp(x[0]) * x[1]


@vector("magnitudes/at-zero", [0.0, 0.0, 3.0])
def at_zero(m: Any, x: Any) -> Any:
    return m.exp(x[0]) + m.sin(2 * x[1]) + x[2] ** 2


@vector("magnitudes/at-zero-of-small-units", [0.0, 2e-9], scales=1e-9)
def at_zero_small(m: Any, x: Any) -> Any:
    return m.sin(3e8 * x[0]) + m.cosh(1e9 * x[1])


@vector("magnitudes/at-zero-of-large-units", [0.0, 6e4], scales=1e5)
def at_zero_large(m: Any, x: Any) -> Any:
    return m.exp(x[0] / 1e5) + (x[1] / 1e4) ** 2


@vector("magnitudes/without-effect", [1e-20, 4.0, 1e20])
def without_effect(m: Any, x: Any) -> Any:
    """The first entry is far below the rounding of the sum, but exact in its own product."""
    return x[1] ** 2 + m.sin(1e20 * x[0]) + m.log(x[2])


@vector("magnitudes/unused", [2.0, 1e3, 1e-3])
def unused(m: Any, x: Any) -> Any:
    return m.exp(-x[0]) + 0 * x[1] + 1e-3 * m.tan(500 * x[2])


@vector("magnitudes/sine-at-its-top", [math.pi / 2, 1.0])
def top(m: Any, x: Any) -> Any:
    return m.sin(x[0]) + 1e-3 * x[1]


@vector("magnitudes/least-squares-solved", [1.0, -2.0, 0.5])
def solved(m: Any, x: Any) -> Any:
    a = m.array(((1.0, 2.0, 4.0), (0.5, 1.0, -1.0), (3.0, -2.0, 0.25), (1.0, 1.0, 1.0)))
    y = m.array((-1.0, -2.0, 7.125, -0.5))
    return m.sum((m.sum(a * x, axis=1) - y) ** 2) + 3.0


@vector("magnitudes/softmax-total", [0.3, -1.2, 2.0, 0.7], noisy=False)
def softmax_total(m: Any, x: Any) -> Any:
    """Always 1: the gradient is 0."""
    powers = m.exp(x - 2.0)
    return m.sum(powers / m.sum(powers))


@vector("magnitudes/normalised-total", [0.31, -1.27, 2.09, 0.73, -0.48], noisy=False)
def normalised_total(m: Any, x: Any) -> Any:
    """The sum of what a layer norm gives: the value is rounding, and the gradient 0."""
    centred = x - m.sum(x) / 5
    return m.sum(centred / m.sqrt(m.sum(centred**2) / 5 + 1e-5))


@vector("magnitudes/ridge", [1e4, 1e4 + 1.0])
def ridge(m: Any, x: Any) -> Any:
    """A valley along x₀ = x₁, far away: each slope is ten thousand times their sum."""
    return 1e4 * (x[0] - x[1]) ** 2 + 1e-4 * (x[0] + x[1])


@vector("magnitudes/cancelling-exponentials", [20.0, 20.0 - 1e-3])
def cancelling(m: Any, x: Any) -> Any:
    return m.exp(x[0]) - m.exp(x[1])


@vector("magnitudes/on-a-large-offset", [0.3, 2.0])
def offset(m: Any, x: Any) -> Any:
    return 1e6 + m.sin(x[0]) * x[1] ** 2


@vector("magnitudes/powers", [1.2e-10, 5.0e9, 3.0e2, 0.02])
def powers(m: Any, x: Any) -> Any:
    return x[0] * x[1] + x[2] ** 1.5 / 1e4 + x[3] ** -0.5


@vector("magnitudes/time-constants", [1e-9, 1e-3, 1e3])
def time_constants(m: Any, x: Any) -> Any:
    """Three relaxations, each looked at after about one of its own time constants."""
    return m.exp(-1.2e-9 / x[0]) + m.exp(-0.7e-3 / x[1]) + m.exp(-2e3 / x[2])


@vector("magnitudes/quartics", [0.02, 3.0, 150.0])
def quartics(m: Any, x: Any) -> Any:
    return (x[0] / 0.01) ** 4 + x[1] ** 4 + (x[2] / 100) ** 4
