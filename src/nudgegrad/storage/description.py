"""A network's layers and loss as a JSON document, and made anew from one that is not trusted."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from nudgegrad.layers import (
    GELU,
    Affine,
    BatchNorm,
    Conv2D,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Shape,
    Sigmoid,
    Tanh,
)
from nudgegrad.losses import BinaryCrossEntropy, CrossEntropy, Loss, MeanSquaredError
from nudgegrad.validation import ParameterError

__all__ = ["LARGEST", "describe", "describe_layers", "make", "make_layers"]

LARGEST = 2**27
"""Cells of the windows that all poolings together may have in a file that is not trusted."""


class _Kind(NamedTuple):
    """A class whose objects can be described.

    Attributes
    ----------
    kind : type
    arguments : tuple of str
        Of its constructor; attributes of the same names hold them.
    entries
        Takes a layer, and returns how many numbers its parameters and buffers hold.
    """

    kind: type[Any]
    arguments: tuple[str, ...] = ()
    entries: Callable[[Any], int] = lambda _: 0


def _of_convolution(layer: Conv2D) -> int:
    return layer.out_channels * (layer.in_channels * math.prod(layer.kernel_size) + 1)


SIZES = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "weight_init_std")
LAYERS = (
    _Kind(
        Affine, ("input_size", "output_size", "weight_init_std"),
        lambda layer: (layer.input_size + 1) * layer.output_size,
    ),
    _Kind(Conv2D, SIZES, _of_convolution),
    _Kind(MaxPool2D, ("kernel_size", "stride")),
    _Kind(Flatten),
    _Kind(Dropout, ("p", "seed"), lambda _: 1),
    _Kind(BatchNorm, ("size", "momentum", "epsilon"), lambda layer: 4 * layer.size),
    _Kind(ReLU), _Kind(LeakyReLU, ("negative_slope",)), _Kind(GELU), _Kind(Sigmoid), _Kind(Tanh),
)  # fmt: skip
LOSSES = (
    _Kind(CrossEntropy, ("epsilon", "label_smoothing")),
    _Kind(BinaryCrossEntropy),
    _Kind(MeanSquaredError),
)

KINDS: dict[Any, _Kind] = {kind.kind: kind for kind in (*LAYERS, *LOSSES)}
LAYERS_BY_NAME = {kind.kind.__name__: kind for kind in LAYERS}
LOSSES_BY_NAME = {kind.kind.__name__: kind for kind in LOSSES}


def describe(part: Layer | Loss, called: str) -> dict[str, Any]:
    """Return the class of a layer or loss, and its constructor's arguments.

    Raises
    ------
    ParameterError
        If it is not the library's own. The message calls it `called`.
    """
    kind = KINDS.get(type(part))
    if kind is None:
        raise ParameterError(
            f"{called} must be one of the library's own to be described in a file, got {part!r}; "
            "write network.save_parameters(path), and later build the network in Python and read "
            "network.load_parameters(path)"
        )
    return {"class": kind.kind.__name__, **{name: getattr(part, name) for name in kind.arguments}}


def describe_layers(layers: Sequence[Layer]) -> list[dict[str, Any]]:
    """Return the description of each layer."""
    return [describe(layer, f"layer {number}") for number, layer in enumerate(layers, 1)]


def make(description: Any, called: str, *, loss: bool = False) -> Any:
    """Return the layer, or the loss, that a description is of; a layer without its arrays.

    Raises
    ------
    ParameterError
        If it is no description that `describe` gives.
    """
    kinds = LOSSES_BY_NAME if loss else LAYERS_BY_NAME
    name = description.get("class") if isinstance(description, dict) else None
    kind = kinds.get(name) if isinstance(name, str) else None
    if kind is None:
        raise ParameterError(f"{called} must be one of {', '.join(kinds)}, got {name!r}")
    arguments = {key: value for key, value in description.items() if key != "class"}
    if set(arguments) != set(kind.arguments):
        raise ParameterError(
            f"{called}, {name}, must have {', '.join(kind.arguments) or 'no arguments'}, got "
            f"{', '.join(map(repr, arguments)) or 'none'}"
        )
    try:
        return kind.kind(**arguments)
    except ParameterError as error:
        raise ParameterError(f"{called}, {name}: {error}") from None


def make_layers(descriptions: Any, input_shape: Shape | None) -> tuple[list[Layer], int]:
    """Return layers, connected but without arrays, and how many numbers their arrays will hold.

    Nothing large is allocated: what a pooling notes for each cell is limited to `LARGEST`, and
    arrays come later, if the file has as many numbers.
    """
    if not isinstance(descriptions, list):
        raise ParameterError(f"layers must be a list, got {type(descriptions).__name__}")
    layers: list[Layer] = []
    shape, cells, entries = input_shape, 0, 0
    for number, description in enumerate(descriptions, 1):
        layer = make(description, f"layer {number}")
        if isinstance(layer, MaxPool2D) and shape is not None:
            cells += math.prod(shape) * math.prod(layer.kernel_size)
            if cells > LARGEST:
                raise ParameterError(
                    f"layer {number}, {layer!r}, of samples of {shape} is too large: poolings "
                    f"must have at most {LARGEST} cells in all their windows, got {cells}"
                )
        try:
            shape = layer.connect(shape)
        except ParameterError as error:
            raise ParameterError(f"layer {number}, {layer!r}, {error}") from None
        entries += KINDS[type(layer)].entries(layer)
        layers.append(layer)
    return layers, entries
