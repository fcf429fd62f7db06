"""How long `naive` would take: measured on some of the weights, and said to be an estimate."""

from __future__ import annotations

import time

import numpy as np

from nudgegrad.arrays import Array
from nudgegrad.gradient import Gradient
from nudgegrad.network import Network

__all__ = ["time_naive"]


def time_naive(
    network: Network, x: Array, t: Array, *, sample: int, h: float = 1e-4
) -> tuple[Gradient, float]:
    """Take `naive` differences of some weights, and estimate the seconds of all.

    Each weight costs two forward passes of the same batch, whichever it is. So the median time of
    one, which a short disturbance of the machine does not move, is scaled to all weights.

    Parameters
    ----------
    network
        Its parameters are nudged and restored to the bit.
    x, t
        A batch.
    sample
        About how many weights, spread over all parameters.
    h
        The nudge.

    Returns
    -------
    gradient, seconds
        The gradient of the sampled weights, NaN elsewhere, and the estimate.
    """
    moments = [time.perf_counter()]
    with np.errstate(all="ignore"):  # an overflow is the training's to tell
        gradient = network.gradient(
            x,
            t,
            method="naive",
            h=h,
            sample=sample,
            progress=lambda *_: moments.append(time.perf_counter()),
        )
    weights: int = sum(array.size for array in network.params.values())
    return gradient, float(np.median(np.diff(moments))) * weights
