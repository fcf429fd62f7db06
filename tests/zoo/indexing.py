"""Lookups, permutations, masks and moves of entries."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.zoo.case import Array, Params, Problem, normal, right, weighted, wrong

Backward = Callable[[Array], Array]
X = normal(121, 5, 5)
ORDER = np.array([2, 0, 4, 1, 3])
TOKENS = np.array([[1, 3, 3], [0, 1, 5], [3, 3, 1]])


def moved(f: Callable[[Array], Array], backward: Backward, x: Array = X) -> Problem:
    """Return Σ w·tanh(f(x)), where f moves or picks entries and `backward` takes them back."""

    def gradient(p: Params, d: Array) -> Params:
        return {"x": backward(d * (1 - np.tanh(f(p["x"])) ** 2))}

    return weighted(lambda p: np.tanh(f(p["x"])), gradient, {"x": x})


def embedding(bug: str = "", *, dtype: str = "float64") -> Problem:
    """Return looked-up rows times a matrix; rows come more than once, and two never."""
    params = {"table": normal(122, 7, 4, dtype=dtype), "W": normal(123, 4, 4, dtype=dtype)}

    def backward(p: Params, d: Array) -> Params:
        rows = p["table"][TOKENS]
        back = d @ (p["W"] if bug == "transposed" else p["W"].T)
        g = np.zeros_like(p["table"])
        if bug == "overwritten":
            g[TOKENS] = back
        elif bug == "buffered":  # += with repeated indices adds only once
            g[TOKENS] += back
        else:
            np.add.at(g, TOKENS, back)
        if bug == "padding-token":
            g[0] = 0
        return {"table": g, "W": np.tensordot(rows, d, ((0, 1), (0, 1)))}

    return weighted(lambda p: p["table"][TOKENS] @ p["W"], backward, params)


def choice(bug: str = "") -> Problem:
    """Return a where a mask holds and b elsewhere, and their difference by another mask."""
    mask = normal(124, 4, 6) > 0

    def backward(p: Params, d: Array) -> Params:
        da, db = np.where(mask, d, 0), np.where(mask, 0, d)
        if bug == "swapped":
            da, db = db, da
        if bug == "unmasked":
            db = d
        return {"a": 2 * p["a"] * da, "b": 3 * p["b"] ** 2 * db}

    return weighted(
        lambda p: np.where(mask, p["a"] ** 2, p["b"] ** 3),
        backward,
        {"a": normal(125, 4, 6), "b": normal(126, 4, 6)},
    )


def joined(bug: str = "") -> Problem:
    """Return the squares of two arrays, concatenated."""

    def backward(p: Params, d: Array) -> Params:
        cut = 3 if not bug else 2
        da, db = d[:cut], d[cut:]
        if bug:  # both end up with the right shape, and b with a row of a's
            da, db = d[:3], d[cut : cut + 2]
        return {"a": 2 * p["a"] * da, "b": 2 * p["b"] * db}

    return weighted(
        lambda p: np.concatenate([p["a"], p["b"]]) ** 2,
        backward,
        {"a": normal(127, 3, 4), "b": normal(128, 2, 4)},
    )


def padded(d: Array) -> Array:
    return np.pad(d, ((1, 0), (0, 0)))


CASES = (
    wrong("indexing/embedding-overwritten", "a row that comes twice keeps the last", embedding,
          "overwritten"),
    wrong("indexing/embedding-buffered", "+= by repeated indices adds once", embedding,
          "buffered"),
    wrong("indexing/embedding-padding", "row 0 taken for padding", embedding, "padding-token"),
    wrong("indexing/embedding-transposed", "the matrix for its transpose", embedding,
          "transposed"),
    wrong("indexing/float32-embedding-buffered", "in float32", embedding, "buffered",
          dtype="float32"),
    wrong("indexing/roll", "rolled the same way back", moved, lambda x: np.roll(x, 1, axis=1),
          lambda d: np.roll(d, 1, axis=1)),
    wrong("indexing/permutation", "the permutation for its inverse", moved, lambda x: x[ORDER],
          lambda d: d[ORDER]),
    wrong("indexing/reshape", "reshaped in the other order", moved, lambda x: x.T.reshape(-1),
          lambda d: d.reshape(5, 5)),
    wrong("indexing/slice", "a slice put back one row off", moved, lambda x: x[1:],
          lambda d: np.pad(d, ((0, 1), (0, 0)))),
    wrong("indexing/flip", "not flipped back", moved, lambda x: x[::-1], lambda d: d),
    wrong("indexing/choice-swapped", "the two branches swapped", choice, "swapped"),
    wrong("indexing/choice-unmasked", "one branch not masked", choice, "unmasked"),
    wrong("indexing/joined", "split one row early", joined, "early"),
    wrong("indexing/repeat", "repeats not summed", moved, lambda x: np.repeat(x, 2, axis=0),
          lambda d: d[::2]),
    right("indexing/embedding", "rows that come twice, and never", embedding),
    right("indexing/float32-embedding", "float32", embedding, dtype="float32"),
    right("indexing/roll-right", "rolled back", moved, lambda x: np.roll(x, 1, axis=1),
          lambda d: np.roll(d, -1, axis=1)),
    right("indexing/permutation-right", "the inverse permutation", moved, lambda x: x[ORDER],
          lambda d: d[np.argsort(ORDER)]),
    right("indexing/reshape-right", "transposed, then flattened", moved, lambda x: x.T.reshape(-1),
          lambda d: d.reshape(5, 5).T),
    right("indexing/slice-right", "exact zeros outside", moved, lambda x: x[1:], padded),
    right("indexing/choice", "exact zeros in both", choice),
    right("indexing/joined-right", "split where they met", joined),
    right("indexing/repeat-right", "repeats summed", moved, lambda x: np.repeat(x, 2, axis=0),
          lambda d: d[::2] + d[1::2]),
)  # fmt: skip
