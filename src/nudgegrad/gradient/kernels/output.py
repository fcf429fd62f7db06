"""The last step of a nudge: from one hidden unit through the last affine layer to the loss.

A nudge that moves unit j by d moves the output by d·W_j and the loss of sample n by

    Δℓ = log1p( a·S / (1 + b·S) ),    S(d) = Σ_c p_c·expm1(d·v_c),    v_c = W_jc − W_jt

(see `nudgegrad.losses.CrossEntropy`). expm1 of so small a number is its power series, cut off where
the rest is below rounding. Then the sum over the classes can be taken first, once for every d:

    S(d) = d·(m_1 + d·(m_2/2! + d·(m_3/3! + …))),    m_k = Σ_c p_c·v_c^k

and no array of (samples, units, classes) is ever made. The first power left out is, relative to
Σ_c p_c·|d·v_c|, at most z^K/(K + 1)! for z = max|d·v|; `bound` says up to which z that is less than
the unit roundoff. Beyond it the kernels give up, and the array lines with the true expm1 take over.

The change from d₋ to d₊ needs a single logarithm, because 1 + u₊ over 1 + u₋ is 1 + r with

    r = a·(S₊ − S₋) / ((1 + b·S₊)(1 + S₋)),    log1p(r) = 2·atanh(r / (2 + r))
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from nudgegrad.gradient.kernels.jit import compile_kernel

__all__ = [
    "TERMS",
    "bound",
    "change_of_one",
    "change_of_sample",
    "change_of_units",
    "moments",
    "relative_change",
    "shares",
    "spread",
]

Floats = NDArray[Any]

TERMS = {np.dtype(np.float32): 3, np.dtype(np.float64): 5}
BOUNDS = {np.dtype(np.float32): 1e-2, np.dtype(np.float64): 1e-3}


def bound(dtype: DTypeLike) -> float:
    """Return up to which z = max|d·v| the kernels' series are exact to rounding."""
    return BOUNDS[np.dtype(dtype)]


def change_of_units(
    plus: Floats, minus: Floats, weights: Floats, p: Floats, t: NDArray[np.int64], epsilon: float,
    factor: float,
) -> Floats | None:  # fmt: skip
    """Return ℓ(d₊) − ℓ(d₋), times a factor, for each sample and unit.

    None if a nudge is beyond the bound.

    Parameters
    ----------
    plus, minus : (samples, units) arrays
        How each nudge moves its unit.
    weights : (units, classes) array
        Of the affine layer between the units and the loss.
    p : (samples, classes) array
        Probabilities.
    t : (samples,) array
        Correct classes.
    epsilon
        The loss's.
    factor
        Usually 1/2h, which makes it a slope.
    """
    change = np.empty_like(plus)
    real = p.dtype.type
    m = np.empty((TERMS[p.dtype], len(weights)), p.dtype)
    fits = _change_of_units(
        plus, minus, np.ascontiguousarray(weights.T), p, t, real(epsilon), real(factor),
        real(bound(p.dtype)), m, change,
    )  # fmt: skip
    return change if fits else None


@compile_kernel
def moments(weights: Floats, p: Floats, correct: int, m: Floats) -> None:
    """Fill m[k − 1, j] with m_k/k! of one sample: classes outside, units inside.

    `weights` is (classes, units) here, `p` one sample's probabilities. With as many rows in `m` as
    the series has terms: 3 or 5.
    """
    real = weights.dtype.type
    second, third, fourth, fifth = real(1 / 2), real(1 / 3), real(1 / 4), real(1 / 5)
    m[:] = real(0)
    classes = weights.shape[0]
    for c in range(0, classes, 2):  # two at a time, so that m is read and written half as often
        d = c + 1 if c + 1 < classes else correct  # which adds nothing: its v is 0
        if m.shape[0] == 3:
            for j in range(weights.shape[1]):
                v = weights[c, j] - weights[correct, j]
                w = weights[d, j] - weights[correct, j]
                first, other = p[c] * v, p[d] * w
                m[0, j] += first + other
                first, other = first * (v * second), other * (w * second)
                m[1, j] += first + other
                m[2, j] += first * (v * third) + other * (w * third)
        else:
            for j in range(weights.shape[1]):
                v = weights[c, j] - weights[correct, j]
                w = weights[d, j] - weights[correct, j]
                first, other = p[c] * v, p[d] * w
                m[0, j] += first + other
                first, other = first * (v * second), other * (w * second)
                m[1, j] += first + other
                first, other = first * (v * third), other * (w * third)
                m[2, j] += first + other
                first, other = first * (v * fourth), other * (w * fourth)
                m[3, j] += first + other
                m[4, j] += first * (v * fifth) + other * (w * fifth)


@compile_kernel
def relative_change(up: Any, down: Any, a: Any, b: Any, one: Any) -> Any:
    """Return log of (1 + u₊)/(1 + u₋), given S₊, S₋ and the shares a and b of ε."""
    two = one + one
    numerator = a * (up - down)
    w = numerator / (two * (one + b * up) * (one + down) + numerator)
    square = w * w
    return two * w * (one + square * (one / (two + one) + square * (one / (two + two + one))))


@compile_kernel
def shares(p_t: Any, epsilon: Any, one: Any) -> tuple[Any, Any]:
    """Return a = p_t/(p_t + ε) and b = ε/(p_t + ε); for ε = 0 also where p_t underflows."""
    if epsilon == 0:
        return one, epsilon
    return p_t / (p_t + epsilon), epsilon / (p_t + epsilon)


@compile_kernel
def spread(weights: Floats) -> Any:
    """Return the largest |v| of each unit; `weights` is (classes, units) here."""
    lowest, highest = weights[0].copy(), weights[0].copy()
    for c in range(1, weights.shape[0]):
        for j in range(weights.shape[1]):
            lowest[j] = min(lowest[j], weights[c, j])
            highest[j] = max(highest[j], weights[c, j])
    highest -= lowest
    return highest


@compile_kernel
def change_of_one(x: Any, y: Any, m: Floats, j: int, a: Any, b: Any, one: Any) -> Any:
    """Return ℓ(x) − ℓ(y) for two nudges of unit j, from one sample's moments."""
    up = m[1, j] + x * m[2, j]
    down = m[1, j] + y * m[2, j]
    if m.shape[0] == 5:
        up = m[1, j] + x * (m[2, j] + x * (m[3, j] + x * m[4, j]))
        down = m[1, j] + y * (m[2, j] + y * (m[3, j] + y * m[4, j]))
    up = x * (m[0, j] + x * up)
    down = y * (m[0, j] + y * down)
    return relative_change(up, down, a, b, one)


@compile_kernel
def change_of_sample(
    plus: Floats, minus: Floats, widest: Floats, m: Floats, a: Any, b: Any, factor: Any,
    limit: Any, change: Floats,
) -> int:  # fmt: skip
    """Fill in one sample's changes from its moments; not 0 if a nudge is beyond the limit."""
    one = m.dtype.type(1)
    outside = 0
    for j in range(plus.shape[0]):
        x, y = plus[j], minus[j]
        outside |= not (max(abs(x), abs(y)) * widest[j] <= limit)  # NaN is outside
        change[j] = factor * change_of_one(x, y, m, j, a, b, one)
    return outside


@compile_kernel
def _change_of_units(
    plus: Floats, minus: Floats, weights: Floats, p: Floats, t: NDArray[np.int64], epsilon: Any,
    factor: Any, limit: Any, m: Floats, change: Floats,
) -> bool:  # fmt: skip
    one = weights.dtype.type(1)
    widest = spread(weights)
    for n in range(plus.shape[0]):
        moments(weights, p[n], t[n], m)
        a, b = shares(p[n, t[n]], epsilon, one)
        if change_of_sample(plus[n], minus[n], widest, m, a, b, factor, limit, change[n]):
            return False
    return True
