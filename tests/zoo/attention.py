"""Scaled dot-product attention, one head, with its projections and a causal mask."""

from __future__ import annotations

import math

import numpy as np

from tests.zoo.case import Array, Params, Problem, normal, right, softmax, weighted, wrong

BATCH, LENGTH, SIZE = 2, 5, 4


def attention(bug: str = "", *, causal: bool = False, dtype: str = "float64") -> Problem:
    """Return softmax(q·kᵀ/√d)·v, where q, k and v are products of x."""
    params = {
        name: normal(61 + k, SIZE, SIZE, dtype=dtype) for k, name in enumerate(("q", "k", "v"))
    }
    params["x"] = normal(65, BATCH, LENGTH, SIZE, dtype=dtype)
    scale = 1 / math.sqrt(SIZE)
    mask = np.tril(np.ones((LENGTH, LENGTH), dtype=bool)) if causal else None

    def attend(p: Params, with_mask: bool = True) -> tuple[Array, Array, Array, Array]:
        q, k, v = (p["x"] @ p[name] for name in ("q", "k", "v"))
        scores = scale * (q @ k.swapaxes(1, 2))
        if mask is not None and with_mask:
            scores = np.where(mask, scores, -1e9)
        return q, k, v, softmax(scores)

    def forward(p: Params) -> Array:
        _, _, v, y = attend(p)
        return np.asarray(y @ v)

    def backward(p: Params, d: Array) -> Params:
        q, k, v, y = attend(p, with_mask=bug != "mask")
        dv = (y if bug == "values-untransposed" else y.swapaxes(1, 2)) @ d
        dy = d @ v.swapaxes(1, 2)
        ds = y * (dy - (dy * y).sum(axis=-1, keepdims=True))
        if bug == "outer-term":
            ds = y * dy
        if bug == "softmax-axis":
            ds = y * (dy - (dy * y).sum(axis=-2, keepdims=True))
        if bug != "scale":
            ds = scale * ds
        dq, dk = ds @ k, ds.swapaxes(1, 2) @ q
        if bug == "keys-untransposed":
            dk = ds @ q
        if bug == "queries-and-keys":
            dq, dk = dk, dq
        g = {
            name: np.einsum("nti,ntj->ij", p["x"], dz)
            for name, dz in (("q", dq), ("k", dk), ("v", dv))
        }
        if bug == "einsum":
            g["q"] = np.einsum("nti,ntj->ji", p["x"], dq)
        dx = dq @ p["q"].T + dk @ p["k"].T + dv @ p["v"].T
        if bug == "values-path":
            dx = dq @ p["q"].T + dk @ p["k"].T
        return {**g, "x": dx}

    return weighted(forward, backward, params)


CASES = (
    wrong("attention/scale", "1/√d forgotten on the way back", attention, "scale"),
    wrong("attention/mask", "the causal mask forgotten on the way back", attention, "mask",
          causal=True),
    wrong("attention/outer-term", "the softmax's outer product forgotten", attention,
          "outer-term"),
    wrong("attention/softmax-axis", "sums over the queries", attention, "softmax-axis"),
    wrong("attention/values-untransposed", "weights not transposed for v", attention,
          "values-untransposed"),
    wrong("attention/keys-untransposed", "scores not transposed for k", attention,
          "keys-untransposed"),
    wrong("attention/queries-and-keys", "q and k exchanged", attention, "queries-and-keys"),
    wrong("attention/einsum", "two indices of an einsum swapped", attention, "einsum"),
    wrong("attention/values-path", "x's gradient without the path by v", attention, "values-path"),
    wrong("attention/float32-scale", "1/√d forgotten, in float32", attention, "scale",
          dtype="float32"),
    right("attention/plain", "x comes in three times", attention),
    right("attention/causal", "exact zeros behind the mask", attention, causal=True),
    right("attention/float32", "float32", attention, dtype="float32"),
    right("attention/float32-causal", "float32 and −1e9 in the scores", attention, causal=True,
          dtype="float32"),
)  # fmt: skip
