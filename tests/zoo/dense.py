"""Dense networks: affine, tanh or ReLU, affine; softmax and cross-entropy, or the mean square."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.zoo.case import Array, Params, Problem, normal, number, right, softmax, wrong

SIZE, CLASSES = 5, 4


def network(
    bug: str = "",
    *,
    samples: int = 6,
    dtype: str = "float64",
    relu: bool = False,
    l2: float = 0.0,
    scale: float = 1.0,
    offset: float = 0.0,
    skip: bool = False,
) -> Problem:
    """Return a two-layer network with softmax and cross-entropy; W1 is square."""
    labels = np.random.default_rng(1).integers(0, CLASSES, samples)
    one_hot = np.eye(CLASSES, dtype=dtype)[labels]
    x = normal(2, samples, SIZE, dtype=dtype)
    params = {
        "W1": normal(3, SIZE, SIZE, scale=0.6, dtype=dtype),
        "b1": normal(4, SIZE, scale=0.3, dtype=dtype),
        "W2": normal(5, SIZE, CLASSES, scale=0.8, dtype=dtype),
        "b2": normal(6, CLASSES, scale=0.3, dtype=dtype),
    }

    def hidden(p: Params) -> tuple[Array, Array]:
        z = x @ p["W1"] + p["b1"]
        a = np.maximum(z, 0) if relu else np.tanh(z)
        return z, a + x if skip else a

    def loss(p: Params) -> float:
        _, h = hidden(p)
        scores = h @ p["W2"] + p["b2"]
        largest = scores.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(scores - largest).sum(axis=1)) + largest[:, 0]
        error = (log_sum - (scores * one_hot).sum(axis=1)).mean()
        penalty = l2 / 2 * ((p["W1"] ** 2).sum() + (p["W2"] ** 2).sum())
        return number(scale * (error + penalty) + offset)

    def gradient(p: Params) -> Params:
        z, h = hidden(p)
        d = scale * (softmax(h @ p["W2"] + p["b2"]) - one_hot)
        if bug != "missing-1-over-n":
            d = d / samples
        if bug == "doubled-1-over-n":
            d = d / samples
        g = {"W2": h.T @ d, "b2": d.sum(axis=0)}
        if bug == "clobbered":
            np.subtract(h, 0.5 * h, out=h)
        d = d @ p["W2"].T
        a = h - x if skip else h
        if bug != "no-slope":
            d = d * ((z > 0) if relu else 1 - a**2)
        g |= {"W1": x.T @ d, "b1": d.sum(axis=0)}
        if bug == "transposed":
            g["W1"] = g["W1"].T.copy()
        if bug != "l2-forgotten":
            g["W1"] += scale * l2 * p["W1"]
            g["W2"] += scale * l2 * p["W2"]
        return spoilt(g, bug, d)

    return Problem(loss, params, gradient)


def spoilt(g: Params, bug: str, d: Array) -> Params:
    """Spoil the finished gradient; `d` is the gradient by the first layer's sums."""
    changes: dict[str, Any] = {
        "twice": ("W1", lambda a: 2 * a),
        "half": ("W2", lambda a: a / 2),
        "sign": ("W2", lambda a: -a),
        "bias-mean": ("b1", lambda _: d.mean(axis=0)),
        "bias-first-sample": ("b1", lambda _: d[0]),
        "bias-total": ("b1", lambda a: np.full_like(a, d.sum())),
        "bias-off": ("b2", lambda a: 1.1 * a),
        "forgotten": ("b1", np.zeros_like),
        "offset": ("W1", lambda a: a + 1e-4),
        "one-percent": ("W2", lambda a: (1.01 * a).astype(a.dtype)),
        "rows-swapped": ("W1", lambda a: a[[1, 0, *range(2, SIZE)]]),
    }
    if bug in changes:
        name, change = changes[bug]
        g[name] = change(g[name])
    if bug == "one-row":
        g["W1"][3] *= -1
    if bug == "nan":
        g["W2"][1, 2] = np.nan
    if bug == "infinite":
        g["b2"][0] = np.inf
    return g


def mean_square(bug: str = "") -> Problem:
    """Return an affine layer with the mean square as its loss."""
    samples = 7
    x, t = normal(2, samples, SIZE), normal(3, samples, CLASSES)

    def residual(p: Params) -> Array:
        return np.asarray(x @ p["W"] + p["b"] - t)

    def gradient(p: Params) -> Params:
        d = residual(p) * (1 if bug == "two-forgotten" else 2)
        d = d / (samples if bug == "mean-over-samples-only" else samples * CLASSES)
        return {"W": x.T @ d, "b": d.sum(axis=0)}

    params = {"W": normal(4, SIZE, CLASSES), "b": normal(5, CLASSES)}
    return Problem(lambda p: number((residual(p) ** 2).mean()), params, gradient)


def deep(bug: str = "", *, depth: int = 12, relu: bool = False) -> Problem:
    """Return a deep network without biases; the input is a parameter too."""
    width = 4
    params = {f"W{k}": normal(20 + k, width, width, scale=0.7) for k in range(depth)}
    params["x"] = normal(2, 3, width)
    weights = normal(7, 3, width)

    def forward(p: Params) -> list[Array]:
        values = [p["x"]]
        for k in range(depth):
            z = values[-1] @ p[f"W{k}"]
            values.append(np.maximum(z, 0) if relu else np.tanh(z))
        return values

    def gradient(p: Params) -> Params:
        values, g, d = forward(p), {}, weights
        for k in reversed(range(depth)):
            # "late" takes the slope at the layer's input in place of its output.
            y = values[k if bug == "late" and k == 5 else k + 1]
            d = d * ((y > 0) if relu else 1 - y**2)
            g[f"W{k}"] = values[k].T @ d
            d = d @ (p[f"W{k}"] if bug == "transposed" else p[f"W{k}"].T)
        return {**g, "x": d}

    return Problem(lambda p: number((weights * forward(p)[-1]).sum()), params, gradient)


CASES = (
    wrong("dense/twice", "twice the gradient of one matrix", network, "twice"),
    wrong("dense/half", "half the gradient of one matrix", network, "half"),
    wrong("dense/missing-1-over-n", "1/N forgotten", network, "missing-1-over-n"),
    wrong("dense/doubled-1-over-n", "1/N applied twice", network, "doubled-1-over-n"),
    wrong("dense/sign", "the sign of one matrix", network, "sign"),
    wrong("dense/transposed", "a square matrix, transposed", network, "transposed"),
    wrong("dense/bias-mean", "mean over the batch for the sum", network, "bias-mean"),
    wrong("dense/bias-first-sample", "bias takes the first sample", network, "bias-first-sample"),
    wrong("dense/bias-total", "bias summed over its own axis too", network, "bias-total"),
    wrong("dense/bias-off", "only the last bias, by a tenth", network, "bias-off"),
    wrong("dense/forgotten", "zeros for one parameter", network, "forgotten"),
    wrong("dense/no-slope", "the activation's slope forgotten", network, "no-slope"),
    wrong("dense/one-row", "the sign of one row", network, "one-row"),
    wrong("dense/rows-swapped", "two rows exchanged", network, "rows-swapped"),
    wrong("dense/offset", "1e-4 added to every entry", network, "offset"),
    wrong("dense/nan", "one entry is NaN", network, "nan"),
    wrong("dense/infinite", "one entry is infinite", network, "infinite"),
    wrong("dense/clobbered", "backward halves the cached h before use", network, "clobbered"),
    wrong("dense/l2-forgotten", "weight decay forgotten", network, "l2-forgotten", l2=1e-2),
    wrong("dense/float32-one-percent", "1 % off, in float32", network, "one-percent",
          dtype="float32"),
    wrong("dense/float32-transposed", "transposed, in float32", network, "transposed",
          dtype="float32"),
    wrong("dense/tiny-scale", "entries of 1e-9, one matrix twice", network, "twice", scale=1e-8),
    wrong("dense/huge-scale", "a loss of 1e9, one bias off by a tenth", network, "bias-off",
          scale=1e9),
    wrong("dense/relu-half", "half, in a ReLU network", network, "half", relu=True, samples=30),
    wrong("dense/skip-no-slope", "slope forgotten next to a skip", network, "no-slope", skip=True),
    wrong("dense/two-forgotten", "the 2 of the square", mean_square, "two-forgotten"),
    wrong("dense/mean-over-samples-only", "mean over all entries taken for a mean over samples",
          mean_square, "mean-over-samples-only"),
    wrong("dense/deep-late", "one of twelve layers takes the slope of the wrong value", deep,
          "late"),
    wrong("dense/deep-transposed", "W for its transpose on the way back", deep, "transposed"),
    right("dense/tanh", "the plain one", network),
    right("dense/relu", "30 samples, some near a kink", network, relu=True, samples=30),
    right("dense/relu-batch", "300 samples, some within 1e-3 of a kink", network, relu=True,
          samples=300),
    right("dense/l2", "weight decay", network, l2=1e-2),
    right("dense/skip", "a skip connection", network, skip=True),
    right("dense/float32", "float32 all through", network, dtype="float32"),
    right("dense/float32-relu", "float32 and kinks", network, dtype="float32", relu=True,
          samples=40),
    right("dense/float32-skip", "float32, a skip and weight decay", network, dtype="float32",
          skip=True, l2=1e-2),
    right("dense/tiny-loss", "a loss of 1e-12", network, scale=1e-12),
    right("dense/huge-loss", "a loss of 1e12", network, scale=1e12),
    right("dense/constant-offset", "1e4 added to the loss: differences cancel", network,
          offset=1e4),
    right("dense/float32-offset", "float32, and 10 added to the loss", network, dtype="float32",
          offset=10.0),
    right("dense/mean-square", "a quadratic", mean_square),
    right("dense/deep-tanh", "twelve layers: small gradients", deep),
    right("dense/deep-relu", "six layers with kinks", deep, depth=6, relu=True),
)  # fmt: skip
