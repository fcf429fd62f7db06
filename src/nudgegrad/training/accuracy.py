"""The share of correct predictions, and the mean loss, with bounded memory."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.gradient.trace import forward_pass
from nudgegrad.monitor import Monitor
from nudgegrad.network import Network
from nudgegrad.parts import width_of
from nudgegrad.training.samples import Samples

__all__ = ["measure_accuracy", "measure_loss"]


def measure_accuracy(
    network: Network, samples: Samples, *, kernels: bool = False, monitor: Monitor | None = None
) -> float:
    """Return the share of samples whose largest output is the correct class.

    Parameters
    ----------
    network
        Any network with NumPy parameters.
    samples
        At least one, with labels or one-hot rows as targets.
    kernels
        Whether to use them, and several threads.
    monitor
        Told of samples, some at a time.

    Raises
    ------
    Cancelled
        If the monitor said so.
    """

    def hits(output: NDArray[Any], rows: slice) -> int:
        return int(np.sum(network.loss_function.hits(output, samples.t[rows])))

    return _mean(network, samples, hits, kernels, monitor)


def measure_loss(
    network: Network, samples: Samples, *, kernels: bool = False, monitor: Monitor | None = None
) -> float:
    """Return the mean of the samples' errors; parameters are as for `measure_accuracy`.

    The samples' ``targets`` must be in the loss's form, as `check_targets` brings them.
    """

    def errors(output: NDArray[Any], rows: slice) -> float:
        each = network.loss_function.samples(output, samples.targets[rows])
        return float(np.sum(each, dtype=np.float64))

    return _mean(network, samples, errors, kernels, monitor)


def _mean(
    network: Network, samples: Samples, total: Callable[[NDArray[Any], slice], float],
    kernels: bool, monitor: Monitor | None,
) -> float:  # fmt: skip
    """Return the mean over all samples of what `total` adds up over some."""

    def part(rows: slice) -> float:
        output = forward_pass(network.layers, samples.take(rows), {} if kernels else None)[-1]
        return total(output, rows)

    parts = samples.parts(width_of(network.layers))
    results: Generator[float, None, None] = (part(rows) for rows in parts)
    if kernels:
        from nudgegrad.gradient.kernels.threads import in_parallel

        weights = sum(array.size for array in network.params.values())
        results = in_parallel(part, parts, work=len(samples) * weights)
    summed = 0.0
    with contextlib.closing(results):  # a monitor may leave in the middle
        for rows, result in zip(parts, results, strict=True):
            summed += result
            if monitor is not None:
                monitor.advance(rows.stop - rows.start)
    return summed / len(samples)
