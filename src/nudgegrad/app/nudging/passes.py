"""One forward pass, kept, from which those with a nudged weight go on."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from numpy.typing import NDArray

from nudgegrad.app.nudging.entry import Entry
from nudgegrad.gradient import Gradient
from nudgegrad.gradient.trace import Trace, forward_pass, make_trace
from nudgegrad.network import Network

__all__ = ["Passes"]


class Passes:
    """Forward passes of a network on a batch; what comes before a nudged layer is computed once.

    A loss is the very number that `Network.loss` returns: the layers that are left out would give
    the same again.

    Parameters
    ----------
    network
        As it is now; later it may differ in one layer, when `loss` is asked.
    x, t
        The batch.

    Attributes
    ----------
    network, x, t
    trace : Trace
        Of the network as it was when this was made.
    """

    def __init__(self, network: Network, x: NDArray[Any], t: NDArray[Any]) -> None:
        self.network, self.x, self.t = network, x, t
        self.trace: Trace = make_trace(network.layers, network.loss_function, x, t)

    def loss(self, entry: Entry) -> float:
        """Return the loss of the network as it is now, if it differs in an entry's layer alone."""
        k = entry.layer(self.network)
        output = forward_pass(self.network.layers[k:], self.trace.activations[k])[-1]
        return self.network.loss_function.value(output, self.trace.targets)

    @cached_property
    def gradient(self) -> Gradient:
        """By backprop; to be asked for while the network is what it was."""
        return self.network.gradient(self.x, self.t)
