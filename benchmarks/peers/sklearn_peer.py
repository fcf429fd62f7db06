"""scikit-learn: `MLPClassifier` with the settings it comes with, a reference by backpropagation."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from benchmarks.peers import Peer, Task

__all__ = ["PEERS"]


class SklearnAdam(Peer):
    """An epoch a step: `partial_fit` goes once through what it is given, in batches of 200."""

    name = "scikit-learn MLPClassifier"
    library = "scikit-learn"
    distribution = "scikit-learn"
    kind = "backprop"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        from sklearn.neural_network import MLPClassifier

        self.make = MLPClassifier
        self.x_train, self.x_test = task.inputs("train"), task.inputs("test")
        self.t_train, self.t_test = task.labels("train"), task.labels("test")

    def settings(self) -> dict[str, Any]:
        """Return what it is run with."""
        return {"solver": "adam", "learning_rate": 0.001, "alpha": 0.0001, "batch_size": 200}

    def reset(self) -> None:
        """Start from new weights."""
        self.model = self.make(hidden_layer_sizes=(self.task.hidden,), random_state=self.task.seed)

    def step(self, done: float) -> int:
        """Do one epoch."""
        classes = np.arange(self.task.data.classes)
        self.model.partial_fit(self.x_train, self.t_train, classes=classes)
        return math.ceil(len(self.x_train) / 200)

    def accuracy(self) -> float:
        """Return the test accuracy."""
        return float(np.mean(self.model.predict(self.x_test) == self.t_test))


PEERS: tuple[type[Peer], ...] = (SklearnAdam,)
