"""torchzero: its finite differences, `FDM`, and its simultaneous perturbation, `SPSA`.

As its documentation does it, the approximation is the first module of an optimizer, and the closure
of a step returns the loss of the step's batch.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from benchmarks.peers import Peer, Task
from benchmarks.peers.torch_peer import TorchPeer

__all__ = ["PEERS"]


class TorchzeroPeer(TorchPeer):
    """A `torchzero.Optimizer` of a few modules."""

    library = "torchzero"
    distribution = "torchzero"

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        import torchzero

        self.torchzero = torchzero

    @abstractmethod
    def modules(self) -> list[Any]:
        """Return the optimizer's modules."""

    def reset(self) -> None:
        """Start from new weights."""
        super().reset()
        self.optimizer = self.torchzero.Optimizer(self.model.parameters(), *self.modules())

    def step(self, done: float) -> int:
        """Do one mini-batch."""
        x, t = self.batch()

        def closure(backward: bool = True) -> Any:
            return self.loss_function(self.model(x), t)

        with self.torch.no_grad():
            self.optimizer.step(closure)
        return 1


class FiniteDifferences(TorchzeroPeer):
    """A forward pass for each parameter, and one more; in float32 the nudge must not be small."""

    name = "torchzero FDM, Adam"
    kind = "finite differences"
    batch_size = 50

    def settings(self) -> dict[str, Any]:
        """Return what it is run with."""
        return {
            "modules": "FDM(h=0.01, formula='forward'), Adam(), LR(0.01)",
            "batch_size": self.batch_size,
        }

    def modules(self) -> list[Any]:
        """Return the optimizer's modules."""
        m = self.torchzero.m
        return [m.FDM(h=0.01, formula="forward"), m.Adam(), m.LR(0.01)]


class SimultaneousPerturbation(TorchzeroPeer):
    """Two forward passes along one random direction."""

    name = "torchzero SPSA, Adam"
    kind = "random directions"
    batch_size = 100

    def settings(self) -> dict[str, Any]:
        """Return what it is run with."""
        return {"modules": "SPSA(h=0.001), Adam(), LR(0.001)", "batch_size": self.batch_size}

    def modules(self) -> list[Any]:
        """Return the optimizer's modules."""
        m = self.torchzero.m
        return [m.SPSA(h=0.001), m.Adam(), m.LR(0.001)]


PEERS: tuple[type[Peer], ...] = (FiniteDifferences, SimultaneousPerturbation)
