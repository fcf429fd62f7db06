"""What goes wrong between calls: caches, buffers and random numbers."""

from __future__ import annotations

import numpy as np

from tests.zoo.case import Array, Params, Problem, normal, right, weighted, wrong


class Affine:
    """A layer that keeps its input for backward, as in many a course."""

    def __init__(self, bug: str = "") -> None:
        self.bug = bug
        self.inputs: list[Array] = []

    def forward(self, x: Array, w: Array) -> Array:
        self.inputs.append(x)
        return x @ w

    def backward(self, d: Array, w: Array) -> tuple[Array, Array]:
        """Return the gradients by the input and by the weights, last call first."""
        if self.bug == "oldest-first":
            x = self.inputs.pop(0)
        elif self.bug == "latest-only":
            x = self.inputs[-1]
        elif self.bug == "one-behind":
            x = self.inputs[-2]
        else:
            x = self.inputs.pop()
        return d @ w.T, x.T @ d


def twice(bug: str = "") -> Problem:
    """Apply one layer twice, tanh between: tanh(x·W)·W."""

    def gradient(p: Params, d: Array) -> Params:
        layer = Affine(bug)
        h = np.tanh(layer.forward(p["x"], p["W"]))
        layer.forward(h, p["W"])
        d, second = layer.backward(d, p["W"])
        d, first = layer.backward(d * (1 - h**2), p["W"])
        return {"x": d, "W": second if bug == "not-added" else first + second}

    return weighted(
        lambda p: np.tanh(p["x"] @ p["W"]) @ p["W"],
        gradient,
        {"x": normal(141, 4, 4), "W": normal(142, 4, 4)},
    )


def batches(bug: str = "") -> Problem:
    """Go through three mini-batches with one layer; its cache may be that of the batch before."""
    x = normal(143, 3, 4, 5)

    def gradient(p: Params, d: Array) -> Params:
        layer = Affine(bug)
        layer.forward(x[-1], p["W"])
        g = np.zeros_like(p["W"])
        for batch, part in zip(x, d, strict=True):
            y = np.tanh(layer.forward(batch, p["W"]))
            g += layer.backward(part * (1 - y**2), p["W"])[1]
        return {"W": g}

    return weighted(lambda p: np.tanh(x @ p["W"]), gradient, {"W": normal(144, 5, 3)})


def buffered(bug: str = "") -> Problem:
    """Keep the gradient in a buffer between calls."""
    x = normal(145, 6, 4)
    buffer = np.zeros((4, 3))

    def gradient(p: Params, d: Array) -> Params:
        if bug != "accumulates":
            buffer.fill(0)
        buffer[...] += x.T @ (d * (1 - np.tanh(x @ p["W"]) ** 2))
        return {"W": buffer if bug == "shared" else buffer.copy()}

    return weighted(lambda p: np.tanh(x @ p["W"]), gradient, {"W": normal(146, 4, 3)})


def previous(bug: str = "") -> Problem:
    """Keep the activations of the call before; at first they are those of other weights."""
    x = normal(147, 6, 4)
    kept = [np.tanh(x @ normal(148, 4, 3))]

    def gradient(p: Params, d: Array) -> Params:
        kept.append(np.tanh(x @ p["W"]))
        return {"W": x.T @ (d * (1 - kept[-2 if bug else -1] ** 2))}

    return weighted(lambda p: np.tanh(x @ p["W"]), gradient, {"W": normal(149, 4, 3)})


def in_place(bug: str = "", *, branch: str = "relu") -> Problem:
    """Return ReLU(y) + y or y² for y = tanh(x); the bug overwrites y before its use."""

    def forward(p: Params) -> Array:
        y = np.tanh(p["x"])
        return np.maximum(y, 0) + y if branch == "relu" else y**2

    def gradient(p: Params, d: Array) -> Params:
        y = np.tanh(p["x"])
        on = y > 0
        if bug:
            np.maximum(y, 0, out=y)  # the ReLU, in place: tanh's cached output is gone
        d = d * on + d if branch == "relu" else 2 * y * d
        return {"x": d * (1 - y**2)}

    return weighted(forward, gradient, {"x": normal(150, 30)})


def backward_in_place(bug: str = "") -> Problem:
    """Return the softmax y; the bug scales y in place and then uses it again."""

    def forward(p: Params) -> Array:
        powers = np.exp(p["x"])
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))

    def gradient(p: Params, d: Array) -> Params:
        y = forward(p)
        scaled = np.multiply(y, d, out=y) if bug else y * d
        return {"x": scaled - y * scaled.sum(axis=1, keepdims=True)}

    return weighted(forward, gradient, {"x": normal(151, 4, 5)})


def dropout(bug: str = "", *, rate: float = 0.4, dtype: str = "float64") -> Problem:
    """Drop entries by a seeded mask, then take tanh of a product."""
    shape = (6, 5)
    draws = np.random.default_rng(153)
    params = {
        "x": normal(154, *shape, dtype=dtype),
        "W": normal(155, 5, 3, scale=0.5, dtype=dtype),
    }

    def mask(rng: np.random.Generator) -> Array:
        return (rng.random(shape) >= rate).astype(dtype)

    def dropped(p: Params, kept: Array) -> Array:
        return np.asarray(p["x"] * kept / (1 - rate))

    def forward(p: Params) -> Array:
        return np.asarray(np.tanh(dropped(p, mask(np.random.default_rng(152))) @ p["W"]))

    def backward(p: Params, d: Array) -> Params:
        kept = mask(draws if bug == "drawn-anew" else np.random.default_rng(152))
        d = d * (1 - forward(p) ** 2)
        dx = d @ p["W"].T * (1 if bug == "unmasked" else kept)
        return {
            "x": dx if bug == "scale" else dx / (1 - rate),
            "W": (p["x"] if bug == "weights-undropped" else dropped(p, kept)).T @ d,
        }

    return weighted(forward, backward, params)


def reparameterised(bug: str = "") -> Problem:
    """Return tanh(m + e^s·z) for seeded normal numbers z."""
    z = normal(156, 12)

    def backward(p: Params, d: Array) -> Params:
        spread = np.exp(p["s"])
        d = d * (1 - np.tanh(p["m"] + spread * z) ** 2)
        noise = normal(157, 12) if bug == "other-noise" else z
        return {"m": d, "s": d * noise * (1 if bug == "chain" else spread)}

    return weighted(
        lambda p: np.tanh(p["m"] + np.exp(p["s"]) * z),
        backward,
        {"m": normal(158, 12), "s": normal(159, 12, scale=0.5)},
    )


CASES = (
    wrong("state/latest-only", "a layer used twice keeps its last input only", twice,
          "latest-only"),
    wrong("state/oldest-first", "cached inputs come back in the wrong order", twice,
          "oldest-first"),
    wrong("state/not-added", "a layer used twice keeps one gradient", twice, "not-added"),
    wrong("state/batch-behind", "backward uses the input of the batch before", batches,
          "one-behind"),
    wrong("state/call-behind", "the first call uses the activations of other weights", previous,
          "behind"),
    wrong("state/accumulates", "right once; the second call gives twice as much", buffered,
          "accumulates"),
    wrong("state/relu-in-place", "ReLU overwrites tanh's cached output next to a skip", in_place,
          "in-place"),
    wrong("state/square-in-place", "the cached output cut off below 0", in_place, "in-place",
          branch="square"),
    wrong("state/backward-in-place", "backward scales the cached output, then uses it",
          backward_in_place, "in-place"),
    wrong("dropout/drawn-anew", "backward draws a mask of its own", dropout, "drawn-anew"),
    wrong("dropout/scale", "1/(1 − p) forgotten", dropout, "scale"),
    wrong("dropout/unmasked", "the mask forgotten", dropout, "unmasked"),
    wrong("dropout/weights-undropped", "the weights' gradient of the whole input", dropout,
          "weights-undropped"),
    wrong("dropout/noise-chain", "e^s forgotten next to the noise", reparameterised, "chain"),
    wrong("dropout/noise-drawn-anew", "backward draws noise of its own", reparameterised,
          "other-noise"),
    right("state/twice", "a layer used twice", twice),
    right("state/batches", "three mini-batches", batches),
    right("state/previous", "it keeps activations, but uses its own", previous),
    right("state/buffer", "a buffer, cleared and copied", buffered),
    right("state/shared-buffer", "every call returns the same array, filled anew", buffered,
          "shared"),
    right("state/relu-and-skip", "ReLU next to a skip", in_place),
    right("state/softmax", "no array overwritten", backward_in_place),
    right("dropout/seeded", "the same mask each time; exact zeros", dropout),
    right("dropout/float32-seeded", "float32", dropout, dtype="float32"),
    right("dropout/noise", "seeded noise", reparameterised),
)  # fmt: skip
