"""Money, epidemics and populations."""

from __future__ import annotations

import math
from typing import Any

from tests.vectors.vector import vector

ROOT2 = math.sqrt(2)


@vector("society/black-scholes", [4210.5, 4300.0, 0.043, 0.187, 0.25])
def black_scholes(m: Any, x: Any) -> Any:
    """A call: price, strike, rate, volatility, years."""
    price, strike, rate, volatility, years = x
    spread = volatility * m.sqrt(years)
    d1 = (m.log(price / strike) + (rate + volatility**2 / 2) * years) / spread
    first = m.erfc(-d1 / ROOT2) / 2
    second = m.erfc(-(d1 - spread) / ROOT2) / 2
    return price * first - strike * m.exp(-rate * years) * second


@vector("society/option-far-out-of-the-money", [95.0, 180.0, 0.01, 0.2, 0.5])
def far_option(m: Any, x: Any) -> Any:
    """The same, worth 1e-5."""
    price, strike, rate, volatility, years = x
    spread = volatility * m.sqrt(years)
    d1 = (m.log(price / strike) + (rate + volatility**2 / 2) * years) / spread
    first = m.erfc(-d1 / ROOT2) / 2
    second = m.erfc(-(d1 - spread) / ROOT2) / 2
    return price * first - strike * m.exp(-rate * years) * second


@vector("society/mortgage", [350000.0, 0.0375, 30.0])
def mortgage(m: Any, x: Any) -> Any:
    """A month's payment: sum, yearly rate, years."""
    total, rate, years = x
    month = rate / 12
    return total * month / (1 - m.exp(-12 * years * m.log1p(month)))


@vector("society/bond", [1000.0, 0.0425, 0.051, 7.0])
def bond(m: Any, x: Any) -> Any:
    face, coupon, rate, years = x
    discount = m.exp(-rate * years)
    return face * coupon * (1 - discount) / m.expm1(rate) + face * discount


@vector("society/nelson-siegel-fit", [0.045, -0.02, 0.011, 1.8])
def nelson_siegel(m: Any, x: Any) -> Any:
    """Sum of squares of seven yields: level, slope, hump and a time in years."""
    level, slope, hump, tau = x
    years = m.array((0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0))
    yields = m.array((0.0262, 0.0275, 0.0301, 0.0339, 0.0395, 0.0421, 0.0447))
    z = years / tau
    load = (1 - m.exp(-z)) / z
    return m.sum((level + slope * load + hump * (load - m.exp(-z)) - yields) ** 2)


@vector("society/cobb-douglas", [1.01, 3.4e12, 0.33, 1.6e8])
def cobb_douglas(m: Any, x: Any) -> Any:
    """Output from productivity, capital, its share and workers."""
    productivity, capital, share, workers = x
    return productivity * capital**share * workers ** (1 - share)


@vector("society/portfolio", [2.0e5, 1.5e5, 0.18, 0.24, 0.35])
def portfolio(m: Any, x: Any) -> Any:
    """Value at risk of two holdings: sums, volatilities, correlation."""
    a, b, s, t, correlation = x
    return 2.326 * m.sqrt((a * s) ** 2 + (b * t) ** 2 + 2 * correlation * a * s * b * t)


@vector("society/tax-with-soft-brackets", [68000.0, 0.19, 0.42, 54000.0])
def tax(m: Any, x: Any) -> Any:
    """Income, two rates, the bracket; the step between the rates is 500 wide."""
    income, low, high, bracket = x
    over = 500 * m.log1p(m.exp((income - bracket) / 500))
    return low * income + (high - low) * over


@vector("society/sir-early-phase", [41.0, 0.31, 0.14, 6.7e7, 18.0])
def sir(m: Any, x: Any) -> Any:
    """Cases after some days: first cases, infection, recovery, population, t."""
    first, beta, gamma, population, t = x
    growth = beta - gamma
    infected = first * m.exp(growth * t)
    return infected / (1 + beta / growth * (infected - first) / population)


@vector("society/sir-peak", [2.4, 0.998, 1.1e-4])
def sir_peak(m: Any, x: Any) -> Any:
    """Share infected at the peak: reproduction number, susceptible, infected at first."""
    reproduction, susceptible, infected = x
    return infected + susceptible - (1 + m.log(reproduction * susceptible)) / reproduction


@vector("society/final-size", [1.7, 1e-5])
def final_size(m: Any, x: Any) -> Any:
    """Share ever infected by Newton's method."""
    reproduction, seeded = x
    share = 0.7 + 0 * reproduction
    for _ in range(8):
        rest = (1 - seeded) * m.exp(-reproduction * share)
        share = share - (share - 1 + rest) / (1 - reproduction * rest)
    return share


@vector("society/epidemic-fit", [9.3e4, 0.24, 31.0])
def epidemic_fit(m: Any, x: Any) -> Any:
    """Richards' curve to counts of seven weeks, sum of squares."""
    size, rate, middle = x
    days = m.array((7.0, 14.0, 21.0, 28.0, 35.0, 42.0, 49.0))
    cases = m.array((310.0, 1720.0, 8100.0, 30400.0, 66800.0, 87100.0, 91900.0))
    return m.sum((size / (1 + m.exp(-rate * (days - middle))) - cases) ** 2)


@vector("society/vaccine-efficacy", [18198.0, 18325.0, 4.4e-4, 0.95])
def efficacy(m: Any, x: Any) -> Any:
    """Binomial deviance of 8 and 162 cases in two arms: sizes, risk, efficacy."""
    treated, control, risk, effect = x
    low = risk * (1 - effect)
    first = 8 * m.log(low) + (treated - 8) * m.log1p(-low)
    return -first - 162 * m.log(20 * risk) - (control - 162) * m.log1p(-20 * risk)


@vector("society/lotka-volterra-invariant", [30.5, 4.1, 0.52, 0.028, 0.84, 0.026])
def lotka_volterra(m: Any, x: Any) -> Any:
    hares, lynxes, alpha, beta, gamma, delta = x
    return delta * hares - gamma * m.log(hares) + beta * lynxes - alpha * m.log(lynxes)


@vector("society/gompertz-makeham", [7.0e-5, 3.2e-5, 0.098, 61.0])
def gompertz_makeham(m: Any, x: Any) -> Any:
    """Probability of reaching an age: accident, ageing, its growth, years."""
    accident, ageing, growth, years = x
    return m.exp(-accident * years - ageing / growth * m.expm1(growth * years))


@vector("society/item-response", [1.4, -0.6, 0.2, 0.9])
def item_response(m: Any, x: Any) -> Any:
    """Deviance of five answers by discrimination, difficulty, guessing and ability."""
    discrimination, difficulty, guessing, ability = x
    total = 0.0
    for shift, right in ((-1.5, 1), (-0.5, 1), (0.0, 0), (0.8, 1), (1.9, 0)):
        p = guessing + (1 - guessing) / (
            1 + m.exp(-discrimination * (ability - difficulty - shift))
        )
        total = total - (m.log(p) if right else m.log(1 - p))
    return total


@vector("society/elo", [2715.0, 2682.0, 400.0, 24.0])
def elo(m: Any, x: Any) -> Any:
    """Rating after a lost game: both ratings, the scale, the step."""
    own, other, scale, step = x
    return own - step / (1 + 10 ** ((other - own) / scale))
