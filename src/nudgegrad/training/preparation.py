"""What happens before the first step: kernels are compiled, threads and products chosen."""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Iterator

import numpy as np

from nudgegrad.layers import Conv2D
from nudgegrad.training.feed import Batch
from nudgegrad.training.samples import Samples
from nudgegrad.training.update import Training, is_fused, update
from nudgegrad.validation import ParameterError

__all__ = ["compile_kernels", "describe", "gather_ahead", "limited_threads"]

SOME = 8  # samples of a trial step

SMALL_PRODUCT = 2**24
"""Multiplications in a matrix product below which BLAS gets one thread.

100 × 784 times 784 × 100 (2^23) gains a fifth from a second thread where nothing else runs, and
takes a hundred times as long where something does, because the threads wait for each other in a
busy loop.
"""


def compile_kernels(trainer: Training) -> None:
    """Do a small step on copies, so that all it needs is compiled or read from the disk."""
    if not trainer.kernels:
        return
    twin = copy.copy(trainer)
    twin.network = trainer.network.copy()
    twin.optimizer = copy.deepcopy(trainer.optimizer)
    with contextlib.suppress(ParameterError):  # for the first real step to tell
        rows = np.arange(min(trainer.batch_size, SOME))
        update(twin, Batch(rows, trainer.train_samples.take(rows)))


def gather_ahead(samples: Samples) -> bool:
    """Tell whether to gather batches in another thread: if that is work, and a core is there."""
    if not samples.sparse:
        return False
    from nudgegrad.gradient.kernels.threads import available_threads

    return available_threads() > 1


@contextlib.contextmanager
def limited_threads(trainer: Training) -> Iterator[None]:
    """While the block runs, give BLAS as many threads as suit the trainer's products."""
    if not ((trainer.kernels or trainer.method == "naive") and _one_blas_thread(trainer)):
        yield
        return
    from nudgegrad.gradient.kernels.threads import one_blas_thread

    with one_blas_thread():
        yield


def describe(trainer: Training) -> str:
    """Return in a line what steps are computed with, and why."""
    if not trainer.kernels:
        if trainer.method != "naive":
            return "array lines of NumPy"
        one = "; BLAS 1 thread, as its products are small" if _one_blas_thread(trainer) else ""
        return f"array lines of NumPy, as naive recomputes everything{one}"
    from nudgegrad.gradient.kernels.threads import WORTH_THREADS, available_threads

    samples = trainer.train_samples
    parts = [f"kernels: Numba, {trainer.network.dtype}"]
    if is_fused(trainer):
        parts.append("gradient and update fused")
    if samples.sparse:
        parts.append(f"zeros skipped, {1 - samples.share:.0%} of the inputs")
    cores, changes = available_threads(), _changes(trainer)
    if cores > 1 and changes >= WORTH_THREADS:
        parts.append(f"{cores} threads for {changes / 1e6:,.0f} million changes a step")
    elif cores > 1:
        ahead = ", one more gathers batches" if gather_ahead(samples) else ""
        parts.append(f"1 thread, as a step is too short to wake another{ahead}")
    if _one_blas_thread(trainer):
        few = any(type(layer) is Conv2D for layer in trainer.network.layers)
        parts.append(f"BLAS 1 thread{' each' if few else ', as its products are small'}")
    return "; ".join(parts)


def _changes(trainer: Training) -> int:
    """Return how many changes the largest layer computes, as the kernels count them."""
    layers = [layer for layer in trainer.network.layers if layer.params]
    widths = [layer.output_size or 0 for layer in layers]
    pictures = [type(layer) is Conv2D for layer in layers]
    most = 0
    for k, width in enumerate(widths):
        nodes = 2 * trainer.batch_size * width
        if trainer.method == "weight":
            inputs = trainer.network.layers[0].input_size or 0
            stored = trainer.train_samples.share * inputs if k == 0 else widths[k - 1]
            most = max(most, int(nodes * stored))
        elif trainer.method == "node" and k < len(widths) - 2:
            most = max(most, nodes * sum(widths[k + pictures[k] :]))
    return most


def _one_blas_thread(trainer: Training) -> bool:
    layers = trainer.network.layers
    if trainer.method == "node" and any(type(layer) is Conv2D for layer in layers):
        return True  # its kernels have threads of their own, each with its products
    sizes = [layer.params["W"].shape for layer in layers if "W" in layer.params]
    return all(trainer.batch_size * math.prod(size) < SMALL_PRODUCT for size in sizes)
