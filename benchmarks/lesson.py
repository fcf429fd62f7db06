"""The lesson's own code: its two-layer network in plain NumPy, and its training step.

Written as in *Deep Learning from Scratch* (K. Saitoh, 2016), chapter 4, `two_layer_net.py` and
`train_neuralnet.py`: the baseline that everybody who follows the lesson has.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LessonNet", "step"]

Floats = NDArray[np.float64]


def sigmoid(x: Floats) -> Floats:
    """Return 1 / (1 + e^−x)."""
    result: Floats = 1 / (1 + np.exp(-x))
    return result


def sigmoid_grad(x: Floats) -> Floats:
    """Return the sigmoid's slope."""
    return (1.0 - sigmoid(x)) * sigmoid(x)


def softmax(x: Floats) -> Floats:
    """Return probabilities: (samples, classes) → (samples, classes)."""
    x = x - np.max(x, axis=1, keepdims=True)
    result: Floats = np.exp(x) / np.sum(np.exp(x), axis=1, keepdims=True)
    return result


class LessonNet:
    """The lesson's `TwoLayerNet`, float64.

    Parameters
    ----------
    params
        W1, b1, W2, b2 to start from; copied.
    """

    def __init__(self, params: dict[str, Any]) -> None:
        self.params = {name: np.array(params[name], float) for name in ("W1", "b1", "W2", "b2")}

    def gradient(self, x: Floats, t: Floats) -> dict[str, Floats]:
        """Backpropagate: x (samples, inputs), t (samples, classes) one-hot → a gradient a name."""
        W1, W2 = self.params["W1"], self.params["W2"]
        b1, b2 = self.params["b1"], self.params["b2"]
        grads = {}
        batch_num = x.shape[0]

        a1 = np.dot(x, W1) + b1
        z1 = sigmoid(a1)
        a2 = np.dot(z1, W2) + b2
        y = softmax(a2)

        dy = (y - t) / batch_num
        grads["W2"] = np.dot(z1.T, dy)
        grads["b2"] = np.sum(dy, axis=0)
        da1 = np.dot(dy, W2.T)
        dz1 = sigmoid_grad(a1) * da1
        grads["W1"] = np.dot(x.T, dz1)
        grads["b1"] = np.sum(dz1, axis=0)
        return grads


def step(
    network: LessonNet, x_train: Floats, t_train: Floats, batch_size: int, learning_rate: float
) -> None:
    """Take one training step: draw, gather, gradient, update."""
    batch_mask = np.random.choice(x_train.shape[0], batch_size)  # noqa: NPY002  # the lesson's
    x_batch = x_train[batch_mask]
    t_batch = t_train[batch_mask]
    grad = network.gradient(x_batch, t_batch)
    for key in ("W1", "b1", "W2", "b2"):
        network.params[key] -= learning_rate * grad[key]
