"""PolyStep: set up as in the library's example on MNIST, the same network.

Its schedules count steps there; here they follow the clock, so that they end with the run.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from benchmarks.peers import Peer, Task
from benchmarks.peers.torch_peer import TorchPeer

__all__ = ["PEERS"]


class Cosine:
    """From one value to another along half a cosine, as `polystep.CosineEpsilon`.

    Attributes
    ----------
    done : float
        The share of the run that is over.
    """

    def __init__(self, first: float, last: float) -> None:
        self.first, self.last, self.done = first, last, 0.0

    def at(self, iteration: int | None = None) -> float:
        """Return the value now."""
        share = 0.5 * (1 + math.cos(math.pi * min(1.0, self.done)))
        return self.last + (self.first - self.last) * share


class PolyStepPeer(TorchPeer):
    """`PolyStepOptimizer` with softmax weights in a `HybridSubspace`.

    One step in five evaluates candidates; those between go on by momentum. The example's batches of
    512 are for a GPU; smaller ones reach more in the time of a benchmark.
    """

    name = "PolyStep"
    library = "polystep"
    distribution = "polystep"
    kind = "optimal transport"
    scheduled = True
    standardize = True
    batch_size = 64
    rank: ClassVar[int] = 8
    amortize: ClassVar[int] = 5
    schedules: ClassVar[dict[str, tuple[float, float]]] = {
        "epsilon": (10.0, 0.5),
        "step_radius": (5.0, 1.0),
        "probe_radius": (10.0, 2.0),
    }

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        import polystep

        self.polystep = polystep

    def settings(self) -> dict[str, Any]:
        """Return what it is run with."""
        return {
            "subspace": f"HybridSubspace(rank={self.rank})",
            "solver": "softmax",
            **{name: list(ends) for name, ends in self.schedules.items()},
            "decay": "cosine",
            "amortize_steps": self.amortize,
            "amortize_ema": 0.7,
            "batch_size": self.batch_size,
        }

    def reset(self) -> None:
        """Start from new weights."""
        super().reset()
        layout = self.polystep.ParamLayout.from_module(self.model)
        subspace = self.polystep.HybridSubspace.from_layout(
            layout, rank=self.rank, rotation_interval=0, absorb_interval=0
        )
        self.cosines = {name: Cosine(*ends) for name, ends in self.schedules.items()}
        schedules: dict[str, Any] = {**self.cosines}
        self.optimizer = self.polystep.PolyStepOptimizer(
            self.model,
            seed=self.task.seed,
            subspace=subspace,
            solver="softmax",
            num_probe=1,
            amortize_steps=self.amortize,
            amortize_ema=0.7,
            compile=False,
            **schedules,
        )

    def step(self, done: float) -> int:
        """Do one mini-batch."""
        for cosine in self.cosines.values():
            cosine.done = done
        x, t = self.batch()
        self.optimizer.step_batch(x, t, loss_fn=self.loss_function)
        return 1


PEERS: tuple[type[Peer], ...] = (PolyStepPeer,)
