"""The share of correct predictions, with bounded memory."""

from __future__ import annotations

import numpy as np

from nudgegrad.gradient.trace import forward_pass
from nudgegrad.network import Network
from nudgegrad.training.samples import Samples

__all__ = ["measure_accuracy"]


def measure_accuracy(network: Network, samples: Samples, *, kernels: bool = False) -> float:
    """Return the share of samples whose largest output is the correct class.

    Parameters
    ----------
    network
        Any network with NumPy parameters.
    samples
        At least one, with labels or one-hot rows as targets.
    kernels
        Whether to use them, and several threads.
    """

    def hits(rows: slice) -> int:
        output = forward_pass(network.layers, samples.take(rows), {} if kernels else None)[-1]
        return int(np.sum(network.loss_function.hits(output, samples.t[rows])))

    parts = samples.parts()
    if not kernels:
        return sum(map(hits, parts)) / len(samples)
    from nudgegrad.gradient.kernels.threads import in_parallel

    weights = sum(array.size for array in network.params.values())
    return sum(in_parallel(hits, parts, work=len(samples) * weights)) / len(samples)
