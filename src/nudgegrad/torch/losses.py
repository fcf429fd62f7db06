"""PyTorch's losses as the library's: told by a module, or recognised by what autograd records."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from nudgegrad.losses import BinaryCrossEntropy, CrossEntropy, Loss, MeanSquaredError
from nudgegrad.validation import ParameterError

__all__ = ["agree", "recognise_loss", "to_loss"]

Array = NDArray[Any]
Tensor = Any

MEAN = 1
"""How autograd's nodes write the reduction ``"mean"``."""

ROUNDINGS = 256
"""Roundings that a converted network may differ by."""


def to_loss(loss: Any) -> Loss | None:
    """Return the library's own loss for PyTorch's loss module; its own, and None, as they are.

    Raises
    ------
    ParameterError
        If the library has none that is the same.
    """
    if loss is None or isinstance(loss, Loss):
        return loss
    kind = type(loss)
    plain = (
        getattr(loss, "reduction", None) == "mean"
        and getattr(loss, "weight", None) is None
        and getattr(loss, "pos_weight", None) is None
        and getattr(loss, "ignore_index", -1) < 0
    )
    if plain and kind is nn.CrossEntropyLoss:
        return CrossEntropy(epsilon=0, label_smoothing=loss.label_smoothing)
    if plain and kind is nn.MSELoss:
        return MeanSquaredError()
    if plain and kind is nn.BCEWithLogitsLoss:
        return BinaryCrossEntropy()
    raise ParameterError(
        "loss must be a nudgegrad.Loss, or PyTorch's CrossEntropyLoss, MSELoss or "
        "BCEWithLogitsLoss with the mean as its reduction and no weights, got "
        f"{loss if isinstance(loss, nn.Module) else kind.__name__}"
    )


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
    graph = [(k, function) for k, (function, _) in enumerate(node.next_functions) if function]
    if len(graph) != 1 or not _leads_to(graph[0][1], leaf):  # the targets must be constants
        return None
    targets = node._saved_self if graph[0][0] else node._saved_target
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
