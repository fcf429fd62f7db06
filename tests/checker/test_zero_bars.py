"""Error bars of functions whose value is exactly zero because large terms cancel.

The rounding of such a function is that of its terms, which f(x) = 0 does not show. Nor do
differences that are even about x: the determinant's terms round at x − h as they do at x + h, with
the other sign, so they leave nothing in a fourth difference. And where h is a power of two the
rounding of a slope over h/2 may be the one over h, so that the two slopes agree to the bit. A bar
of exactly zero then stands for a slope that is off by as much as its own size.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import nudgegrad as ng

RANK_ONE = np.array([[36, -42, 18], [-42, 49, -21], [18, -21, 9]])


def det_2(a: Any) -> Any:
    return a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0]


def det_3(a: Any) -> Any:
    """Return the determinant by cofactors, as JAX computes it, rounding every product."""
    (a0, a1, a2), (a3, a4, a5), (a6, a7, a8) = a
    return a0 * a4 * a8 + a1 * a5 * a6 + a2 * a3 * a7 - a2 * a4 * a6 - a0 * a5 * a7 - a1 * a3 * a8


def cofactors_2(a: Any) -> Any:
    return np.array([[a[1, 1], -a[1, 0]], [-a[0, 1], a[0, 0]]], dtype=np.float64)


def rank_one(seed: int) -> Any:
    u, v = np.random.default_rng(seed).integers(2, 60, (2, 2))
    return np.outer(u, v)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("matrix", [RANK_ONE, 1024 * RANK_ONE, RANK_ONE / 512])
def test_right_zeros_of_a_determinant(matrix: Any, dtype: str) -> None:
    a = matrix.astype(dtype)
    assert det_3(a) == 0
    report = ng.check(det_3, a, np.zeros_like(a))
    check = report.parameters["params"]
    assert report.counts["wrong"] == 0, str(report)
    assert np.all(np.abs(check.numeric) <= report.factor * check.error)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("claim", [1.0, 1.1, 0.5, 0.0, -1.0])
@pytest.mark.parametrize("seed", range(6))
def test_bars_cover_the_slopes_of_a_determinant(seed: int, claim: float, dtype: str) -> None:
    a = rank_one(seed).astype(dtype)
    assert det_2(a) == 0
    truth = cofactors_2(a)
    report = ng.check(det_2, a, (claim * truth).astype(dtype))
    check = report.parameters["params"]
    off = np.abs(check.numeric - truth)
    bars = report.factor * check.error + 4 * np.finfo(dtype).eps * np.abs(truth)
    assert np.all(off <= bars), (check.numeric, truth, check.error)
    assert report.passed == (claim == 1.0), str(report)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_expanded_cube_at_its_root(dtype: str) -> None:
    """(x − 1)³, multiplied out: the value and the slope are zero, the terms are not."""
    x = np.ones(1, dtype)
    report = ng.check(lambda x: (x**3 - 3 * x**2 + 3 * x - 1)[0], x, np.zeros_like(x))
    check = report.parameters["params"]
    assert report.counts["wrong"] == 0, str(report)
    assert np.all(np.abs(check.numeric) <= report.factor * check.error)
