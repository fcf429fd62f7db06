"""nudgegrad, through `Trainer.step`, as a user has it."""

from __future__ import annotations

from benchmarks.contenders.task import BATCH_SIZE, DEEP, LEARNING_RATE, SHALLOW, Task
from benchmarks.paired import Contender
from nudgegrad import Trainer

__all__ = ["contenders"]


def contenders(task: Task) -> list[Contender]:
    """Return `node` and `backprop` in both dtypes, and `node` on the deep network."""
    return [
        _contender(task, SHALLOW, "node", "float32"),
        _contender(task, SHALLOW, "node", "float64"),
        _contender(task, SHALLOW, "backprop", "float32"),
        _contender(task, SHALLOW, "backprop", "float64"),
        _contender(task, DEEP, "node", "float32"),
    ]


def _contender(task: Task, network: str, method: str, dtype: str) -> Contender:
    trainer = Trainer(
        task.network(network, dtype), task.dataset, method=method, batch_size=BATCH_SIZE,
        learning_rate=LEARNING_RATE, seed=task.seed,
    )  # fmt: skip

    def run(steps: int) -> None:
        for _ in range(steps):
            trainer.step()

    deep = network == DEEP
    return Contender(
        f"{method} {dtype}{' deep' if deep else ''}",
        run,
        task.deep_steps if deep else task.steps,
        weights=lambda: list(trainer.network.params.values()),
        note="Trainer.step(): images as bytes, threads as it chooses",
    )
