"""A tanh recurrence, an LSTM and a linear recurrence, through all of their steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.zoo.case import Array, Params, Problem, normal, right, sigmoid, weighted, wrong

STEPS, BATCH, SIZE = 5, 2, 3


def tanh_recurrence(bug: str = "", *, dtype: str = "float64", steps: int = STEPS) -> Problem:
    """Return the last state of h ← tanh(x·U + h·W + b)."""
    params = {
        "x": normal(71, steps, BATCH, SIZE, dtype=dtype),
        "h": normal(72, BATCH, SIZE, dtype=dtype),
        "U": normal(73, SIZE, SIZE, scale=0.7, dtype=dtype),
        "W": normal(74, SIZE, SIZE, scale=0.7, dtype=dtype),
        "b": normal(75, SIZE, scale=0.3, dtype=dtype),
    }

    def states(p: Params) -> list[Array]:
        found = [p["h"]]
        for x in p["x"]:
            found.append(np.tanh(x @ p["U"] + found[-1] @ p["W"] + p["b"]))
        return found

    def backward(p: Params, d: Array) -> Params:
        h = states(p)
        g = {name: np.zeros_like(array) for name, array in p.items()}
        stop = 1 if bug == "truncated" else 0
        for t in reversed(range(stop, steps)):
            dz = d * (1 - h[t + 1] ** 2)
            before = h[t + 1] if bug == "state-after" else h[t]
            g["W"] = before.T @ dz if bug == "last-only" else g["W"] + before.T @ dz
            g["U"] += p["x"][t].T @ dz
            g["b"] += dz.sum(axis=0)
            g["x"][steps - 1 - t if bug == "time-reversed" else t] = dz @ p["U"].T
            d = dz @ (p["W"] if bug == "transposed" else p["W"].T)
            if bug == "detached" and t == 2:
                d = np.zeros_like(d)
        if bug != "first-state":
            g["h"] = d
        return g

    return weighted(lambda p: states(p)[-1], backward, params)


def lstm(bug: str = "", *, dtype: str = "float64") -> Problem:
    """Return the last state of an LSTM; gates in the order input, forget, output, candidate."""
    params = {
        "x": normal(76, STEPS, BATCH, SIZE, dtype=dtype),
        "W": normal(77, 2 * SIZE, 4 * SIZE, scale=0.7, dtype=dtype),
        "b": normal(78, 4 * SIZE, scale=0.5, dtype=dtype),
    }

    def run(p: Params) -> tuple[Array, list[Any]]:
        h: Array = np.zeros((BATCH, SIZE), dtype=p["x"].dtype)
        c, trace = h, []
        for x in p["x"]:
            joined = np.concatenate([x, h], axis=1)
            z = np.split(joined @ p["W"] + p["b"], 4, axis=1)
            i, f, o, u = sigmoid(z[0]), sigmoid(z[1]), sigmoid(z[2]), np.tanh(z[3])
            before, c = c, f * c + i * u
            h = o * np.tanh(c)
            trace.append((joined, i, f, o, u, before, c))
        return h, trace

    def backward(p: Params, dh: Array) -> Params:
        g = {name: np.zeros_like(array) for name, array in p.items()}
        dc = np.zeros_like(dh)
        for t, (joined, i, f, o, u, before, c) in reversed(list(enumerate(run(p)[1]))):
            y = np.tanh(c)
            dc = (0 if bug == "cell-path" else dc) + dh * o * (1 - y**2)
            di, df, do, du = dc * u, dc * before, dh * y, dc * i
            if bug == "forget-takes-new-cell":
                df = dc * c
            if bug == "gates-swapped":
                di, df = df, di
            slopes = i * (1 - i), f * (1 - f), o * (1 - o), 1 - u**2
            if bug == "candidate-slope":
                slopes = (*slopes[:3], u * (1 - u))
            dz = np.concatenate(
                [part * slope for part, slope in zip((di, df, do, du), slopes, strict=True)], axis=1
            )
            g["W"] += joined.T @ dz
            g["b"] += dz.sum(axis=0)
            g["x"][t], dh = np.split(dz @ p["W"].T, 2, axis=1)
            dc = dc * (i if bug == "cell-by-input-gate" else f)
        return g

    return weighted(lambda p: run(p)[0], backward, params)


def linear_recurrence(bug: str = "") -> Problem:
    """Return the states of s ← a·s + x, entry by entry."""

    def forward(p: Params) -> Array:
        states = [p["x"][0]]
        for x in p["x"][1:]:
            states.append(p["a"] * states[-1] + x)
        return np.stack(states)

    def backward(p: Params, d: Array) -> Params:
        s, g = forward(p), np.array(d)
        for t in reversed(range(len(d) - 1)):
            g[t] += p["a"] * g[t + 1]
        along = d if bug == "direct-only" else g
        return {"x": g, "a": (along[1:] * s[:-1]).sum(axis=0)}

    return weighted(forward, backward, {"x": normal(79, 8, 4), "a": normal(80, 4) / 2})


CASES = (
    wrong("recurrent/truncated", "the first step left out", tanh_recurrence, "truncated"),
    wrong("recurrent/state-after", "the state after the step for the one before", tanh_recurrence,
          "state-after"),
    wrong("recurrent/last-only", "W keeps the gradient of one step", tanh_recurrence, "last-only"),
    wrong("recurrent/time-reversed", "the inputs' gradients in reverse", tanh_recurrence,
          "time-reversed"),
    wrong("recurrent/transposed", "W for its transpose on the way back", tanh_recurrence,
          "transposed"),
    wrong("recurrent/detached", "the state detached in the middle", tanh_recurrence, "detached"),
    wrong("recurrent/first-state", "no gradient for the first state", tanh_recurrence,
          "first-state"),
    wrong("recurrent/lstm-gates-swapped", "input and forget gates swapped", lstm, "gates-swapped"),
    wrong("recurrent/lstm-cell-path", "no gradient along the cells", lstm, "cell-path"),
    wrong("recurrent/lstm-cell-by-input-gate", "cells go back by the input gate", lstm,
          "cell-by-input-gate"),
    wrong("recurrent/lstm-forget-takes-new-cell", "the forget gate's gradient of the new cell",
          lstm, "forget-takes-new-cell"),
    wrong("recurrent/lstm-candidate-slope", "the candidate's slope as a sigmoid's", lstm,
          "candidate-slope"),
    wrong("recurrent/linear-direct-only", "a's gradient of each step's own loss only",
          linear_recurrence, "direct-only"),
    right("recurrent/tanh", "five steps", tanh_recurrence),
    right("recurrent/tanh-long", "twelve steps: gradients die out", tanh_recurrence, steps=12),
    right("recurrent/float32-tanh", "float32", tanh_recurrence, dtype="float32"),
    right("recurrent/lstm", "five steps", lstm),
    right("recurrent/float32-lstm", "float32", lstm, dtype="float32"),
    right("recurrent/linear", "an adjoint recurrence", linear_recurrence),
)  # fmt: skip
