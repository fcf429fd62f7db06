"""The share of correct predictions, with bounded memory."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.data import as_inputs
from nudgegrad.functions import class_indices
from nudgegrad.network import Network

__all__ = ["measure_accuracy"]

ROWS = 1000  # samples a forward pass


def measure_accuracy(network: Network, x: NDArray[Any], t: NDArray[Any]) -> float:
    """Return the share of samples whose largest output is the correct class.

    Parameters
    ----------
    network
        Any network with NumPy parameters.
    x
        Samples along the first axis, bytes or floats, as in a `nudgegrad.data.Dataset`. They are
        brought into the network's form some at a time.
    t
        Integer labels or one-hot rows.
    """
    hits = 0
    for start in range(0, len(x), ROWS):
        rows = slice(start, start + ROWS)
        output = network.forward(as_inputs(x[rows], network.dtype))
        hits += int(np.sum(output.argmax(axis=1) == class_indices(t[rows], output)))
    return hits / len(x)
