"""Nudgegrad itself: numerical gradients by `node` and by `weight`."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, ClassVar

import nudgegrad as ng
from benchmarks.peers import Peer, Task

__all__ = ["PEERS"]


class NudgegradPeer(Peer):
    """`nudgegrad.Trainer` on a float32 network."""

    library = "nudgegrad"
    distribution = "nudgegrad"
    kind = "numerical gradient"
    method: ClassVar[str]
    optimizer: ClassVar[str]
    learning_rate: ClassVar[float]
    batch_size: ClassVar[int] = 100

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.reset()

    @property
    def version(self) -> str:
        """Return the version of the package at hand, installed or not."""
        return ng.__version__

    def settings(self) -> dict[str, Any]:
        """Return what it is run with."""
        return {
            "method": self.method,
            "optimizer": self.optimizer,
            "learning_rate": self.learning_rate,
            "decay": "linear to 0" if self.scheduled else None,
            "batch_size": self.batch_size,
            "sampling": "shuffle",
            "weight_init_std": "sqrt(2 / inputs)",
            "dtype": "float32",
        }

    def reset(self) -> None:
        """Start from new weights."""
        sizes = (self.task.data.features, self.task.hidden, self.task.data.classes)
        first, last = (
            ng.Affine(inputs, outputs, weight_init_std=math.sqrt(2 / inputs))
            for inputs, outputs in pairwise(sizes)
        )
        network = ng.Network([first, ng.ReLU(), last], seed=self.task.seed, dtype="float32")
        self.trainer = ng.Trainer(
            network,
            self.task.data,
            method=self.method,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            sampling="shuffle",
            seed=self.task.seed,
        )

    def step(self, done: float) -> int:
        """Do one mini-batch."""
        if self.scheduled:
            self.trainer.optimizer.learning_rate = self.learning_rate * max(0.0, 1 - done)
        self.trainer.step()
        return 1

    def accuracy(self) -> float:
        """Return the test accuracy."""
        accuracy = self.trainer.accuracy()
        assert accuracy is not None
        return accuracy


class NodeSGD(NudgegradPeer):
    """The lesson's update, numerical gradients by `node`."""

    name = "node, SGD"
    method, optimizer, learning_rate = "node", "sgd", 0.1


class NodeAdam(NudgegradPeer):
    """Adam at a constant learning rate, numerical gradients by `node`."""

    name = "node, Adam"
    method, optimizer, learning_rate = "node", "adam", 0.001


class NodeAdamDecay(NudgegradPeer):
    """Adam, its learning rate falling to zero over the run, numerical gradients by `node`."""

    name = "node, Adam with decay"
    method, optimizer, learning_rate, scheduled = "node", "adam", 0.002, True


class WeightSGD(NudgegradPeer):
    """The lesson's update, numerical gradients by `weight`."""

    name = "weight, SGD"
    method, optimizer, learning_rate = "weight", "sgd", 0.1


class WeightAdam(NudgegradPeer):
    """Adam, numerical gradients by `weight`."""

    name = "weight, Adam"
    method, optimizer, learning_rate = "weight", "adam", 0.001


PEERS: tuple[type[Peer], ...] = (NodeSGD, NodeAdam, NodeAdamDecay, WeightSGD, WeightAdam)
