"""Gradients very small, very large, or both at once."""

from __future__ import annotations

import numpy as np

from tests.zoo.case import Array, Params, Problem, normal, number, right, weighted, wrong


def two_sizes(bug: str = "", *, small: float = 1e-9) -> Problem:
    """Return a sum in which one parameter hardly counts."""

    def backward(p: Params, d: Array) -> Params:
        g = {"a": d * np.cos(p["a"]), "b": small * d * np.cos(p["b"])}
        return {**g, "b": 2 * g["b"]} if bug else g

    return weighted(
        lambda p: np.sin(p["a"]) + small * np.sin(p["b"]),
        backward,
        {"a": normal(171, 8), "b": normal(172, 8)},
    )


def scaled(bug: str = "", *, of_input: float = 1.0, of_loss: float = 1.0) -> Problem:
    """Return a logistic regression of inputs and with a loss of any size."""
    x, t = normal(173, 20, 4, scale=of_input), np.sign(normal(174, 20))
    params = {"w": normal(175, 4, scale=1 / of_input), "b": np.array(0.3)}

    def margins(p: Params) -> Array:
        return np.asarray(t * (x @ p["w"] + p["b"]))

    def gradient(p: Params) -> Params:
        m = margins(p)
        d = -of_loss * t / (1 + np.exp(m)) / (20 if bug != "missing-1-over-n" else 1)
        return {"w": (1.05 if bug == "five-percent" else 1) * x.T @ d, "b": np.asarray(d.sum())}

    return Problem(
        lambda p: number(of_loss * np.log1p(np.exp(-margins(p))).mean()), params, gradient
    )


def spread(bug: str = "") -> Problem:
    """Return Σ c·x² with c from 1e-10 to 1e10."""
    c = np.logspace(-10, 10, 21)

    def gradient(p: Params) -> Params:
        g = 2 * c * p["x"]
        if bug:
            g[12] *= 1.01
        return {"x": g}

    return Problem(lambda p: number((c * p["x"] ** 2).sum()), {"x": normal(176, 21)}, gradient)


def valley(bug: str = "") -> Problem:
    """Return Rosenbrock's banana-shaped valley."""

    def loss(p: Params) -> float:
        x = p["x"]
        return number((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum())

    def gradient(p: Params) -> Params:
        x, g = p["x"], np.zeros_like(p["x"])
        off = x[1:] - x[:-1] ** 2
        g[:-1] = -400 * x[:-1] * off - (0 if bug else 2) * (1 - x[:-1])
        g[1:] += 200 * off
        return {"x": g}

    return Problem(loss, {"x": normal(177, 9)}, gradient)


def minimum(bug: str = "") -> Problem:
    """Return Σ (x − c)⁴ + (x − c)² at its minimum, where the gradient is 0."""
    c = normal(178, 10)

    def gradient(p: Params) -> Params:
        r = p["x"] - c
        return {"x": 4 * r**3 + 2 * r + (1e-4 if bug else 0)}

    return Problem(
        lambda p: number(((p["x"] - c) ** 4 + (p["x"] - c) ** 2).sum()), {"x": c.copy()}, gradient
    )


def zero_gradient(bug: str = "") -> Problem:
    """Return a loss that one of two parameters does not touch."""

    def gradient(p: Params) -> Params:
        return {"a": np.exp(p["a"]), "b": np.full_like(p["b"], 1e-3 if bug else 0)}

    params = {"a": normal(179, 6), "b": normal(180, 6)}
    return Problem(lambda p: number(np.exp(p["a"]).sum()), params, gradient)


CASES = (
    wrong("scale/small-parameter", "a gradient of 1e-9 next to one of 1, twice what it should be",
          two_sizes, "twice"),
    wrong("scale/tiny-loss", "a loss of 1e-9, 1/N forgotten", scaled, "missing-1-over-n",
          of_loss=1e-9),
    wrong("scale/huge-loss", "a loss of 1e9, 5 % off", scaled, "five-percent", of_loss=1e9),
    wrong("scale/huge-inputs", "inputs of 1e8, 5 % off", scaled, "five-percent", of_input=1e8),
    wrong("scale/spread", "slopes from 1e-10 to 1e10, one of 100 off by 1 %", spread, "one",
          entries=(12,)),
    wrong("scale/valley", "the small term of Rosenbrock's function forgotten", valley, "small"),
    wrong("scale/minimum", "1e-4 where 0 is right", minimum, "offset"),
    wrong("scale/untouched", "1e-3 for a parameter that does nothing", zero_gradient, "offset"),
    right("scale/small-parameter-right", "a gradient of 1e-6 next to one of 1", two_sizes,
          small=1e-6),
    right("scale/smaller-parameter", "a gradient of 1e-9 next to one of 1", two_sizes),
    right("scale/tiny-loss-right", "a loss of 1e-12", scaled, of_loss=1e-12),
    right("scale/huge-loss-right", "a loss of 1e12", scaled, of_loss=1e12),
    right("scale/tiny-inputs", "inputs of 1e-8, weights of 1e8", scaled, of_input=1e-8),
    right("scale/huge-inputs-right", "inputs of 1e8, weights of 1e-8", scaled, of_input=1e8),
    right("scale/spread-right", "slopes from 1e-10 to 1e10", spread),
    right("scale/valley-right", "strong curvature", valley),
    right("scale/minimum-right", "at the minimum: exact zeros", minimum),
    right("scale/untouched-right", "a parameter that does nothing", zero_gradient),
)  # fmt: skip
