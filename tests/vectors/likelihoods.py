"""Negative log-likelihoods, as statisticians fit them: parameters in the data's own units."""

from __future__ import annotations

import math
from typing import Any

from tests.vectors.vector import vector

HEIGHTS = (1.62, 1.75, 1.81, 1.69, 1.58, 1.93, 1.77, 1.70)
COUNTS = (2.0, 0.0, 5.0, 3.0, 1.0, 4.0, 9.0, 7.0)
YEARS = (1990.0, 1994.0, 1998.0, 2002.0, 2006.0, 2010.0, 2014.0, 2018.0)
INCOMES = (21500.0, 48200.0, 33900.0, 120400.0, 27800.0, 64100.0, 39500.0, 88000.0)
AGES = (23.0, 45.0, 31.0, 62.0, 27.0, 51.0, 36.0, 58.0)
BOUGHT = (0.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0)
HOURS = (310.0, 1250.0, 820.0, 95.0, 2100.0, 640.0, 1475.0, 530.0)
FLUXES = (2.1e-13, 4.4e-13, 1.3e-13, 3.6e-13, 2.9e-13, 5.0e-13)


@vector("likelihoods/gaussian", [1.7, 0.12])
def gaussian(m: Any, x: Any) -> Any:
    mean, sigma = x
    z = (m.array(HEIGHTS) - mean) / sigma
    return m.sum(z**2) / 2 + 8 * m.log(sigma)


@vector("likelihoods/gaussian-of-fluxes", [3.0e-13, 1.1e-13])
def fluxes(m: Any, x: Any) -> Any:
    mean, sigma = x
    z = (m.array(FLUXES) - mean) / sigma
    return m.sum(z**2) / 2 + 6 * m.log(sigma)


@vector("likelihoods/line-through-years", [-46.0, 0.0245, 1.4])
def line(m: Any, x: Any) -> Any:
    """Offset and slope of counts by the calendar year: 2000·slope against the offset."""
    offset, slope, sigma = x
    z = (m.array(COUNTS) - offset - slope * m.array(YEARS)) / sigma
    return m.sum(z**2) / 2 + 8 * m.log(sigma)


@vector("likelihoods/poisson", [-140.0, 0.0705])
def poisson(m: Any, x: Any) -> Any:
    offset, slope = x
    eta = offset + slope * m.array(YEARS)
    return m.sum(m.exp(eta) - m.array(COUNTS) * eta)


# With noise neither slope is known to better than a tenth.
@vector("likelihoods/gamma", [2.2, 3.9e-5], noisy=False)
def gamma(m: Any, x: Any) -> Any:
    """Shape and rate of incomes."""
    shape, rate = x
    y = m.array(INCOMES)
    return m.sum(rate * y - (shape - 1) * m.log(y)) - 8 * (shape * m.log(rate) - m.lgamma(shape))


@vector("likelihoods/logistic-of-age-and-income", [-4.2, 0.065, 2.6e-5])
def logistic(m: Any, x: Any) -> Any:
    a, by_age, by_income = x
    eta = a + by_age * m.array(AGES) + by_income * m.array(INCOMES)
    return m.sum(m.log1p(m.exp(eta)) - m.array(BOUGHT) * eta)


@vector("likelihoods/mixture", [0.35, 1.65, 0.05, 1.85, 0.09])
def mixture(m: Any, x: Any) -> Any:
    share, first, narrow, second, wide = x
    y = m.array(HEIGHTS)
    one = share / narrow * m.exp(-(((y - first) / narrow) ** 2) / 2)
    two = (1 - share) / wide * m.exp(-(((y - second) / wide) ** 2) / 2)
    return -m.sum(m.log(one + two))


@vector("likelihoods/weibull", [1.4, 1000.0])
def weibull(m: Any, x: Any) -> Any:
    shape, scale = x
    z = m.array(HOURS) / scale
    return m.sum(z**shape - (shape - 1) * m.log(z)) - 8 * m.log(shape / scale)


@vector("likelihoods/negative-binomial", [1.3, 3.9])
def negative_binomial(m: Any, x: Any) -> Any:
    size, mean = x
    y = m.array(COUNTS)
    kernel = m.sum(m.lgamma(y + size)) - 8 * m.lgamma(size)
    return -kernel - 8 * size * m.log(size / (size + mean)) - m.sum(y * m.log(mean / (size + mean)))


@vector("likelihoods/exponential-with-censoring", [1.1e-3, 0.02])
def censored(m: Any, x: Any) -> Any:
    """Failure rate per hour, and its growth per degree at 40 degrees."""
    rate, growth = x
    hot = rate * m.exp(growth * 40.0)
    return hot * m.sum(m.array(HOURS)) - 5 * m.log(hot)


@vector("likelihoods/student", [1.71, 0.09, 4.2])
def student(m: Any, x: Any) -> Any:
    centre, scale, freedom = x
    z = (m.array(HEIGHTS) - centre) / scale
    constant = m.lgamma((freedom + 1) / 2) - m.lgamma(freedom / 2) - m.log(freedom * math.pi) / 2
    return m.sum(m.log1p(z**2 / freedom)) * (freedom + 1) / 2 - 8 * (constant - m.log(scale))


@vector("likelihoods/beta", [2.5, 14.0])
def beta(m: Any, x: Any) -> Any:
    a, b = x
    y = m.array((0.11, 0.23, 0.08, 0.19, 0.31, 0.05))
    constant = m.lgamma(a + b) - m.lgamma(a) - m.lgamma(b)
    return -6 * constant - m.sum((a - 1) * m.log(y) + (b - 1) * m.log1p(-y))


@vector("likelihoods/at-the-maximum", [1.73125, 0.1033728083201767], noisy=False)
def at_the_maximum(m: Any, x: Any) -> Any:
    """The Gaussian's own estimates: both slopes are 0 but for rounding."""
    mean, sigma = x
    z = (m.array(HEIGHTS) - mean) / sigma
    return m.sum(z**2) / 2 + 8 * m.log(sigma)


@vector("likelihoods/probit-dose", [-1.1, 2.3e3])
def probit(m: Any, x: Any) -> Any:
    """Deaths among 20 by a dose in grams."""
    a, by_dose = x
    eta = a + by_dose * m.array((1e-4, 3e-4, 6e-4, 1e-3))
    dead = m.array((4.0, 8.0, 13.0, 17.0))
    p = m.erfc(-eta / math.sqrt(2)) / 2
    return -m.sum(dead * m.log(p) + (20 - dead) * m.log1p(-p))


@vector("likelihoods/garch-step", [1.2e-6, 0.085, 0.905, 2.5e-4])
def garch(m: Any, x: Any) -> Any:
    """Volatility of daily returns: a constant of 1e-6, two shares, the first variance."""
    constant, shock, memory, variance = x
    total = 0.0
    for r in (0.011, -0.023, 0.004, -0.016, 0.009, 0.031):
        total = total + (m.log(variance) + r**2 / variance) / 2
        variance = constant + shock * r**2 + memory * variance
    return total


@vector("likelihoods/von-mises-like", [0.4, 2.7])
def directions(m: Any, x: Any) -> Any:
    """Cosines about a direction, normalised by a series of the Bessel function."""
    centre, strength = x
    bessel, term = 1.0, 1.0
    for k in range(1, 25):
        term = term * (strength / (2 * k)) ** 2
        bessel = bessel + term
    angles = m.array((0.1, 0.7, -0.3, 1.2, 0.5))
    return 5 * m.log(bessel) - strength * m.sum(m.cos(angles - centre))
