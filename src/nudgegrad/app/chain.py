"""A network as a chain from the inputs to the loss, with what a step of the lesson touches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from nudgegrad.layers import named_parameters
from nudgegrad.losses import CrossEntropy
from nudgegrad.network import Network

__all__ = ["Link", "chain", "touched"]


@dataclass(frozen=True)
class Link:
    """One link of the chain.

    Attributes
    ----------
    name
    shapes : tuple of (name, shape)
        Of its parameters, or of what comes in, as text.
    kind
        ``"inputs"``, ``"layer"``, ``"output"`` or ``"loss"``.
    """

    name: str
    shapes: tuple[tuple[str, str], ...]
    kind: str


def chain(network: Network, x: NDArray[Any], t: NDArray[Any]) -> list[Link]:
    """Return the links that a batch passes."""
    names = named_parameters(network.layers)
    links = [Link("x", (("", _shape(x)),), "inputs")]
    for layer in network.layers:
        own = [name for name, (owner, _) in names.items() if owner is layer]
        shapes = tuple((name, _shape(network.params[name])) for name in own)
        links.append(Link(type(layer).__name__, shapes, "layer"))
    if isinstance(network.loss_function, CrossEntropy):
        links.append(Link("Softmax", (), "output"))
    links.append(Link("L", (("t", _shape(t)),), "loss"))
    return links


def touched(link: Link, step: int, parameter: str) -> bool:
    """Tell whether a step, by its number, is about a link when this parameter is followed."""
    has_parameter = parameter in dict(link.shapes)
    match step:
        case 0 | 9 | 10:  # the whole network
            return True
        case 1:
            return has_parameter or link.kind == "loss"
        case 2 | 6 | 7:  # the one value
            return has_parameter
        case 3 | 5:
            return link.kind == "loss"
        case 4:  # forward
            return link.kind != "loss"
        case _:  # 8, the update
            return link.kind == "layer" and bool(link.shapes)


def _shape(array: NDArray[Any]) -> str:
    return " × ".join(map(str, array.shape))
