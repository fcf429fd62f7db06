"""Losses of predictions y and targets t."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from tests.zoo.case import Array, Params, Problem, normal, number, right, sigmoid, wrong

Pair = Callable[[Array, Array], Array]
SHAPE = (8, 4)


def pairwise(f: Pair, slope: Pair, t: Array, *, y: Array | None = None) -> Problem:
    """Return the mean of f(y, t), entry by entry."""
    y = normal(91, *SHAPE) if y is None else y
    return Problem(
        lambda p: number(f(p["y"], t).mean()),
        {"y": y.copy()},
        lambda p: {"y": slope(p["y"], t) / y.size},
    )


T = normal(92, *SHAPE)
LABELS = np.sign(normal(93, *SHAPE))


def huber(y: Array, t: Array) -> Array:
    r = np.abs(y - t)
    return np.asarray(np.where(r < 1, r**2 / 2, r - 0.5))


def huber_slope(y: Array, t: Array, swapped: bool = False) -> Array:
    r = y - t
    return np.where((np.abs(r) < 1) ^ swapped, r, np.sign(r))


def pinball(y: Array, t: Array, q: float = 0.9) -> Array:
    return np.maximum(q * (t - y), (q - 1) * (t - y))


def pinball_slope(y: Array, t: Array, q: float = 0.9) -> Array:
    return np.where(t > y, -q, 1 - q)


def hinge(y: Array, t: Array) -> Array:
    return np.asarray(np.maximum(1 - t * y, 0))


def hinge_slope(y: Array, t: Array, margin: float = 1.0) -> Array:
    return np.where(t * y < margin, -t, 0)


def squared_hinge_slope(y: Array, t: Array, factor: float = 2.0) -> Array:
    return -factor * t * hinge(y, t)


def binary(y: Array, t: Array) -> Array:
    """Cross-entropy of scores, for labels −1 and 1."""
    return np.asarray(np.maximum(-t * y, 0) + np.log1p(np.exp(-np.abs(y))))


def binary_slope(y: Array, t: Array, sign: float = -1.0) -> Array:
    return sign * t * sigmoid(-t * y)


def focal(y: Array, t: Array) -> Array:
    return np.asarray(sigmoid(-t * y) ** 2 * binary(y, t))


def focal_slope(y: Array, t: Array, constant_weight: bool = False) -> Array:
    q = sigmoid(-t * y)
    of_weight = 0 if constant_weight else -2 * q**2 * (1 - q) * t * binary(y, t)
    return np.asarray(of_weight - t * q**3)


def poisson(y: Array, t: Array) -> Array:
    return np.asarray(np.exp(y) - np.abs(t) * y)


def cosine(bug: str = "", *, dtype: str = "float64", scale: float = 1.0) -> Problem:
    """Return one minus the mean cosine of rows of y and z."""
    params = {
        "y": normal(94, *SHAPE, scale=scale, dtype=dtype),
        "z": normal(95, *SHAPE, dtype=dtype),
    }

    def units(p: Params) -> list[tuple[Array, Array]]:
        norms = [np.sqrt((a**2).sum(axis=1, keepdims=True)) for a in (p["y"], p["z"])]
        return [(p["y"] / norms[0], norms[0]), (p["z"] / norms[1], norms[1])]

    def loss(p: Params) -> float:
        (u, _), (v, _) = units(p)
        return number(1 - (u * v).sum(axis=1).mean())

    def gradient(p: Params) -> Params:
        (u, along_y), (v, along_z) = units(p)
        c = 0 if bug == "projection" else (u * v).sum(axis=1, keepdims=True)
        dy = (c * u - v) / (1 if bug == "norm" else along_y)
        return {"y": dy / len(u), "z": (c * v - u) / along_z / len(u)}

    return Problem(loss, params, gradient)


def contrastive(bug: str = "") -> Problem:
    """Return the mean of max(0, margin + |a − p|² − |a − n|²) over triplets."""
    params = {name: normal(96 + k, *SHAPE) for k, name in enumerate("apn")}

    def slack(p: Params) -> Array:
        near, far = ((p["a"] - p[name]) ** 2 for name in "pn")
        return np.asarray(1 + near.sum(axis=1) - far.sum(axis=1))

    def gradient(p: Params) -> Params:
        on = (slack(p) > 0)[:, None] * 2.0 / len(p["a"])
        if bug == "always-on":
            on = np.full_like(on, 2.0 / len(p["a"]))
        anchor = on * (p["n"] - p["p"])
        if bug == "anchor":
            anchor = on * (p["a"] - p["p"])
        return {"a": anchor, "p": on * (p["p"] - p["a"]), "n": on * (p["a"] - p["n"])}

    return Problem(lambda p: number(np.maximum(slack(p), 0).mean()), params, gradient)


def divergence(bug: str = "") -> Problem:
    """Return the divergence of a normal, of given mean and log variance, from the standard one."""

    def gradient(p: Params) -> Params:
        spread = np.exp(p["log_variance"])
        return {"mean": p["mean"], "log_variance": (spread if bug else spread - 1) / 2}

    return Problem(
        lambda p: number(
            (p["mean"] ** 2 + np.exp(p["log_variance"]) - 1 - p["log_variance"]).sum() / 2
        ),
        {"mean": normal(101, 10), "log_variance": normal(102, 10)},
        gradient,
    )


CASES = (
    wrong("loss/huber-swapped", "the two branches swapped", pairwise, huber,
          partial(huber_slope, swapped=True), T),
    wrong("loss/huber-square-only", "the slope not cut off", pairwise, huber, np.subtract, T),
    wrong("loss/pinball-swapped", "the two sides swapped", pairwise, pinball,
          partial(pinball_slope, q=0.1), T),
    wrong("loss/hinge-margin", "0 for the margin 1", pairwise, hinge,
          partial(hinge_slope, margin=0.0), LABELS),
    wrong("loss/squared-hinge", "the 2 of the square", pairwise, lambda y, t: hinge(y, t) ** 2,
          partial(squared_hinge_slope, factor=1.0), LABELS),
    wrong("loss/binary-sign", "the sign of the labels", pairwise, binary,
          partial(binary_slope, sign=1.0), LABELS),
    wrong("loss/focal-constant-weight", "the weight taken as a constant", pairwise, focal,
          partial(focal_slope, constant_weight=True), LABELS),
    wrong("loss/poisson-rate", "e^y − t with t's sign lost", pairwise, poisson,
          lambda y, t: np.exp(y) + np.abs(t), T),
    wrong("loss/absolute-sign", "1 for the sign", pairwise, lambda y, t: np.abs(y - t),
          lambda y, t: np.ones_like(y), T),
    wrong("loss/cosine-projection", "the projection's term forgotten", cosine, "projection"),
    wrong("loss/cosine-norm", "not divided by the norm", cosine, "norm"),
    wrong("loss/triplet-always-on", "triplets beyond the margin too", contrastive, "always-on"),
    wrong("loss/triplet-anchor", "the anchor's far half forgotten", contrastive, "anchor"),
    wrong("loss/divergence", "½ forgotten next to e^v/2", divergence, "half"),
    right("loss/huber", "two branches that meet smoothly", pairwise, huber, huber_slope, T),
    right("loss/pinball", "kinks where y = t", pairwise, pinball, pinball_slope, T),
    right("loss/hinge", "a kink at the margin", pairwise, hinge, hinge_slope, LABELS),
    right("loss/squared-hinge-right", "curvature jumps", pairwise, lambda y, t: hinge(y, t) ** 2,
          squared_hinge_slope, LABELS),
    right("loss/binary", "of scores", pairwise, binary, binary_slope, LABELS),
    right("loss/binary-large", "of scores of 50", pairwise, binary, binary_slope, LABELS,
          y=normal(103, *SHAPE, scale=50)),
    right("loss/focal", "a weight that moves too", pairwise, focal, focal_slope, LABELS),
    right("loss/poisson", "e^y", pairwise, poisson, lambda y, t: np.exp(y) - np.abs(t), T),
    right("loss/absolute", "kinks where y = t", pairwise, lambda y, t: np.abs(y - t),
          lambda y, t: np.sign(y - t), T),
    right("loss/nearly-absolute", "y within 1e-3 of t", pairwise, lambda y, t: np.abs(y - t),
          lambda y, t: np.sign(y - t), T, y=T + 1e-3 * normal(104, *SHAPE)),
    right("loss/cosine", "scale moves nothing", cosine),
    right("loss/cosine-tiny", "rows of length 1e-8", cosine, scale=1e-8),
    right("loss/float32-cosine", "float32", cosine, dtype="float32"),
    right("loss/triplet", "some triplets off: exact zeros", contrastive),
    right("loss/divergence-right", "of two normals", divergence),
)  # fmt: skip
