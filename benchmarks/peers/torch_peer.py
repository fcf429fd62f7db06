"""PyTorch: backpropagation, the reference; and what the peers built on PyTorch share."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from benchmarks.peers import Peer, Task, batches

__all__ = ["PEERS", "TorchPeer"]


class TorchPeer(Peer):
    """A ``torch.nn.Sequential`` of the task's network, and its batches.

    Its starting weights are PyTorch's own.
    """

    library = "torch"
    distribution = "torch"
    batch_size: ClassVar[int]
    standardize: ClassVar[bool] = False

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        import torch

        self.torch = torch
        self.threads = tuple(sorted({1, torch.get_num_threads()}))
        self.x_train, self.x_test = (
            torch.from_numpy(np.array(task.inputs(part, standardize=self.standardize)))
            for part in ("train", "test")
        )
        self.t_train, self.t_test = (
            torch.from_numpy(task.labels(part)) for part in ("train", "test")
        )
        self.loss_function = torch.nn.CrossEntropyLoss()

    def set_threads(self, threads: int) -> None:
        """Use so many threads in one operation."""
        self.torch.set_num_threads(threads)

    def reset(self) -> None:
        """Start from new weights."""
        nn = self.torch.nn
        self.torch.manual_seed(self.task.seed)
        self.model = nn.Sequential(
            nn.Linear(self.task.data.features, self.task.hidden),
            nn.ReLU(),
            nn.Linear(self.task.hidden, self.task.data.classes),
        )
        rng = np.random.default_rng(self.task.seed)
        self.rows = batches(rng, len(self.x_train), self.batch_size)

    def batch(self) -> tuple[Any, Any]:
        """Return the next inputs and labels."""
        rows = self.torch.from_numpy(next(self.rows))
        return self.x_train[rows], self.t_train[rows]

    def accuracy(self) -> float:
        """Return the test accuracy."""
        with self.torch.no_grad():
            hits = self.model(self.x_test).argmax(dim=1) == self.t_test
        return float(hits.double().mean())


class TorchAdam(TorchPeer):
    """Eager backpropagation and `torch.optim.Adam`, at its own learning rate."""

    name = "PyTorch backprop, Adam"
    kind = "backprop"
    batch_size = 100

    def settings(self) -> dict[str, Any]:
        """Return what it is run with."""
        return {"optimizer": "Adam", "learning_rate": 0.001, "batch_size": self.batch_size}

    def reset(self) -> None:
        """Start from new weights."""
        super().reset()
        self.optimizer = self.torch.optim.Adam(self.model.parameters())

    def step(self, done: float) -> int:
        """Do one mini-batch."""
        x, t = self.batch()
        self.optimizer.zero_grad()
        self.loss_function(self.model(x), t).backward()
        self.optimizer.step()
        return 1


PEERS: tuple[type[Peer], ...] = (TorchAdam,)
