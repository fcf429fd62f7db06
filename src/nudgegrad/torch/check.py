"""Checking what autograd gives for a PyTorch module."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import torch

from nudgegrad.checker.engine import Options, examine
from nudgegrad.checker.interrupt import interruptible
from nudgegrad.checker.network import check_network
from nudgegrad.checker.report import Report
from nudgegrad.checker.report.provenance import attributed, describe
from nudgegrad.differentiate.leaves import Leaves
from nudgegrad.torch.activation import largest_activation
from nudgegrad.torch.batches import MAX_BYTES
from nudgegrad.torch.by_network import Conversion, convert
from nudgegrad.torch.choose import choose
from nudgegrad.torch.claims import Claims, claim
from nudgegrad.torch.state import threads_for
from nudgegrad.torch.target import Target
from nudgegrad.validation import (
    ParameterError,
    check_boolean,
    check_choice,
    check_integer,
    check_real,
)

__all__ = ["check"]

PATHS = ("auto", "network", "vmap", "loop")


@interruptible
def check(
    module: Callable[..., Any],
    loss_fn: Callable[[Any], Any],
    *inputs: Any,
    check_inputs: bool = True,
    path: str = "auto",
    max_bytes: int = MAX_BYTES,
    nondet_tol: float = 0.0,
    **options: Any,
) -> Report:
    """Check every entry of the gradients that autograd gives for a module.

    What is checked is what ``loss.backward()`` leaves in ``.grad``, hooks included. The module may
    differentiate inside, as for a gradient penalty.

    The module, its gradients, buffers and attributes, the inputs, and the random states of PyTorch,
    Python and NumPy are afterwards as they were. Every evaluation starts from the same state, so
    that dropout drops the same.

    Parameters
    ----------
    module : torch.nn.Module, or a callable of tensors
        ``MyFunction.apply``, say. Tensors that a callable refers to are not nudged, unless they are
        parameters of the module, or inputs that require a gradient.
    loss_fn
        Takes what the module returns, and returns a tensor of one number.
    *inputs
        What the module is called with. Tensors may be in tuples, lists, mappings and dataclasses;
        anything that is not a tensor is passed on as it is.
    check_inputs
        Check the gradients of the dense inputs that hold floats too, whether they require one or
        not.
    path
        How to get the numeric gradient.

        ``"network"``  as `nudgegrad.check` does for a `nudgegrad.Network`, in milliseconds: for a
        Sequential of the layers that `from_torch` takes, dropout and batch normalization in eval
        mode, with the mean of cross-entropy or square error

        ``"vmap"``  differences of many points at once

        ``"loop"``  differences, one call of the module for each

        ``"auto"``  the first of these that takes the module and gives the same losses
    max_bytes
        Of the largest tensor in a batch of points.
    nondet_tol
        How far two backward passes at one point may differ, beyond rounding. Where they do differ,
        the gradient may also be off by so much, as with `atol`.
    **options
        As for `nudgegrad.check`.

    Returns
    -------
    Report
        Parameters have the names that ``module.named_parameters()`` gives them; only those that
        require a gradient are there. Of a sparse parameter the specified entries are. Inputs are
        ``input``, or ``input0``, ``input1``, …, followed by the keys and fields that lead to them.

    Raises
    ------
    ParameterError
        If the loss is not one finite number that depends on what is to be checked, a tensor is of
        a dtype that cannot be checked, the module computes in half precision inside, or `path`
        cannot take the module.

    Examples
    --------
    >>> import torch
    >>> layer, t = torch.nn.Linear(4, 3).double(), torch.tensor([0, 2])
    >>> x = torch.ones(2, 4, dtype=torch.float64)
    >>> report = check(layer, lambda y: torch.nn.functional.cross_entropy(y, t), x)
    >>> report.passed, list(report.parameters)
    (True, ['weight', 'bias', 'input'])
    """
    checked = Options.named(options)
    check_boolean("check_inputs", check_inputs)
    check_choice("path", path, PATHS)
    check_integer("max_bytes", max_bytes, 1)
    for name, given in (("module", module), ("loss_fn", loss_fn)):
        if not callable(given):
            raise ParameterError(f"{name} must be callable, got {type(given).__name__}")
    check_real("nondet_tol", nondet_tol, low=0)
    with torch.inference_mode(False), ExitStack() as stack:
        target = Target(module, loss_fn, inputs, check_inputs, stack)
        claims = claim(target, nondet_tol)
        if claims.unsteady:
            checked = replace(checked, atol=max(checked.atol or 0.0, nondet_tol))
        if path in ("auto", "network"):
            conversion = convert(target, claims)
            if isinstance(conversion, Conversion):
                report = _by_network(conversion, claims, checked)
                return attributed(report, _name(module, loss_fn), "torch")
            if path == "network":
                raise ParameterError(f"path 'network' cannot take this module: {conversion}")
        activation = largest_activation(target)
        largest = max(activation, *(tensor.nbytes for tensor in target.tensors.values()))
        stack.enter_context(threads_for(largest))
        evaluate, method = choose(target, path, activation, max_bytes, checked.only)
        leaves = Leaves(target.names, evaluate.arrays, list)
        report = examine(
            evaluate, leaves, claims.first, checked, method=method, again=claims.again,
            notes=claims.notes,
        )  # fmt: skip
        return attributed(report, _name(module, loss_fn), "torch")


def _name(module: Callable[..., Any], loss_fn: Callable[[Any], Any]) -> str:
    """Return what a report calls a module and its loss."""
    return f"{describe(module)}, loss: {describe(loss_fn)}"


def _by_network(conversion: Conversion, claims: Claims, options: Options) -> Report:
    report = check_network(
        conversion.network,
        conversion.x,
        conversion.t,
        conversion.claimed,
        options=conversion.translate(options),
        method="the module and its loss as a nudgegrad.Network, which gives the same losses",
        notes=claims.notes,
    )
    return conversion.rename(report)
