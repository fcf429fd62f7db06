"""What autograd claims: the gradients under test."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nudgegrad.torch.target import Target, numpy_dtype
from nudgegrad.validation import ParameterError

__all__ = ["Claims", "claim", "largest_activation"]

Array = NDArray[Any]
Tensor = Any


@dataclass(frozen=True)
class Claims:
    """What autograd gives.

    Attributes
    ----------
    first, again : list of arrays
        Gradients of the leaves, when asked twice; zeros where there is none.
    notes : tuple of str
    """

    first: list[Array]
    again: list[Array]
    notes: tuple[str, ...]


def claim(target: Target) -> Claims:
    """Ask autograd twice for the gradients, and note which copies a forward pass writes into.

    Raises
    ------
    ParameterError
        If the loss is not finite or leads to no leaf, or autograd raises.
    """
    first, missing = _gradients(target, astray=False)
    again, _ = _gradients(target, astray=True)
    notes: tuple[str, ...] = ()
    if missing:
        notes = (
            f"autograd gives no gradient (None, taken as zeros) of {', '.join(missing)}: the loss "
            "does not use it, or a custom backward returns None",
        )
    return Claims(first, again, notes)


def largest_activation(target: Target) -> int:
    """Return the bytes of the largest tensor that a forward pass keeps for the backward pass."""
    sizes = [0]
    with torch.enable_grad():
        used = {key: target.tensors[key].detach().requires_grad_().clone() for key in target.keys}
        own = {tensor.data_ptr() for tensor in (*target.tensors.values(), *used.values())}

        def note(tensor: Tensor) -> None:
            if tensor.data_ptr() not in own:
                sizes.append(tensor.nbytes)

        hooks: Any = torch.autograd.graph.saved_tensors_hooks
        with hooks(note, lambda _: None):
            target.loss(used)
    return max(sizes)


def _gradients(target: Target, astray: bool) -> tuple[list[Array], list[str]]:
    """Return the leaves' gradients, and the names of those that have none.

    Parameters
    ----------
    astray
        Whether to move on the random numbers before the backward pass, which must not need them.
    """
    with torch.enable_grad():
        leaves = {
            key: target.tensors[key].detach().requires_grad_(key in target.keys)
            for key in target.tensors
        }
        # A leaf itself must not be written into, and the copy shows whether it was.
        used = {key: tensor.clone() for key, tensor in leaves.items()}
        loss = target.loss(used)
    target.note_written({key: tensor.detach() for key, tensor in used.items()})
    target.loss_dtype = numpy_dtype(loss.dtype)
    value = float(loss.detach())
    if not math.isfinite(value):
        raise ParameterError(f"the loss must be finite where it is checked, got {value}")
    if not loss.requires_grad:
        raise _cut(target)
    if astray:
        torch.rand(1)
    of = [leaves[key] for key in target.keys]
    try:
        found = torch.autograd.grad(loss, of, allow_unused=True)
    except RuntimeError as error:
        raise ParameterError(f"autograd cannot differentiate the loss: {error}") from error
    missing = [name for name, g in zip(target.names, found, strict=True) if g is None]
    if len(missing) == len(found):
        raise _cut(target)
    pairs = zip(found, of, strict=True)
    return [_array(torch.zeros_like(x) if g is None else g) for g, x in pairs], missing


def _cut(target: Target) -> ParameterError:
    return ParameterError(
        f"the loss is not connected to {', '.join(target.names)}: detach(), no_grad(), .data and "
        "NumPy cut the way back, and so does a custom backward that returns None"
    )


def _array(gradient: Tensor) -> Array:
    dense = gradient.to_dense() if gradient.layout is not torch.strided else gradient
    return np.array(dense.detach().cpu().resolve_neg().numpy())
