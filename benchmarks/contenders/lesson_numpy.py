"""The lesson's NumPy backpropagation in float64."""

from __future__ import annotations

from benchmarks.contenders.task import BATCH_SIZE, LEARNING_RATE, SHALLOW, Task
from benchmarks.lesson import LessonNet, step
from benchmarks.paired import Contender, thread_suffix
from benchmarks.threads import BlasThreads

__all__ = ["contenders"]


def contenders(task: Task) -> list[Contender]:
    """Return it on one and on all BLAS threads."""
    return [_contender(task, threads) for threads in BlasThreads().choices]


def _contender(task: Task, threads: int | None) -> Contender:
    network = LessonNet(dict(task.network(SHALLOW, "float64").params))

    def run(steps: int) -> None:
        for _ in range(steps):
            step(network, task.x64, task.one_hot64, BATCH_SIZE, LEARNING_RATE)

    return Contender(
        f"lesson's NumPy backprop{thread_suffix(threads)}",
        run,
        task.steps,
        threads=threads,
        blas_threads=threads,
        weights=lambda: list(network.params.values()),
        note="float64 images",
    )
