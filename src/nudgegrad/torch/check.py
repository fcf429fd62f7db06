"""Checking what autograd gives for a PyTorch module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nudgegrad.checker.engine import Options, examine
from nudgegrad.checker.interrupt import interruptible
from nudgegrad.checker.network import check_network
from nudgegrad.checker.report import Report
from nudgegrad.checker.report.provenance import attributed, describe
from nudgegrad.differentiate.leaves import Leaves
from nudgegrad.torch.batches import MAX_BYTES
from nudgegrad.torch.by_network import Conversion, convert
from nudgegrad.torch.choose import choose
from nudgegrad.torch.claims import Claims, claim, largest_activation
from nudgegrad.torch.state import threads_for, untouched
from nudgegrad.torch.target import Frame, Target
from nudgegrad.validation import ParameterError, check_boolean, check_choice, check_integer

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
    **options: Any,
) -> Report:
    """Check every entry of the gradients that autograd gives for a module.

    Works on copies: the module, its gradients and buffers, the inputs and PyTorch's random state
    are afterwards as they were. Every evaluation starts from the same random state, so that dropout
    drops the same.

    Parameters
    ----------
    module : torch.nn.Module, or a callable of tensors
        ``MyFunction.apply``, say. Tensors that a callable holds itself are not nudged.
    loss_fn
        Takes what the module returns, and returns a tensor of one number.
    *inputs
        What the module is called with. Tensors may be in tuples, lists and dicts.
    check_inputs
        Check the gradients of the inputs that hold floats too, whether they require one or not.
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
    **options
        As for `nudgegrad.check`.

    Returns
    -------
    Report
        Parameters have the names that ``module.named_parameters()`` gives them, only those that
        require a gradient are there. Inputs are ``input``, or ``input0``, ``input1``, …

    Raises
    ------
    ParameterError
        If the loss is not one finite number that depends on what is to be checked, a tensor is of
        a dtype that cannot be checked, or `path` cannot take the module.

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
    frame = Frame(module, loss_fn)
    with untouched(frame) as random:
        target = Target(module, loss_fn, inputs, check_inputs, frame, random)
        claims = claim(target)
        if path in ("auto", "network"):
            conversion = convert(target, claims)
            if isinstance(conversion, Conversion):
                report = _by_network(conversion, claims, checked)
                return attributed(report, _name(module, loss_fn), "torch")
            if path == "network":
                raise ParameterError(f"path 'network' cannot take this module: {conversion}")
        activation = largest_activation(target)
        with threads_for(max(activation, *(tensor.nbytes for tensor in target.tensors.values()))):
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
