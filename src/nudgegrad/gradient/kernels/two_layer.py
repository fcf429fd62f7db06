"""`node` for the lesson's network, fused: affine, activation, affine, softmax and cross-entropy.

The same numbers as by the other kernels, in three calls instead of some twenty: for a network of
this size the calls take as long as the work that they ask for.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nudgegrad.gradient.kernels.add_rows import add_rows
from nudgegrad.gradient.kernels.jit import compile_kernel
from nudgegrad.gradient.kernels.output import (
    TERMS,
    bound,
    change_of_sample,
    moments,
    relative_change,
    shares,
    spread,
)
from nudgegrad.gradient.kernels.probabilities import has_kernel, softmax_row
from nudgegrad.gradient.kernels.sparse import SparseRows
from nudgegrad.layers import Affine, Layer, ReLU, Sigmoid
from nudgegrad.losses import CrossEntropy, Loss

__all__ = ["Pass", "fits", "two_layer_pass"]

Floats = NDArray[Any]
Labels = NDArray[np.int64]


class Pass(NamedTuple):
    """A batch's forward pass, and its central differences by every node.

    Attributes
    ----------
    sums, hidden : (samples, units) arrays
        The activation's input and output.
    output, probabilities : (samples, classes) arrays
    loss : float
        The mean error of a sample.
    by_sums, by_output : arrays
        Slopes of the loss by each entry of `sums` and of `output`.
    """

    sums: Floats
    hidden: Floats
    output: Floats
    probabilities: Floats
    loss: float
    by_sums: Floats
    by_output: Floats


def fits(layers: list[Layer], loss: Loss, x: Any) -> bool:
    """Tell whether the network is one of these, its input sparse, and all arrays of one kind."""
    if type(x) is not SparseRows or len(layers) != 3 or not has_kernel(loss):
        return False
    first, activation, last = layers
    known = type(activation) is Sigmoid or type(activation) is ReLU
    if not known or type(first) is not Affine or type(last) is not Affine:
        return False
    kind = x.values.dtype
    for array in (*first.params.values(), *last.params.values()):
        if type(array) is not np.ndarray or array.dtype != kind:
            return False
        if not array.flags.c_contiguous:
            return False
    return x.shape[1] == first.input_size


def two_layer_pass(layers: list[Layer], loss: Loss, x: Any, t: Labels, h: float) -> Pass | None:
    """Return a batch's forward pass and slopes.

    None if the network or the input is another, or h is beyond the kernels' bounds.

    Parameters
    ----------
    layers, loss
        Any network; one that `fits` has an answer.
    x : (samples, features) SparseRows
        In the network's dtype.
    t : (samples,) array
        Correct classes, checked.
    h
        The nudge.
    """
    if not fits(layers, loss, x):
        return None
    assert isinstance(loss, CrossEntropy)
    first, activation, second = layers
    weights = second.params["W"]
    kind = weights.dtype
    if h > bound(kind):  # which a nudge of an output moves it by
        return None
    real = kind.type
    samples, (units, classes) = x.shape[0], weights.shape
    # One by one: as one block they would be large enough to be asked of the system each time.
    sums, e, hidden, plus, minus = (np.empty((samples, units), kind) for _ in range(5))
    bias = first.params["b"]
    _sums(x.starts, x.columns, x.values, first.params["W"], bias, sums, e)
    up, down = real(math.expm1(h)), real(math.expm1(-h))
    if type(activation) is ReLU:
        _rectify(sums, real(h), hidden, plus, minus)
    else:
        np.exp(e, out=e)
        _squash(sums, e, up, down, hidden, plus, minus)
    output = hidden @ weights
    output += second.params["b"]
    p, by_output = np.empty((2, samples, classes), kind)
    m = np.empty((TERMS[kind], units), kind)
    total = _slopes(
        plus, minus, np.ascontiguousarray(weights.T), output, t, real(loss.epsilon),
        real(1 / (2 * h * samples)), real(bound(kind)), up, down, m, p, e, by_output,
    )  # fmt: skip
    if math.isnan(total):
        return None
    return Pass(sums, hidden, output, p, total / samples, e, by_output)


@compile_kernel
def _sums(
    starts: NDArray[np.uint32], columns: NDArray[np.uint32], values: Floats, weights: Floats,
    bias: Floats, sums: Floats, e: Floats,
) -> None:  # fmt: skip
    """Fill `sums` with x·W + b, and `e` with −|x·W + b|."""
    one = sums.dtype.type(1)
    for n in range(sums.shape[0]):
        for j in range(sums.shape[1]):
            sums[n, j] = bias[j]
        add_rows(sums, n, weights, columns, values, one, starts[n], starts[n + 1])
        for j in range(sums.shape[1]):
            e[n, j] = -abs(sums[n, j])


@compile_kernel
def _squash(
    sums: Floats, e: Floats, up: Any, down: Any, hidden: Floats, plus: Floats, minus: Floats
) -> None:
    """From e = e^−|x|: σ(x), and its changes for x ± h."""
    one, zero = sums.dtype.type(1), sums.dtype.type(0)
    for n in range(sums.shape[0]):
        for j in range(sums.shape[1]):
            larger = one / (one + e[n, j])
            smaller = e[n, j] * larger
            y = larger if sums[n, j] >= zero else smaller
            g = larger * smaller
            hidden[n, j] = y
            plus[n, j] = g * up / (one + y * up)
            minus[n, j] = g * down / (one + y * down)


@compile_kernel
def _rectify(sums: Floats, h: Any, hidden: Floats, plus: Floats, minus: Floats) -> None:
    """Fill in max(x, 0), and its changes for x ± h."""
    zero = sums.dtype.type(0)
    for n in range(sums.shape[0]):
        for j in range(sums.shape[1]):
            x = sums[n, j]
            hidden[n, j] = max(x, zero)
            plus[n, j] = max(h, -x) if x > zero else max(x + h, zero)
            minus[n, j] = max(-h, -x) if x > zero else max(x - h, zero)


@compile_kernel
def _slopes(
    plus: Floats, minus: Floats, weights: Floats, output: Floats, t: Labels, epsilon: Any,
    factor: Any, limit: Any, up: Any, down: Any, m: Floats, p: Floats, by_sums: Floats,
    by_output: Floats,
) -> float:  # fmt: skip
    """Fill in probabilities and slopes; return the sum of the errors, NaN beyond the limit."""
    one = weights.dtype.type(1)
    widest = spread(weights)
    total = 0.0
    for n in range(plus.shape[0]):
        correct = t[n]
        total += softmax_row(output[n], correct, epsilon, p[n])
        a, b = shares(p[n, correct], epsilon, one)
        # A nudge d of the correct output is one of −d of all others.
        others = weights.dtype.type(0)
        for c in range(p.shape[1]):
            by_output[n, c] = factor * relative_change(p[n, c] * up, p[n, c] * down, a, b, one)
            others += p[n, c] if c != correct else weights.dtype.type(0)
        by_output[n, correct] = factor * relative_change(others * down, others * up, a, b, one)
        moments(weights, p[n], correct, m)
        if change_of_sample(plus[n], minus[n], widest, m, a, b, factor, limit, by_sums[n]):
            return math.nan
    return total
