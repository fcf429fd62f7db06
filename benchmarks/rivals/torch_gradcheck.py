"""`torch.autograd.gradcheck`, which nudges every entry (slow) or one random direction (fast)."""

from __future__ import annotations

import importlib
from functools import partial
from typing import Any

import numpy as np

from benchmarks.rivals import Outcome
from tests.zoo.case import Problem

__all__ = ["check_module", "check_module_fast", "check_numpy", "check_numpy_fast"]

torch: Any = importlib.import_module("torch")
GradcheckError: Any = importlib.import_module("torch.autograd.gradcheck").GradcheckError


def check_numpy(problem: Problem, *, fast: bool = False) -> Outcome:
    """Check a gradient written in NumPy, made into a `torch.autograd.Function`."""
    names = list(problem.params)

    class Given(torch.autograd.Function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, *tensors: Any) -> Any:
            ctx.save_for_backward(*tensors)
            return torch.tensor(problem.loss(arrays(tensors)), dtype=tensors[0].dtype)

        @staticmethod
        def backward(ctx: Any, d: Any) -> Any:
            gradient = problem.gradient(arrays(ctx.saved_tensors))
            return tuple(d * torch.from_numpy(np.ascontiguousarray(gradient[n])) for n in names)

    def arrays(tensors: Any) -> dict[str, Any]:
        return {name: x.detach().numpy() for name, x in zip(names, tensors, strict=True)}

    inputs = [torch.from_numpy(array.copy()).requires_grad_() for array in problem.params.values()]
    return _gradcheck(Given.apply, inputs, fast)


def check_module(problem: Any, *, fast: bool = False) -> Outcome:
    """Check a module's parameters and inputs.

    The seed is set before every call, because gradcheck wants the same numbers each time.
    """
    names, parameters = zip(*problem.module.named_parameters(), strict=True)

    def loss(*tensors: Any) -> Any:
        torch.manual_seed(0)
        own = dict(zip(names, tensors[: len(names)], strict=True))
        output = torch.func.functional_call(problem.module, own, tensors[len(names) :])
        return problem.loss(output)

    return _gradcheck(loss, [*parameters, *problem.inputs], fast)


def _gradcheck(f: Any, inputs: list[Any], fast: bool) -> Outcome:
    torch.manual_seed(0)  # of the fast mode's direction
    try:
        torch.autograd.gradcheck(f, tuple(inputs), fast_mode=fast)
    except GradcheckError as error:
        return Outcome(False, str(error))
    return Outcome(True)


check_numpy_fast = partial(check_numpy, fast=True)
check_module_fast = partial(check_module, fast=True)
