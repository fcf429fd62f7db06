"""The share of correct predictions, with bounded memory."""

from __future__ import annotations

import numpy as np

from nudgegrad.functions import class_indices
from nudgegrad.network import Network
from nudgegrad.training.samples import Samples

__all__ = ["measure_accuracy"]


def measure_accuracy(network: Network, samples: Samples) -> float:
    """Return the share of samples whose largest output is the correct class.

    Parameters
    ----------
    network
        Any network with NumPy parameters.
    samples
        At least one, with labels or one-hot rows as targets.
    """
    hits = 0
    for x, t in samples.in_parts():
        output = network.forward(x)
        hits += int(np.sum(output.argmax(axis=1) == class_indices(t, output)))
    return hits / len(samples)
