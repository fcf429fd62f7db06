"""Softmax, log-softmax, log-sum-exp, and cross-entropy on top of them."""

from __future__ import annotations

import numpy as np

from tests.zoo.case import Array, Params, Problem, normal, number, right, softmax, weighted, wrong


def plain(
    bug: str = "", *, dtype: str = "float64", scale: float = 1.0, temperature: float = 1.0
) -> Problem:
    """Return weighted outputs of a softmax."""

    def backward(p: Params, d: Array) -> Params:
        y = softmax(p["x"] / temperature)
        axis = 0 if bug == "wrong-axis" else -1
        outer = (d * y).sum(axis=axis, keepdims=True)
        dx = y * (d if bug == "outer-term" else d - outer)
        if bug == "diagonal":
            dx = d * y * (1 - y)
        return {"x": dx if bug == "temperature" else dx / temperature}

    x = normal(51, 4, 5, scale=scale, dtype=dtype)
    return weighted(lambda p: softmax(p["x"] / temperature), backward, {"x": x})


def log_sum_exp(bug: str = "", *, offset: float = 0.0) -> Problem:
    """Return weighted log-sum-exps of rows."""
    x = normal(52, 4, 6) + offset
    x[0, 1] += 40

    def forward(p: Params) -> Array:
        largest = p["x"].max(axis=1, keepdims=True)
        return np.asarray(np.log(np.exp(p["x"] - largest).sum(axis=1)) + largest[:, 0])

    def backward(p: Params, d: Array) -> Params:
        y = softmax(p["x"])
        if bug == "not-normalised":
            y = np.exp(p["x"] - p["x"].max(axis=1, keepdims=True))
        return {"x": d[:, None] * y}

    return weighted(forward, backward, {"x": x})


def guarded(bug: str = "") -> Problem:
    """Return log-sum-exps of rows of which two are beyond the guard, at 60."""
    x = normal(53, 4, 6)
    x[1] += 60
    x[3] += 700

    def gradient(p: Params) -> Params:
        weights = normal(99, 4)
        y = softmax(p["x"])
        if bug:
            large = p["x"].max(axis=1, keepdims=True) > 50
            y = np.where(large, y == y.max(axis=1, keepdims=True), y)
        return {"x": weights[:, None] * y}

    return Problem(log_sum_exp().loss, {"x": x}, gradient)


def cross_entropy(
    bug: str = "",
    *,
    eps: float = 0.0,
    smoothing: float = 0.0,
    dtype: str = "float64",
    scale: float = 1.0,
) -> Problem:
    """Return the mean of −Σ t·log(softmax(x) + ε)."""
    samples, classes = 6, 5
    one_hot = np.eye(classes)[np.random.default_rng(54).integers(0, classes, samples)]
    t = ((1 - smoothing) * one_hot + smoothing / classes).astype(dtype)
    x = normal(55, samples, classes, scale=scale, dtype=dtype)

    def log_softmax(x: Array) -> Array:
        shifted = x - x.max(axis=1, keepdims=True)
        return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))

    def loss(p: Params) -> float:
        logs = np.log(softmax(p["x"]) + eps) if eps else log_softmax(p["x"])
        return number(-(t * logs).sum() / samples)

    def gradient(p: Params) -> Params:
        y = softmax(p["x"])
        target = one_hot.astype(dtype) if bug == "smoothing" else t
        if bug == "targets-not-normalised":
            target = (1 - smoothing) * one_hot
        if bug == "eps" or not eps:
            d = y - target
        else:
            share = target * y / (y + eps)
            d = y * share.sum(axis=1, keepdims=True) - share
        return {"x": d if bug == "missing-1-over-n" else d / samples}

    return Problem(loss, {"x": x}, gradient)


def probabilities(bug: str = "", *, eps: float = 1e-7) -> Problem:
    """Return the lesson's cross-entropy of given probabilities, some of them small."""
    y = softmax(normal(56, 5, 4, scale=3))

    def gradient(p: Params) -> Params:
        return {"y": -t / (p["y"] + (0 if bug else eps)) / 5}

    t = np.eye(4)[[0, 1, 2, 3, 0]]
    return Problem(lambda p: number(-(t * np.log(p["y"] + eps)).sum() / 5), {"y": y}, gradient)


CASES = (
    wrong("softmax/outer-term", "the Jacobian's outer product forgotten", plain, "outer-term"),
    wrong("softmax/diagonal", "only the Jacobian's diagonal", plain, "diagonal"),
    wrong("softmax/wrong-axis", "sums over the samples on the way back", plain, "wrong-axis"),
    wrong("softmax/temperature", "the temperature forgotten", plain, "temperature",
          temperature=1.7),
    wrong("softmax/float32-outer-term", "in float32", plain, "outer-term", dtype="float32"),
    wrong("softmax/log-sum-exp-guard", "rows beyond 50 take their maximum for the log-sum-exp",
          guarded, "guard"),
    wrong("softmax/log-sum-exp-not-normalised", "powers not divided by their sum", log_sum_exp,
          "not-normalised"),
    wrong("softmax/cross-entropy-missing-1-over-n", "1/N forgotten", cross_entropy,
          "missing-1-over-n"),
    wrong("softmax/label-smoothing", "smoothing in forward only", cross_entropy, "smoothing",
          smoothing=0.1),
    wrong("softmax/label-smoothing-uniform-part", "the uniform part forgotten", cross_entropy,
          "targets-not-normalised", smoothing=0.1),
    wrong("softmax/eps", "softmax and cross-entropy with ε = 1e-4: y − t is not quite it",
          cross_entropy, "eps", eps=1e-4),
    wrong("softmax/lesson-eps", "softmax and cross-entropy with the lesson's ε = 1e-7, where some "
          "probabilities are small", cross_entropy, "eps", eps=1e-7, scale=4.0),
    wrong("softmax/probabilities-eps", "−t/y for −t/(y + 1e-7), small probabilities",
          probabilities, "eps"),
    right("softmax/plain", "rows sum to 1: gradients cancel", plain),
    right("softmax/sharp", "nearly one-hot outputs", plain, scale=8.0),
    right("softmax/temperature-right", "divided by 1.7", plain, temperature=1.7),
    right("softmax/float32", "float32", plain, dtype="float32"),
    right("softmax/log-sum-exp", "one entry leads by 40", log_sum_exp),
    right("softmax/log-sum-exp-large", "inputs of 900", log_sum_exp, offset=900.0),
    right("softmax/log-sum-exp-guarded", "some rows at 700", guarded),
    right("softmax/cross-entropy", "y − t", cross_entropy),
    right("softmax/cross-entropy-float32", "y − t in float32", cross_entropy, dtype="float32"),
    right("softmax/cross-entropy-sure", "scores of 20: tiny gradients", cross_entropy, scale=20.0),
    right("softmax/label-smoothing-right", "smoothing 0.1", cross_entropy, smoothing=0.1),
    right("softmax/eps-right", "ε = 1e-4, with its share", cross_entropy, eps=1e-4),
    right("softmax/lesson-eps-right", "ε = 1e-7, small probabilities", cross_entropy, eps=1e-7,
          scale=4.0),
    right("softmax/probabilities-eps-right", "−t/(y + 1e-7)", probabilities),
)  # fmt: skip
