"""A small softmax layer for ``nudgegrad check --demo``, with a right and a wrong gradient."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.checker.case import Case
from nudgegrad.cli.check_targets import Target

__all__ = ["demo_targets"]

Params = dict[str, NDArray[Any]]


def demo_targets() -> list[tuple[Target, bool]]:
    """Return both cases, and whether each is right."""
    return [
        (Target("demo, the right gradient", partial(_case, _gradient)), True),
        (
            Target(
                "demo, a planted bug: the gradient of b is not divided by the number of samples",
                partial(_case, _with_a_bug),
            ),
            False,
        ),
    ]


def _case(gradient: Any) -> Case:
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(6, 5)), np.array([0, 2, 1, 3, 2, 0])
    params = {"W": rng.normal(size=(5, 4)), "b": np.zeros(4)}
    return Case(partial(_loss, x, labels), params, partial(gradient, x, labels))


def _probabilities(x: NDArray[Any], params: Params) -> NDArray[Any]:
    scores = np.exp(x @ params["W"] + params["b"])
    return np.asarray(scores / scores.sum(axis=1, keepdims=True))


def _loss(x: NDArray[Any], labels: NDArray[Any], params: Params) -> float:
    """Return the mean cross-entropy."""
    right = _probabilities(x, params)[np.arange(len(labels)), labels]
    return float(-np.log(right).mean())


def _gradient(x: NDArray[Any], labels: NDArray[Any], params: Params) -> Params:
    d = _probabilities(x, params)
    d[np.arange(len(labels)), labels] -= 1
    d /= len(labels)
    return {"W": x.T @ d, "b": d.sum(axis=0)}


def _with_a_bug(x: NDArray[Any], labels: NDArray[Any], params: Params) -> Params:
    gradient = _gradient(x, labels, params)
    return {**gradient, "b": gradient["b"] * len(labels)}
