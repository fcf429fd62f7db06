"""Problems by Moré, Garbow and Hillstrom of any dimension, numbered as there. See `least_squares`.

Their entries are alike, or run from small to large.
"""

from __future__ import annotations

import math
from typing import Any

from tests.vectors.least_squares import problem

N = 10
GRID = tuple((i + 1) / (N + 1) for i in range(N))  # of the discretised boundary problems
ARCH = tuple(t * (t - 1) for t in GRID)


@problem("20-watson", [0.0] * 6)
def watson(m: Any, x: Any) -> Any:
    found = [x[0], x[1] - x[0] ** 2 - 1]
    for i in range(1, 30):
        t = i / 29
        slope = sum(j * x[j] * t ** (j - 1) for j in range(1, 6))
        found.append(slope - sum(x[j] * t**j for j in range(6)) ** 2 - 1)
    return found


@problem("21-extended-rosenbrock", [-1.2, 1.0] * 5)
def extended_rosenbrock(m: Any, x: Any) -> Any:
    found = []
    for i in range(0, N, 2):
        found += [10 * (x[i + 1] - x[i] ** 2), 1 - x[i]]
    return found


@problem("22-extended-powell-singular", [3.0, -1.0, 0.0, 1.0] * 2)
def extended_powell_singular(m: Any, x: Any) -> Any:
    found = []
    for i in (0, 4):
        a, b, c, d = x[i : i + 4]
        found += [
            a + 10 * b, math.sqrt(5) * (c - d), (b - 2 * c) ** 2, math.sqrt(10) * (a - d) ** 2
        ]  # fmt: skip
    return found


@problem("23-penalty-1", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0])
def penalty_1(m: Any, x: Any) -> Any:
    return [math.sqrt(1e-5) * (one - 1) for one in x] + [m.sum(x**2) - 0.25]


@problem("24-penalty-2", [0.5] * 4)
def penalty_2(m: Any, x: Any) -> Any:
    root = math.sqrt(1e-5)
    found = [x[0] - 0.2]
    for i in range(1, 4):
        y = math.exp((i + 1) / 10) + math.exp(i / 10)
        found.append(root * (m.exp(x[i] / 10) + m.exp(x[i - 1] / 10) - y))
    found += [root * (m.exp(x[i] / 10) - math.exp(-0.1)) for i in range(1, 4)]
    return [*found, sum((4 - j) * x[j] ** 2 for j in range(4)) - 1]


@problem("25-variably-dimensioned", [1 - (j + 1) / N for j in range(N)])
def variably_dimensioned(m: Any, x: Any) -> Any:
    total = sum((j + 1) * (x[j] - 1) for j in range(N))
    return [one - 1 for one in x] + [total, total**2]


@problem("26-trigonometric", [1 / N] * N)
def trigonometric(m: Any, x: Any) -> Any:
    total = m.sum(m.cos(x))
    return [N - total + (i + 1) * (1 - m.cos(x[i])) - m.sin(x[i]) for i in range(N)]


@problem("27-brown-almost-linear", [0.5] * N)
def brown_almost_linear(m: Any, x: Any) -> Any:
    total, product = m.sum(x), x[0]
    for one in x[1:]:
        product = product * one
    return [one + total - (N + 1) for one in x[:-1]] + [product - 1]


@problem("28-discrete-boundary-value", ARCH)
def discrete_boundary_value(m: Any, x: Any) -> Any:
    padded = [0, *x, 0]
    return [
        2 * x[i] - padded[i] - padded[i + 2] + (x[i] + GRID[i] + 1) ** 3 / (2 * (N + 1) ** 2)
        for i in range(N)
    ]


@problem("29-discrete-integral-equation", ARCH)
def discrete_integral_equation(m: Any, x: Any) -> Any:
    cubes = [(x[j] + GRID[j] + 1) ** 3 for j in range(N)]
    found = []
    for i, t in enumerate(GRID):
        below = sum(GRID[j] * cubes[j] for j in range(i + 1))
        above = sum((1 - GRID[j]) * cubes[j] for j in range(i + 1, N))
        found.append(x[i] + ((1 - t) * below + t * above) / (2 * (N + 1)))
    return found


@problem("30-broyden-tridiagonal", [-1.0] * N)
def broyden_tridiagonal(m: Any, x: Any) -> Any:
    padded = [0, *x, 0]
    return [(3 - 2 * x[i]) * x[i] - padded[i] - 2 * padded[i + 2] + 1 for i in range(N)]


@problem("31-broyden-banded", [-1.0] * N)
def broyden_banded(m: Any, x: Any) -> Any:
    found = []
    for i in range(N):
        near = [j for j in range(max(0, i - 5), min(N, i + 2)) if j != i]
        found.append(x[i] * (2 + 5 * x[i] ** 2) + 1 - sum(x[j] * (1 + x[j]) for j in near))
    return found


@problem("32-linear-full-rank", [1.0] * N)
def linear_full_rank(m: Any, x: Any) -> Any:
    share = m.sum(x) / 10
    return [one - share - 1 for one in x] + [-share - 1 for _ in range(10)]


@problem("33-linear-rank-1", [1.0] * N)
def linear_rank_1(m: Any, x: Any) -> Any:
    total = sum((j + 1) * x[j] for j in range(N))
    return [i * total - 1 for i in range(1, 21)]


@problem("34-linear-rank-1-with-zeros", [1.0] * N)
def linear_rank_1_with_zeros(m: Any, x: Any) -> Any:
    total = sum((j + 1) * x[j] for j in range(1, N - 1))
    return [0 * x[0] - 1, *(i * total - 1 for i in range(1, 19)), 0 * x[0] - 1]


@problem("35-chebyquad", [(j + 1) / 9 for j in range(8)])
def chebyquad(m: Any, x: Any) -> Any:
    y = 2 * x - 1
    before, now = 0 * y + 1, y
    found = []
    for i in range(1, 9):
        mean = -1 / (i * i - 1) if i % 2 == 0 else 0
        found.append(m.sum(now) / 8 - mean)
        before, now = now, 2 * y * now - before
    return found
