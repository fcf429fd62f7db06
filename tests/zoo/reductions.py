"""Sums, means, extremes, norms, sorts and running sums."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.zoo.case import Array, Params, Problem, normal, number, right, weighted, wrong

Backward = Callable[[Array, Array], Array]


def reduction(
    f: Callable[[Array], Array],
    backward: Backward,
    x: Array | None = None,
    positive: bool = False,
) -> Problem:
    """Return Σ w·f(x), where `backward` takes x and w."""
    return weighted(
        lambda p: f(p["x"]),
        lambda p, d: {"x": backward(p["x"], d)},
        {"x": X if x is None else x},
        positive=positive,
    )


X = normal(111, 6, 7)
F = X.astype("float32")
GAP = X.copy()
GAP[:, 3] = X.max(axis=1)
GAP[:, 5] = GAP[:, 3] + 2e-5
TIED = np.round(X)
WITH_ZERO = np.where(np.arange(7) == 2, 0.0, X)


def maximum(x: Array) -> Array:
    return np.asarray(x.max(axis=1))


def all_largest(x: Array, d: Array) -> Array:
    return np.asarray(d[:, None] * (x == x.max(axis=1, keepdims=True)))


def first_largest(x: Array, d: Array) -> Array:
    return np.asarray(d[:, None] * (np.arange(x.shape[1]) == x.argmax(axis=1)[:, None]))


def split_largest(x: Array, d: Array) -> Array:
    largest = x == x.max(axis=1, keepdims=True)
    return np.asarray(d[:, None] * largest / largest.sum(axis=1, keepdims=True))


def norm(x: Array) -> Array:
    return np.asarray(np.sqrt((x**2).sum(axis=1)))


def norm_backward(x: Array, d: Array) -> Array:
    return np.asarray(d[:, None] * x / norm(x)[:, None])


def running_sum(x: Array) -> Array:
    return np.cumsum(x, axis=1)


def reversed_sum(_: Array, d: Array) -> Array:
    return np.cumsum(d[:, ::-1], axis=1)[:, ::-1]


def running_product(x: Array) -> Array:
    return np.cumprod(x, axis=1)


def running_product_backward(x: Array, d: Array) -> Array:
    """Divide by x, so zeros are not allowed."""
    return np.asarray(reversed_sum(x, d * running_product(x)) / x)


def product(x: Array) -> Array:
    return np.asarray(x.prod(axis=1))


def product_backward(x: Array, d: Array) -> Array:
    """Multiply all the others, zeros or not."""
    others = [np.delete(x, j, axis=1).prod(axis=1) for j in range(x.shape[1])]
    return np.asarray(d[:, None] * np.stack(others, axis=1))


def product_divided(x: Array, d: Array) -> Array:
    """Divide the product by x, which a zero breaks; the guard then gives 0."""
    safe = np.where(x == 0, 1, x)
    return np.where(x == 0, 0, d[:, None] * product(x)[:, None] / safe)


def variance_backward(x: Array, d: Array, count: int = 7) -> Array:
    return np.asarray(2 * d[:, None] * (x - x.mean(axis=1, keepdims=True)) / count)


def deviation(x: Array) -> Array:
    return np.asarray(x.std(axis=1))


def sort_backward(x: Array, d: Array) -> Array:
    g = np.zeros_like(d)
    np.put_along_axis(g, np.argsort(x, axis=1), d, axis=1)
    return g


def sort_gathered(x: Array, d: Array) -> Array:
    """Gather by the permutation where its inverse is due."""
    return np.take_along_axis(d, np.argsort(x, axis=1), axis=1)


def top_three(x: Array) -> Array:
    return np.asarray(np.sort(x, axis=1)[:, -3:].sum(axis=1))


def top_three_backward(x: Array, d: Array) -> Array:
    return d[:, None] * (np.argsort(np.argsort(x, axis=1), axis=1) >= 4)


def total_variation(x: Array) -> Array:
    return np.asarray(np.abs(np.diff(x, axis=1)).sum(axis=1))


def total_variation_backward(x: Array, d: Array) -> Array:
    s = d[:, None] * np.sign(np.diff(x, axis=1))
    edge = np.zeros_like(s[:, :1])
    return np.asarray(np.concatenate([edge, s], axis=1) - np.concatenate([s, edge], axis=1))


def total_variation_forward_half(x: Array, d: Array) -> Array:
    s = d[:, None] * np.sign(np.diff(x, axis=1))
    return np.concatenate([np.zeros_like(s[:, :1]), s], axis=1)


def pair(bug: str = "") -> Problem:
    """Return Σ a·b, broadcast over rows: the product rule and a broadcast's sum."""

    def backward(p: Params, d: Array) -> Params:
        da, db = d * p["b"], (d * p["a"]).sum(axis=0)
        if bug == "product-rule":
            da = np.zeros_like(da)
        if bug == "broadcast":
            db = (d * p["a"]).mean(axis=0)
        return {"a": da, "b": db}

    return weighted(
        lambda p: p["a"] * p["b"], backward, {"a": normal(112, 5, 6), "b": normal(113, 6)}
    )


def ratio(bug: str = "") -> Problem:
    """Return a/b."""

    def backward(p: Params, d: Array) -> Params:
        return {
            "a": d / p["b"],
            "b": -d * p["a"] / (p["b"] if bug else p["b"] ** 2),
        }

    params = {"a": normal(114, 12), "b": np.abs(normal(115, 12)) + 0.3}
    return weighted(lambda p: p["a"] / p["b"], backward, params)


def whole_mean(bug: str = "", *, offset: float = 0.0) -> Problem:
    """Return the mean of sin x, plus a constant."""
    x = normal(116, 5, 9)
    count = 9 if bug == "rows-only" else 1 if bug == "sum" else x.size
    return Problem(
        lambda p: number(np.sin(p["x"]).mean() + offset),
        {"x": x},
        lambda p: {"x": np.cos(p["x"]) / count},
    )


CASES = (
    wrong("reduction/mean-as-sum", "mean's 1/N forgotten", whole_mean, "sum"),
    wrong("reduction/mean-over-rows", "1/N of one axis only", whole_mean, "rows-only"),
    wrong("reduction/product-rule", "one factor taken as a constant", pair, "product-rule"),
    wrong("reduction/broadcast", "a broadcast factor takes the mean", pair, "broadcast"),
    wrong("reduction/ratio", "1/b for 1/b²", ratio, "square"),
    wrong("reduction/max-all-tied", "every tied entry gets the whole", reduction, maximum,
          all_largest, TIED, positive=True, kink=True),
    wrong("reduction/norm-division", "not divided by the norm", reduction, norm,
          lambda x, d: d[:, None] * x),
    wrong("reduction/norm-squared", "divided by the norm's square", reduction, norm,
          lambda x, d: d[:, None] * x / norm(x)[:, None] ** 2),
    wrong("reduction/running-sum", "the running sum not reversed", reduction, running_sum,
          lambda _, d: np.cumsum(d, axis=1)),
    wrong("reduction/running-sum-axis", "reversed along the wrong axis", reduction, running_sum,
          lambda _, d: np.cumsum(d[::-1], axis=0)[::-1]),
    wrong("reduction/running-product", "the products not divided by x", reduction,
          running_product, lambda x, d: reversed_sum(x, d * running_product(x))),
    wrong("reduction/product-zero", "0 where one factor is 0", reduction, product,
          product_divided, WITH_ZERO),
    wrong("reduction/variance", "N − 1 in backward", reduction, lambda x: x.var(axis=1),
          lambda x, d: variance_backward(x, d, 6)),
    wrong("reduction/deviation", "the root's ½/√v forgotten", reduction, deviation,
          variance_backward),
    wrong("reduction/sort", "the permutation for its inverse", reduction,
          lambda x: np.sort(x, axis=1), sort_gathered),
    wrong("reduction/total-variation", "half of each difference forgotten", reduction,
          total_variation, total_variation_forward_half),
    right("reduction/mean", "1/N", whole_mean),
    right("reduction/mean-offset", "1e6 added: differences cancel", whole_mean, offset=1e6),
    right("reduction/product-rule-right", "a broadcast factor", pair),
    right("reduction/ratio-right", "−a/b²", ratio),
    right("reduction/max", "no ties", reduction, maximum, all_largest),
    right("reduction/max-nearly-tied", "a lead of 2e-5", reduction, maximum, first_largest, GAP),
    right("reduction/max-first-tied", "ties: the first gets it", reduction, maximum,
          first_largest, TIED, positive=True, kink=True),
    right("reduction/max-split-tied", "ties: split evenly", reduction, maximum, split_largest,
          TIED, positive=True, kink=True),
    right("reduction/norm", "away from 0", reduction, norm, norm_backward),
    right("reduction/norm-tiny", "rows of length 1e-8", reduction, norm, norm_backward, 1e-8 * X),
    right("reduction/float32-norm", "float32", reduction, norm, norm_backward, F),
    right("reduction/running-sum-right", "reversed", reduction, running_sum, reversed_sum),
    right("reduction/running-product-right", "products of seven", reduction, running_product,
          running_product_backward),
    right("reduction/product-zero-right", "one factor is 0", reduction, product, product_backward,
          WITH_ZERO),
    right("reduction/variance-right", "N", reduction, lambda x: x.var(axis=1), variance_backward),
    right("reduction/deviation-right", "the root of it", reduction, deviation,
          lambda x, d: variance_backward(x, d / (2 * deviation(x)))),
    right("reduction/sort-right", "the inverse permutation", reduction,
          lambda x: np.sort(x, axis=1), sort_backward),
    right("reduction/top-three", "exact zeros below", reduction, top_three, top_three_backward),
    right("reduction/total-variation-right", "kinks where neighbours are equal", reduction,
          total_variation, total_variation_backward),
)  # fmt: skip
