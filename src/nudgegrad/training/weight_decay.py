"""Weight decay: ½·λ·ΣW² added to the loss, so that weights stay small.

Biases are left alone, as is all that its layer does not call ``W``. The central difference of
½·λ·w² is λ·w for any nudge, ((w+h)² − (w−h)²)·λ/4h, so no method has to nudge anything for it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.gradient import Gradient
from nudgegrad.layers import named_parameters
from nudgegrad.network import Network

__all__ = ["add_decay", "penalty"]


def penalty(network: Network, weight_decay: float) -> float:
    """Return ½·λ·ΣW² over a network's weights."""
    squares = sum(float(np.vdot(weights, weights)) for weights in _weights(network).values())
    return 0.5 * weight_decay * squares


def add_decay(network: Network, gradient: Gradient, weight_decay: float) -> None:
    """Add λ·W to the gradient of each W, and the penalty to its loss."""
    for name, weights in _weights(network).items():
        gradient[name] = gradient[name] + weight_decay * weights
    gradient.loss += penalty(network, weight_decay)


def _weights(network: Network) -> dict[str, NDArray[Any]]:
    names = named_parameters(network.layers)
    return {name: layer.params["W"] for name, (layer, own) in names.items() if own == "W"}
