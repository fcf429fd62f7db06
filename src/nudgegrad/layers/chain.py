"""Layers one after another: whether they fit, and the names of their arrays."""

from __future__ import annotations

from typing import Any

from nudgegrad.layers.layer import Layer, Shape
from nudgegrad.validation import ParameterError

__all__ = ["connect_layers", "named_buffers", "named_parameters"]


def named_parameters(layers: list[Layer]) -> dict[str, tuple[Layer, str]]:
    """Return name → (layer, its own name for it): W1, b1, W2, b2, …

    The k-th layer that has a ``W`` gives ``Wk``, whatever stands between.
    """
    return _numbered([(layer, own) for layer in layers for own in layer.params])


def named_buffers(layers: list[Layer]) -> dict[str, tuple[Layer, str]]:
    """Return name → (layer, its own name for it) of what layers keep beside parameters."""
    return _numbered([(layer, own) for layer in layers for own in layer.buffers])


def _numbered(arrays: list[tuple[Layer, str]]) -> dict[str, tuple[Layer, str]]:
    names: dict[str, tuple[Layer, str]] = {}
    for layer, own in arrays:
        k = 1
        while f"{own}{k}" in names:
            k += 1
        names[f"{own}{k}"] = (layer, own)
    return names


def connect_layers(layers: list[Any], shape: Shape | None) -> None:
    """Tell every layer the shape of what comes in, or raise unless they are a chain that fits."""
    if not layers:
        raise ParameterError("layers must hold at least one layer, got an empty list")
    for number, layer in enumerate(layers, 1):
        if isinstance(layer, type) and issubclass(layer, Layer):
            raise ParameterError(
                f"layer {number} must be a nudgegrad.Layer, got the class {layer.__name__}; make "
                f"one of it: {layer.__name__}(…)"
            )
        if not isinstance(layer, Layer):
            raise ParameterError(
                f"layer {number} must be a nudgegrad.Layer, got {type(layer).__name__}; derive a "
                "class from nudgegrad.Layer and define forward(x)"
            )
        if any(layer is other for other in layers[: number - 1]):
            raise ParameterError(
                f"layer {number} must not be the same object as an earlier one; make another "
                f"{layer!r}"
            )
        if layer.in_network:
            raise ParameterError(
                f"layer {number}, {layer!r}, must not be another network's, whose weights would be "
                "drawn anew; make a new one, and copy weights by net.params['W1'] = "
                "other.params['W1']"
            )
        if layer.elementwise and layer.mixes_samples:
            raise ParameterError(
                f"layer {number}, {layer!r}, must not be both elementwise and mixes_samples: each "
                "output of an elementwise layer depends on one input alone"
            )
        try:
            shape = layer.connect(shape)
        except ParameterError as error:
            raise ParameterError(f"layer {number}, {layer!r}, {error}") from None
