"""PyTorch's plainest networks as a `nudgegrad.Network`.

A module is converted only if its structure and its loss are known, and only if the network then
gives the same numbers. Anything else is no error: there are other ways.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from nudgegrad.layers import Affine, Layer, ReLU, Sigmoid, Tanh
from nudgegrad.losses import CrossEntropy, Loss, MeanSquaredError
from nudgegrad.network import Network

__all__ = ["agree", "linear_names", "recognise_loss", "to_network"]

Array = NDArray[Any]
Tensor = Any

ACTIVATIONS: dict[Any, type[Layer]] = {nn.Sigmoid: Sigmoid, nn.Tanh: Tanh, nn.ReLU: ReLU}

DTYPES = {torch.float32: "float32", torch.float64: "float64"}

MEAN = 1
"""How autograd's nodes write the reduction ``"mean"``."""

ROUNDINGS = 256
"""Roundings that a converted network may differ by."""


def to_network(module: Any) -> Network | None:
    """Return a Sequential of Linear, Sigmoid, Tanh and ReLU as a network with copied weights.

    Sequentials within it are opened up. Identity, Dropout in eval mode and ``Flatten(1)`` do
    nothing to rows of features, and are left out.

    Returns
    -------
    Network or None
        With `CrossEntropy` as its loss. None if the module is something else.
    """
    parts = _plain_layers(module)
    if parts is None:
        return None
    linear = [layer for _, layer in parts if type(layer) is nn.Linear]
    weights = [tensor for layer in linear for tensor in layer.parameters()]
    dtypes = {tensor.dtype for tensor in weights}
    if len(dtypes) != 1 or len({id(w) for w in weights}) != len(weights):  # none, mixed or tied
        return None
    dtype = DTYPES.get(dtypes.pop())
    layers = [_converted(layer) for _, layer in parts if type(layer) is not nn.Flatten]
    if dtype is None:
        return None
    try:
        network = Network(layers, dtype=dtype, seed=0)
    except ValueError:  # sizes that do not fit
        return None
    for k, layer in enumerate(linear, 1):
        network.params[f"W{k}"] = _array(layer.weight).T
        if layer.bias is not None:  # zeros, as they start
            network.params[f"b{k}"] = _array(layer.bias)
    return network


def linear_names(module: Any) -> list[str]:
    """Return the prefixes of the names of a convertible module's k-th Linear's parameters."""
    parts = _plain_layers(module) or []
    return [prefix for prefix, layer in parts if type(layer) is nn.Linear]


def flattens_first(module: Any) -> bool:
    """Tell whether a convertible module makes rows of inputs of any shape before a Linear."""
    kinds = [type(layer) for _, layer in _plain_layers(module) or []]
    return nn.Flatten in kinds and kinds.index(nn.Flatten) < kinds.index(nn.Linear)


def recognise_loss(loss_fn: Callable[[Any], Any], output: Tensor) -> tuple[Loss, Array] | None:
    """Return a loss and its targets, if it is the mean of cross-entropy or square error.

    Parameters
    ----------
    loss_fn
        Takes the output.
    output : (samples, outputs) tensor
        Where it is looked at: in the graph that autograd records of it, then at a few outputs
        beside it, where it must give the same.

    Returns
    -------
    (Loss, targets array) or None
    """
    try:
        with torch.enable_grad():
            leaf = output.detach().clone().requires_grad_()
            loss = loss_fn(leaf)
            found = _cross_entropy(loss.grad_fn, leaf) or _square_error(loss.grad_fn, leaf)
        if found is None:
            return None
        ours, targets = found
        generator = torch.Generator().manual_seed(0)
        for _ in range(3):
            move = torch.randn(output.shape, generator=generator, dtype=torch.float64)
            beside = (output.detach().cpu() + move).to(output)
            y = _array(beside)
            with torch.no_grad():
                given = float(loss_fn(beside))
            if not agree(ours.value(y, ours.targets(y, targets)), given, y):
                return None
        return found
    except Exception:  # whatever a loss does that these two do not
        return None


def agree(ours: float, given: float, output: Array) -> bool:
    """Tell whether two losses of one output are equal but for rounding."""
    eps = float(np.finfo(output.dtype).eps)
    size = float(np.abs(output).max())
    return bool(
        abs(ours - given) <= ROUNDINGS * eps * (abs(given) + size * (1 + abs(given) ** 0.5))
    )


def _plain_layers(module: Any, prefix: str = "") -> list[tuple[str, Any]] | None:
    """Return the layers one after another, each with the prefix of its name, if all are known."""
    if getattr(module, "_forward_hooks", None) or getattr(module, "_forward_pre_hooks", None):
        return None
    kind = type(module)
    if kind is nn.Sequential:
        parts: list[tuple[str, Any]] = []
        # Not named_children(), which leaves out what comes a second time.
        for name, child in module._modules.items():
            below = _plain_layers(child, f"{prefix}{name}.")
            if below is None:
                return None
            parts += below
        return parts
    if kind is nn.Identity or (kind is nn.Dropout and (not module.training or module.p == 0)):
        return []
    if kind is nn.Flatten and (module.start_dim, module.end_dim) == (1, -1):
        return [(prefix, module)]
    if kind is nn.Linear and set(module._parameters) == {"weight", "bias"}:
        return [(prefix, module)]
    return [(prefix, module)] if kind in ACTIVATIONS else None


def _converted(layer: Any) -> Layer:
    if type(layer) is nn.Linear:
        return Affine(layer.in_features, layer.out_features)
    return ACTIVATIONS[type(layer)]()


def _cross_entropy(node: Any, leaf: Tensor) -> tuple[Loss, Array] | None:
    if type(node).__name__ != "NllLossBackward0" or leaf.ndim != 2:
        return None
    softmax = node.next_functions[0][0]
    targets = node._saved_target
    known = (
        type(softmax).__name__ == "LogSoftmaxBackward0"
        and _is(softmax, leaf)
        and softmax._saved_dim in (1, 2**64 - 1)
        and node._saved_reduction == MEAN
        and node._saved_weight is None
        and targets.ndim == 1
        and not bool((targets == node._saved_ignore_index).any())
    )
    return (CrossEntropy(epsilon=0), _array(targets)) if known else None


def _square_error(node: Any, leaf: Tensor) -> tuple[Loss, Array] | None:
    if type(node).__name__ != "MseLossBackward0" or leaf.ndim != 2:
        return None
    if node._saved_reduction != MEAN:
        return None
    own = [
        function is not None and _leads_to(function, leaf) for function, _ in node.next_functions
    ]
    if own[0] == (len(own) > 1 and own[1]):  # neither argument is the output, or both are
        return None
    targets = node._saved_target if own[0] else node._saved_self
    # torch's mean is over all entries; ours is over outputs, then samples: the same for equal rows.
    same = tuple(targets.shape) == tuple(leaf.shape) and targets.dtype == leaf.dtype
    return (MeanSquaredError(), _array(targets)) if same else None


def _is(node: Any, leaf: Tensor) -> bool:
    """Tell whether a node's only argument is the leaf itself."""
    return len(node.next_functions) == 1 and _leads_to(node.next_functions[0][0], leaf)


def _leads_to(function: Any, leaf: Tensor) -> bool:
    return getattr(function, "variable", None) is leaf


def _array(tensor: Tensor) -> Array:
    return np.array(tensor.detach().cpu().numpy())
