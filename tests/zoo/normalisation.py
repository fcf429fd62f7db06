"""Batch, layer and root-mean-square normalisation, with γ, β and the input as parameters."""

from __future__ import annotations

import numpy as np

from tests.zoo.case import Array, Params, Problem, normal, right, weighted, wrong


def normalisation(
    bug: str = "", *, axis: int = 0, eps: float = 1e-5, dtype: str = "float64", scale: float = 1.0
) -> Problem:
    """Normalise over the samples (axis 0) or over the features (axis 1)."""
    shape = (8, 8)
    params = {
        "x": normal(41, *shape, scale=scale, dtype=dtype) + normal(42, 8, scale=scale, dtype=dtype),
        "gamma": normal(43, 8, dtype=dtype),
        "beta": normal(44, 8, dtype=dtype),
    }

    def centred(x: Array) -> tuple[Array, Array]:
        c = x - x.mean(axis=axis, keepdims=True)
        return c, (c**2).mean(axis=axis, keepdims=True)

    def forward(p: Params) -> Array:
        c, variance = centred(p["x"])
        return np.asarray(p["gamma"] * c / np.sqrt(variance + eps) + p["beta"])

    def backward(p: Params, d: Array) -> Params:
        along = 1 - axis if bug == "wrong-axis" else axis
        c, variance = centred(p["x"])
        if bug == "unbiased":
            variance = variance * shape[axis] / (shape[axis] - 1)
        inverse = 1 / np.sqrt(variance + (0 if bug == "eps-forgotten" else eps))
        y = c * inverse
        g = {"gamma": (d * y).sum(axis=0), "beta": d.sum(axis=0)}
        if bug == "gamma-sums-centred":
            g["gamma"] = (d * c).sum(axis=0)
        d = d if bug == "gamma-forgotten" else d * p["gamma"]
        mean_term = d.mean(axis=along, keepdims=True)
        spread_term = y * (d * y).mean(axis=along, keepdims=True)
        if bug == "mean-term":
            mean_term = 0 * mean_term
        if bug == "spread-term":
            spread_term = 0 * spread_term
        return {**g, "x": inverse * (d - mean_term - spread_term)}

    return weighted(forward, backward, params)


def root_mean_square(bug: str = "", *, eps: float = 1e-5, dtype: str = "float64") -> Problem:
    """Divide each row by the root of its mean square."""
    params = {"x": normal(45, 5, 8, dtype=dtype), "gamma": normal(46, 8, dtype=dtype)}

    def inverse(p: Params) -> Array:
        return np.asarray(((p["x"] ** 2).mean(axis=1, keepdims=True) + eps) ** -0.5)

    def backward(p: Params, d: Array) -> Params:
        r = inverse(p)
        y, e = p["x"] * r, d * p["gamma"]
        projection = (e * y).sum(axis=1, keepdims=True) / (1 if bug == "sum-for-mean" else 8)
        return {
            "x": r * e if bug == "projection" else r * (e - y * projection),
            "gamma": (d * y).sum(axis=0),
        }

    return weighted(lambda p: p["x"] * inverse(p) * p["gamma"], backward, params)


def evaluation(bug: str = "") -> Problem:
    """Normalise by running statistics, which are constants; the bug treats them as the batch's."""
    mean, variance = normal(47, 8), np.abs(normal(48, 8)) + 0.5

    def backward(p: Params, d: Array) -> Params:
        y = (p["x"] - mean) / np.sqrt(variance)
        e = d * p["gamma"] / np.sqrt(variance)
        if bug:
            e = e - e.mean(axis=0)
        return {"x": e, "gamma": (d * y).sum(axis=0)}

    return weighted(
        lambda p: p["gamma"] * (p["x"] - mean) / np.sqrt(variance),
        backward,
        {"x": normal(49, 6, 8), "gamma": normal(50, 8)},
    )


CASES = (
    wrong("normalisation/mean-term", "the mean's term forgotten", normalisation, "mean-term"),
    wrong("normalisation/spread-term", "the variance's term forgotten", normalisation,
          "spread-term"),
    wrong("normalisation/eps-forgotten", "ε = 1e-3 in forward only", normalisation,
          "eps-forgotten", eps=1e-3),
    wrong("normalisation/small-eps-forgotten", "ε = 1e-5 in forward only", normalisation,
          "eps-forgotten"),
    wrong("normalisation/wrong-axis", "means over the features on the way back", normalisation,
          "wrong-axis"),
    wrong("normalisation/gamma-forgotten", "γ not in the input's gradient", normalisation,
          "gamma-forgotten"),
    wrong("normalisation/gamma-sums-centred", "γ's gradient of the centred input", normalisation,
          "gamma-sums-centred"),
    wrong("normalisation/layer-unbiased", "layer norm with N − 1 in backward", normalisation,
          "unbiased", axis=1),
    wrong("normalisation/layer-mean-term", "layer norm without the mean's term", normalisation,
          "mean-term", axis=1),
    wrong("normalisation/float32-spread-term", "in float32", normalisation, "spread-term",
          dtype="float32"),
    wrong("normalisation/rms-projection", "the norm taken as a constant", root_mean_square,
          "projection"),
    wrong("normalisation/rms-sum-for-mean", "sum for mean in the projection", root_mean_square,
          "sum-for-mean"),
    wrong("normalisation/evaluation", "running statistics treated as the batch's", evaluation,
          "as-batch"),
    right("normalisation/batch", "every input moves every output of its feature", normalisation),
    right("normalisation/batch-eps", "ε = 1e-3", normalisation, eps=1e-3),
    right("normalisation/layer", "over the features", normalisation, axis=1),
    right("normalisation/batch-small-inputs", "inputs of 1e-3, near √ε", normalisation,
          scale=1e-3),
    right("normalisation/batch-large-inputs", "inputs of 1e4: gradients of 1e-4", normalisation,
          scale=1e4),
    right("normalisation/float32-batch", "float32", normalisation, dtype="float32"),
    right("normalisation/float32-layer", "float32", normalisation, dtype="float32", axis=1),
    right("normalisation/rms", "without a mean", root_mean_square),
    right("normalisation/float32-rms", "float32", root_mean_square, dtype="float32"),
    right("normalisation/evaluation-right", "running statistics", evaluation),
)  # fmt: skip
