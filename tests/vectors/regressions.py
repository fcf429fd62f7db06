"""Nonlinear regressions with published data: sums of squares at both starts and at the solution."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.vectors import regression_data as data
from tests.vectors.regression_data import Regression
from tests.vectors.vector import Vector, vector

Model = Callable[..., Any]


def fit(name: str, given: Regression) -> Callable[[Model], tuple[Vector, ...]]:
    """Return a decorator that makes vectors of a model(m, b, x)."""

    def decorate(model: Model) -> tuple[Vector, ...]:
        def squares(m: Any, b: Any) -> Any:
            predictors = [m.array(series) for series in given.predictors]
            return m.sum((m.array(given.y) - model(m, b, *predictors)) ** 2)

        points = {"start-1": given.starts[0], "start-2": given.starts[1]}
        if given.whole:
            points["solved"] = given.certified
        return tuple(
            vector(f"regression/{name}-{where}", point)(squares) for where, point in points.items()
        )

    return decorate


@fit("misra1a", data.MISRA1A)
def misra1a(m: Any, b: Any, x: Any) -> Any:
    return b[0] * (1 - m.exp(-b[1] * x))


@fit("misra1b", data.MISRA1B)
def misra1b(m: Any, b: Any, x: Any) -> Any:
    return b[0] * (1 - (1 + b[1] * x / 2) ** -2)


@fit("misra1c", data.MISRA1C)
def misra1c(m: Any, b: Any, x: Any) -> Any:
    return b[0] * (1 - (1 + 2 * b[1] * x) ** -0.5)


@fit("misra1d", data.MISRA1D)
def misra1d(m: Any, b: Any, x: Any) -> Any:
    return b[0] * b[1] * x / (1 + b[1] * x)


@fit("danwood", data.DANWOOD)
def danwood(m: Any, b: Any, x: Any) -> Any:
    return b[0] * x ** b[1]


@fit("boxbod", data.BOXBOD)
def boxbod(m: Any, b: Any, x: Any) -> Any:
    return b[0] * (1 - m.exp(-b[1] * x))


@fit("chwirut2", data.CHWIRUT2)
def chwirut2(m: Any, b: Any, x: Any) -> Any:
    return m.exp(-b[0] * x) / (b[1] + b[2] * x)


@fit("rat42", data.RAT42)
def rat42(m: Any, b: Any, x: Any) -> Any:
    return b[0] / (1 + m.exp(b[1] - b[2] * x))


@fit("rat43", data.RAT43)
def rat43(m: Any, b: Any, x: Any) -> Any:
    return b[0] / (1 + m.exp(b[1] - b[2] * x)) ** (1 / b[3])


@fit("mgh09", data.MGH09)
def mgh09(m: Any, b: Any, x: Any) -> Any:
    return b[0] * (x**2 + x * b[1]) / (x**2 + x * b[2] + b[3])


@fit("mgh10", data.MGH10)
def mgh10(m: Any, b: Any, x: Any) -> Any:
    return b[0] * m.exp(b[1] / (x + b[2]))


@fit("mgh17", data.MGH17)
def mgh17(m: Any, b: Any, x: Any) -> Any:
    return b[0] + b[1] * m.exp(-x * b[3]) + b[2] * m.exp(-x * b[4])


@fit("lanczos3", data.LANCZOS3)
def lanczos3(m: Any, b: Any, x: Any) -> Any:
    return b[0] * m.exp(-b[1] * x) + b[2] * m.exp(-b[3] * x) + b[4] * m.exp(-b[5] * x)


@fit("eckerle4", data.ECKERLE4)
def eckerle4(m: Any, b: Any, x: Any) -> Any:
    return b[0] / b[1] * m.exp(-(((x - b[2]) / b[1]) ** 2) / 2)


@fit("roszman1", data.ROSZMAN1)
def roszman1(m: Any, b: Any, x: Any) -> Any:
    return b[0] - b[1] * x - m.atan(b[2] / (x - b[3])) / m.pi


def cubics(m: Any, b: Any, x: Any) -> Any:
    """Return a cubic over a cubic."""
    over = b[0] + x * (b[1] + x * (b[2] + x * b[3]))
    return over / (1 + x * (b[4] + x * (b[5] + x * b[6])))


thurber = fit("thurber", data.THURBER)(cubics)
hahn1 = fit("hahn1", data.HAHN1)(cubics)


@fit("kirby2", data.KIRBY2)
def kirby2(m: Any, b: Any, x: Any) -> Any:
    return (b[0] + x * (b[1] + x * b[2])) / (1 + x * (b[3] + x * b[4]))


@fit("bennett5", data.BENNETT5)
def bennett5(m: Any, b: Any, x: Any) -> Any:
    return b[0] * (b[1] + x) ** (-1 / b[2])


LOG_NELSON = replace(data.NELSON, y=tuple(map(math.log, data.NELSON.y)))


@fit("nelson", LOG_NELSON)
def nelson(m: Any, b: Any, weeks: Any, celsius: Any) -> Any:
    return b[0] - b[1] * weeks * m.exp(-b[2] * celsius)


@fit("gauss1", data.GAUSS1)
def gauss1(m: Any, b: Any, x: Any) -> Any:
    peaks = b[2] * m.exp(-(((x - b[3]) / b[4]) ** 2)) + b[5] * m.exp(-(((x - b[6]) / b[7]) ** 2))
    return b[0] * m.exp(-b[1] * x) + peaks


@fit("enso", data.ENSO)
def enso(m: Any, b: Any, x: Any) -> Any:
    turn = 2 * m.pi * x
    year = b[1] * m.cos(turn / 12) + b[2] * m.sin(turn / 12)
    nino = b[4] * m.cos(turn / b[3]) + b[5] * m.sin(turn / b[3])
    southern = b[7] * m.cos(turn / b[6]) + b[8] * m.sin(turn / b[6])
    return b[0] + year + nino + southern
