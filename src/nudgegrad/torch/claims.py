"""What autograd claims: the gradients under test."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nudgegrad.torch.checked import numpy_dtype
from nudgegrad.torch.target import Target
from nudgegrad.validation import ParameterError

__all__ = ["Claims", "claim"]

Array = NDArray[Any]
Tensor = Any

ROUNDINGS = 64
"""Roundings of its largest entry that a gradient may differ by from call to call, as it does where
threads add up in any order."""

NOT_A_LEAF = (
    "If the loss refers to the inputs, they can only be checked where each of them is a leaf of "
    "autograd's graph and is passed once: pass x.detach().requires_grad_(), or check_inputs=False"
)


@dataclass(frozen=True)
class Claims:
    """What autograd gives.

    Attributes
    ----------
    first, again : list of arrays
        Gradients of the leaves, when asked twice; zeros where there is none. Where they differ by
        no more than is allowed, `again` is `first`.
    notes : tuple of str
    unsteady : bool
        Whether they differ by more than rounding, but no more than was allowed.
    """

    first: list[Array]
    again: list[Array]
    notes: tuple[str, ...]
    unsteady: bool


def claim(target: Target, nondet_tol: float = 0.0) -> Claims:
    """Run the backward pass twice, and note which tensors a forward pass writes into.

    A gradient is what is found in ``.grad`` after ``loss.backward()``.

    Parameters
    ----------
    target
        The module and its loss. Its `way` is chosen here: the first that works.
    nondet_tol
        What the gradients may differ by from call to call, beyond rounding.

    Raises
    ------
    ParameterError
        If the loss is not finite or leads to no leaf, or autograd raises.
    """
    first, missing = _by_first_way(target)
    again, _ = _gradients(target, astray=True)
    notes = tuple(target.notes)
    if missing:
        notes += (
            f"autograd gives no gradient (None, taken as zeros) of {', '.join(missing)}: the loss "
            "does not use it, or a custom backward returns None",
        )
    again = [_settled(*pair, 0.0) for pair in zip(first, again, strict=True)]
    settled = [_settled(*pair, nondet_tol) for pair in zip(first, again, strict=True)]
    pairs = zip(again, settled, strict=True)
    unsteady = not all(np.array_equal(*pair, equal_nan=True) for pair in pairs)
    return Claims(first, settled, notes, unsteady)


def _by_first_way(target: Target) -> tuple[list[Array], list[str]]:
    """Return the gradients as `_gradients` does, by the first way that works."""
    failure: Exception | None = None
    for way in target.ways:
        if not target.choose_way(way):
            if failure is not None:
                failure.add_note(NOT_A_LEAF)
            continue
        try:
            return _gradients(target, astray=False)
        except Exception as error:
            if isinstance(error, ParameterError) and error.__cause__ is None:
                raise
            failure = failure or error
    assert failure is not None
    raise failure


def _gradients(target: Target, astray: bool) -> tuple[list[Array], list[str]]:
    """Return the leaves' gradients, and the names of those that have none.

    Parameters
    ----------
    astray
        Whether to move on the random numbers before the backward pass, which must not need them.
    """
    try:
        loss, leaves = target.trace()
        target.note_written()
        target.loss_dtype = numpy_dtype(loss.dtype)
        _check_precision(loss, target)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise ParameterError(f"the loss must be finite where it is checked, got {value}")
        if not loss.requires_grad:
            raise _cut(target)
        if astray:
            torch.rand(1)
        _backward(loss, leaves, target)
        missing = [
            name
            for name, key in zip(target.names, target.keys, strict=True)
            if leaves[key].grad is None
        ]
        if len(missing) == len(leaves):
            raise _cut(target)
        return [_array(leaves[key]) for key in target.keys], missing
    finally:
        target.note_written()  # also where a pass has raised half-way
        target.restore()


def _backward(loss: Tensor, leaves: Mapping[str, Tensor], target: Target) -> None:
    """Run the backward pass, which must leave no gradients with tensors that nobody puts back.

    Raises
    ------
    ParameterError
        If autograd raises, or a hook changes what is differentiated by.
    """
    own = {id(leaf) for leaf in (*leaves.values(), *target.memory.owners.values())}
    others = [leaf for leaf in _graph_leaves(loss) if id(leaf) not in own]
    saved = [leaf.grad for leaf in others]
    try:
        # The graph may be the user's, where it leads on from the inputs.
        loss.backward(retain_graph=target.way == "own")
    except RuntimeError as error:
        raise ParameterError(f"autograd cannot differentiate the loss: {error}") from error
    finally:
        for leaf, gradient in zip(others, saved, strict=True):
            leaf.grad = gradient
    changed = [
        name
        for key, name in zip(target.keys, target.names, strict=True)
        if key in target.memory.changed() - target.memory.written
    ]
    if changed:
        raise ParameterError(
            f"the backward pass must not change what it differentiates by, and it changes "
            f"{', '.join(changed)}: remove hooks that update parameters, an optimizer's step, say"
        )


def _graph_leaves(loss: Tensor) -> Iterator[Tensor]:
    """Yield the tensors that a backward pass gives a gradient."""
    return (node.variable for node in _nodes(loss) if hasattr(node, "variable"))


def _check_precision(loss: Tensor, target: Target) -> None:
    """Raise if the module computes in half precision what its tensors hold in more."""
    own = {loss.dtype, *(leaf.dtype for leaf in target.leaves)}
    inside = {of.dtype for node in _nodes(loss) for of in getattr(node, "_input_metadata", ())}
    coarse = (inside & {torch.float16, torch.bfloat16}) - own
    if coarse:
        name = str(coarse.pop()).removeprefix("torch.")
        raise ParameterError(
            f"the module must compute in the precision of its tensors, but it computes in {name} "
            "inside, whose steps are too coarse for differences: check it without autocast and "
            f"without casts to {name}"
        )


def _nodes(loss: Tensor) -> Iterator[Any]:
    """Yield the nodes of autograd's graph."""
    pending, seen = [loss.grad_fn], set()
    while pending:
        node = pending.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        yield node
        pending.extend(following for following, _ in node.next_functions)


def _settled(first: Array, again: Array, nondet_tol: float) -> Array:
    """Return the second gradient, as the first where they differ by no more than is allowed."""
    finite = np.abs(first[np.isfinite(first)]).max(initial=0.0)
    allowed = nondet_tol + ROUNDINGS * float(np.finfo(first.dtype).eps) * float(finite)
    with np.errstate(invalid="ignore"):
        near = np.abs(again.astype(np.float64) - first.astype(np.float64)) <= allowed
    return np.where(near, first, again)


def _cut(target: Target) -> ParameterError:
    return ParameterError(
        f"the loss is not connected to {', '.join(target.names)}: detach(), no_grad(), .data and "
        "NumPy cut the way back, and so does a custom backward that returns None"
    )


def _array(leaf: Tensor) -> Array:
    """Return a leaf's gradient, dense; of a sparse leaf that of its specified entries; or zeros."""
    gradient = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
    dense = gradient.detach()
    if dense.layout is not torch.strided:
        dense = dense.to_dense()
    if leaf.layout is not torch.strided:
        dense = dense[tuple(leaf.detach().to_sparse_coo().indices())]
    return np.array(dense.numpy(force=True))
