"""How long `naive` would take: measured on some of the weights, and said to be an estimate."""

from __future__ import annotations

import time

import numpy as np

from nudgegrad.arrays import Array
from nudgegrad.network import Network

__all__ = ["estimate_naive_seconds"]


def estimate_naive_seconds(
    network: Network, x: Array, t: Array, *, sample: int, h: float = 1e-4
) -> float:
    """Return the estimated seconds of one whole `naive` gradient of a batch.

    The differences of about `sample` weights, spread over all parameters, are timed and scaled to
    all weights: each costs two forward passes of the same batch, whichever weight it is.

    Parameters
    ----------
    network
        Its parameters are nudged and restored to the bit.
    x, t
        A batch.
    sample
        How many weights to time.
    h
        The nudge.
    """
    started = time.perf_counter()
    gradient = network.gradient(x, t, method="naive", h=h, sample=sample)
    seconds = time.perf_counter() - started
    weights: int = sum(array.size for array in network.params.values())
    timed: int = sum(int(np.sum(mask)) for mask in (gradient.sampled or {}).values())
    return seconds * weights / timed
