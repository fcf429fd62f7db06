"""The floor: what a step cannot do without, if zeros count like any other number.

Gather the batch's bytes, make them floats, and take the two large matrix products, x·W and xᵀ·D.
No forward pass of the second layer, no differences, no update.
"""

from __future__ import annotations

import numpy as np

from benchmarks.contenders.task import BATCH_SIZE, SHALLOW, Task
from benchmarks.paired import Contender, thread_suffix
from benchmarks.threads import BlasThreads

__all__ = ["contenders"]


def contenders(task: Task) -> list[Contender]:
    """Return it in both dtypes, on one and on all BLAS threads."""
    return [
        _contender(task, dtype, threads)
        for dtype in ("float32", "float64")
        for threads in BlasThreads().choices
    ]


def _contender(task: Task, dtype: str, threads: int | None) -> Contender:
    images = task.dataset.x_train.reshape(len(task.dataset.x_train), -1)
    weights = task.start(SHALLOW, dtype)[0]
    rng = np.random.default_rng(task.seed)
    units = weights.shape[1]
    slopes = rng.normal(size=(BATCH_SIZE, units)).astype(dtype)
    batch = np.empty((BATCH_SIZE, images.shape[1]), np.uint8)
    x = np.empty(batch.shape, dtype)
    sums = np.empty((BATCH_SIZE, units), dtype)
    gradient = np.empty_like(weights)
    white = np.dtype(dtype).type(255)

    def run(steps: int) -> None:
        for rows in rng.integers(0, len(images), (steps, BATCH_SIZE)):
            np.take(images, rows, axis=0, out=batch, mode="clip")
            np.divide(batch, white, out=x, dtype=dtype)
            np.matmul(x, weights, out=sums)
            np.matmul(x.T, slopes, out=gradient)

    return Contender(
        f"floor {dtype}{thread_suffix(threads)}",
        run,
        task.steps,
        threads=threads,
        blas_threads=threads,
        note="gather, bytes to floats, x·W and xᵀ·D",
    )
