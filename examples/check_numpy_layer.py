"""A hand-written layer, affine with softmax and cross-entropy, checked entry by entry.

python examples/check_numpy_layer.py
nudgegrad check examples/check_numpy_layer.py:case
"""

from typing import Any

import numpy as np

from nudgegrad.checker import Case

rng = np.random.default_rng(0)
x, labels = rng.normal(size=(8, 5)), rng.integers(0, 3, size=8)


def softmax(params: Any) -> Any:
    """Return the probabilities of the classes, one row a sample."""
    scores = x @ params["W"] + params["b"]
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def loss(params: Any) -> float:
    """Return the mean cross-entropy."""
    return float(-np.log(softmax(params)[np.arange(len(labels)), labels]).mean())


def gradients(params: Any) -> Any:
    """Return what somebody has derived on paper."""
    d = softmax(params)
    d[np.arange(len(labels)), labels] -= 1
    d /= len(labels)
    return {"W": x.T @ d, "b": d.sum(axis=0)}


def case() -> Case:
    """Return what is to be checked."""
    params = {"W": rng.normal(size=(5, 3)), "b": np.zeros(3)}
    return Case(loss, params, gradients)


if __name__ == "__main__":
    print(case().run())
