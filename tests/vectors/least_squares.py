"""Problems by Moré, Garbow and Hillstrom, as sums of squares at their standard starts.

Source: J. J. Moré, B. S. Garbow and K. E. Hillstrom, *Testing Unconstrained Optimization Software*,
ACM Transactions on Mathematical Software 7 (1981), 17-41, section 3, with its numbers. Those of any
dimension, and Powell's and Rosenbrock's extended ones, are in `systems`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from tests.vectors.vector import Vector, vector

Residuals = Callable[[Any, Any], Any]


def problem(name: str, start: Sequence[float]) -> Callable[[Residuals], Vector]:
    """Return a decorator that makes a vector of residuals: a list of numbers, or one array."""

    def decorate(residuals: Residuals) -> Vector:
        def squares(m: Any, x: Any) -> Any:
            found = residuals(m, x)
            return m.sum((m.stack(found) if isinstance(found, list) else found) ** 2)

        return vector(f"least-squares/{name}", start)(squares)

    return decorate


def numbers(text: str) -> tuple[float, ...]:
    """Return the numbers in a text."""
    return tuple(map(float, text.split()))


BARD = numbers("0.14 0.18 0.22 0.25 0.29 0.32 0.35 0.39 0.37 0.58 0.73 0.96 1.34 2.10 4.39")
BARD_U = tuple(float(i) for i in range(1, 16))
BARD_V = tuple(16 - u for u in BARD_U)
BARD_W = tuple(map(min, BARD_U, BARD_V))

GAUSSIAN = numbers(
    "0.0009 0.0044 0.0175 0.0540 0.1295 0.2420 0.3521 0.3989"
    " 0.3521 0.2420 0.1295 0.0540 0.0175 0.0044 0.0009"
)
GAUSSIAN_T = tuple((8 - i) / 2 for i in range(1, 16))

MEYER = numbers(
    "34780 28610 23650 19630 16370 13720 11540 9744 8261 7030 6005 5147 4427 3820 3307 2872"
)
MEYER_T = tuple(45.0 + 5 * i for i in range(1, 17))

GULF_T = tuple(i / 100 for i in range(1, 21))
GULF_Y = tuple(25 + (-50 * math.log(t)) ** (2 / 3) for t in GULF_T)

BOX_T = tuple(0.1 * i for i in range(1, 11))
BOX_Y = tuple(math.exp(-t) - math.exp(-10 * t) for t in BOX_T)

KOWALIK = numbers("0.1957 0.1947 0.1735 0.1600 0.0844 0.0627 0.0456 0.0342 0.0323 0.0235 0.0246")
KOWALIK_U = numbers("4 2 1 0.5 0.25 0.167 0.125 0.1 0.0833 0.0714 0.0625")

DENNIS_T = tuple(i / 5 for i in range(1, 21))
DENNIS_EXP = tuple(map(math.exp, DENNIS_T))
DENNIS_SIN = tuple(map(math.sin, DENNIS_T))
DENNIS_COS = tuple(map(math.cos, DENNIS_T))

OSBORNE_1 = numbers(
    "0.844 0.908 0.932 0.936 0.925 0.908 0.881 0.850 0.818 0.784 0.751 0.718 0.685 0.658 0.628"
    " 0.603 0.580 0.558 0.538 0.522 0.506 0.490 0.478 0.467 0.457 0.448 0.438 0.431 0.424 0.420"
    " 0.414 0.411 0.406"
)
OSBORNE_1_T = tuple(10.0 * i for i in range(33))

BIGGS_T = tuple(0.1 * i for i in range(1, 14))
BIGGS_Y = tuple(math.exp(-t) - 5 * math.exp(-10 * t) + 3 * math.exp(-4 * t) for t in BIGGS_T)

OSBORNE_2 = numbers(
    "1.366 1.191 1.112 1.013 0.991 0.885 0.831 0.847 0.786 0.725 0.746 0.679 0.608 0.655 0.616"
    " 0.606 0.602 0.626 0.651 0.724 0.649 0.649 0.694 0.644 0.624 0.661 0.612 0.558 0.533 0.495"
    " 0.500 0.423 0.395 0.375 0.372 0.391 0.396 0.405 0.428 0.429 0.523 0.562 0.607 0.653 0.672"
    " 0.708 0.633 0.668 0.645 0.632 0.591 0.559 0.597 0.625 0.739 0.710 0.729 0.720 0.636 0.581"
    " 0.428 0.292 0.162 0.098 0.054"
)
OSBORNE_2_T = tuple(i / 10 for i in range(65))


@problem("1-rosenbrock", [-1.2, 1.0])
def rosenbrock(m: Any, x: Any) -> Any:
    return [10 * (x[1] - x[0] ** 2), 1 - x[0]]


@problem("2-freudenstein-roth", [0.5, -2.0])
def freudenstein_roth(m: Any, x: Any) -> Any:
    a, b = x
    return [-13 + a + ((5 - b) * b - 2) * b, -29 + a + ((b + 1) * b - 14) * b]


@problem("3-powell-badly-scaled", [0.0, 1.0])
def powell_badly_scaled(m: Any, x: Any) -> Any:
    return [1e4 * x[0] * x[1] - 1, m.exp(-x[0]) + m.exp(-x[1]) - 1.0001]


@problem("4-brown-badly-scaled", [1.0, 1.0])
def brown_badly_scaled(m: Any, x: Any) -> Any:
    return [x[0] - 1e6, x[1] - 2e-6, x[0] * x[1] - 2]


@problem("5-beale", [1.0, 1.0])
def beale(m: Any, x: Any) -> Any:
    a, b = x
    return [1.5 - a * (1 - b), 2.25 - a * (1 - b**2), 2.625 - a * (1 - b**3)]


@problem("6-jennrich-sampson", [0.3, 0.4])
def jennrich_sampson(m: Any, x: Any) -> Any:
    return [2 + 2 * i - (m.exp(i * x[0]) + m.exp(i * x[1])) for i in range(1, 11)]


@problem("7-helical-valley", [-1.0, 0.0, 0.0])
def helical_valley(m: Any, x: Any) -> Any:
    a, b, c = x
    turn = m.atan(b / a) / (2 * m.pi) + (0.5 if a < 0 else 0)
    return [10 * (c - 10 * turn), 10 * (m.sqrt(a**2 + b**2) - 1), c]


@problem("8-bard", [1.0, 1.0, 1.0])
def bard(m: Any, x: Any) -> Any:
    a, b, c = x
    return m.array(BARD) - (a + m.array(BARD_U) / (m.array(BARD_V) * b + m.array(BARD_W) * c))


@problem("9-gaussian", [0.4, 1.0, 0.0])
def gaussian(m: Any, x: Any) -> Any:
    a, b, c = x
    return a * m.exp(-b * (m.array(GAUSSIAN_T) - c) ** 2 / 2) - m.array(GAUSSIAN)


@problem("10-meyer", [0.02, 4000.0, 250.0])
def meyer(m: Any, x: Any) -> Any:
    a, b, c = x
    return a * m.exp(b / (m.array(MEYER_T) + c)) - m.array(MEYER)


@problem("11-gulf", [5.0, 2.5, 0.15])
def gulf(m: Any, x: Any) -> Any:
    a, b, c = x
    return m.exp(-(m.abs(m.array(GULF_Y) - b) ** c) / a) - m.array(GULF_T)


@problem("12-box", [0.0, 10.0, 20.0])
def box(m: Any, x: Any) -> Any:
    t = m.array(BOX_T)
    return m.exp(-t * x[0]) - m.exp(-t * x[1]) - x[2] * m.array(BOX_Y)


@problem("13-powell-singular", [3.0, -1.0, 0.0, 1.0])
def powell_singular(m: Any, x: Any) -> Any:
    a, b, c, d = x
    return [
        a + 10 * b, math.sqrt(5) * (c - d), (b - 2 * c) ** 2, math.sqrt(10) * (a - d) ** 2
    ]  # fmt: skip


@problem("14-wood", [-3.0, -1.0, -3.0, -1.0])
def wood(m: Any, x: Any) -> Any:
    a, b, c, d = x
    return [
        10 * (b - a**2), 1 - a, math.sqrt(90) * (d - c**2), 1 - c,
        math.sqrt(10) * (b + d - 2), (b - d) / math.sqrt(10),
    ]  # fmt: skip


@problem("15-kowalik-osborne", [0.25, 0.39, 0.415, 0.39])
def kowalik_osborne(m: Any, x: Any) -> Any:
    a, b, c, d = x
    u = m.array(KOWALIK_U)
    return m.array(KOWALIK) - a * (u**2 + u * b) / (u**2 + u * c + d)


@problem("16-brown-dennis", [25.0, 5.0, -5.0, -1.0])
def brown_dennis(m: Any, x: Any) -> Any:
    a, b, c, d = x
    first = a + m.array(DENNIS_T) * b - m.array(DENNIS_EXP)
    return first**2 + (c + m.array(DENNIS_SIN) * d - m.array(DENNIS_COS)) ** 2


@problem("17-osborne-1", [0.5, 1.5, -1.0, 0.01, 0.02])
def osborne_1(m: Any, x: Any) -> Any:
    a, b, c, d, e = x
    t = m.array(OSBORNE_1_T)
    return m.array(OSBORNE_1) - (a + b * m.exp(-t * d) + c * m.exp(-t * e))


@problem("18-biggs", [1.0, 2.0, 1.0, 1.0, 1.0, 1.0])
def biggs(m: Any, x: Any) -> Any:
    t = m.array(BIGGS_T)
    return (
        x[2] * m.exp(-t * x[0]) - x[3] * m.exp(-t * x[1]) + x[5] * m.exp(-t * x[4])
        - m.array(BIGGS_Y)
    )  # fmt: skip


@problem("19-osborne-2", [1.3, 0.65, 0.65, 0.7, 0.6, 3.0, 5.0, 7.0, 2.0, 4.5, 5.5])
def osborne_2(m: Any, x: Any) -> Any:
    t = m.array(OSBORNE_2_T)
    curve = x[0] * m.exp(-t * x[4])
    for k in (1, 2, 3):
        curve = curve + x[k] * m.exp(-((t - x[7 + k]) ** 2) * x[4 + k])
    return m.array(OSBORNE_2) - curve
