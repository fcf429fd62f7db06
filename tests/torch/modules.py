"""Small modules to check, and what must stay as it was. Import this only where PyTorch is."""

from __future__ import annotations

import random as python_random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn

Tensor = Any


class Wavy(torch.autograd.Function):  # type: ignore[misc, unused-ignore]
    """The old style, with everything that a context is asked for."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, factor: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.factor = factor
        ctx.set_materialize_grads(False)
        ctx.mark_non_differentiable()
        assert len(ctx.needs_input_grad) == 2
        return torch.sin(factor * x)

    @staticmethod
    def backward(ctx: Any, d: Tensor) -> Any:
        (x,) = ctx.saved_tensors
        return d * ctx.factor * torch.cos(ctx.factor * x), None


class Block(nn.Module):  # type: ignore[misc, unused-ignore]
    """Linear, a function of the features, Linear: no Sequential."""

    def __init__(self, function: Callable[[Tensor], Tensor], *extra: Any) -> None:
        super().__init__()
        self.function = function
        self.first = nn.Linear(4, 5)
        self.extra = nn.Sequential(*extra)
        self.last = nn.Linear(5, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.extra(self.function(self.first(x))))


class Tied(nn.Module):  # type: ignore[misc, unused-ignore]
    """One weight in two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)
        self.b.weight = self.a.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.b(torch.tanh(self.a(x)))


class Words(nn.Module):  # type: ignore[misc, unused-ignore]
    """Whole numbers in, and floats beside them."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(6, 4)

    def forward(self, words: Tensor, scale: Tensor) -> Tensor:
        return torch.tanh(self.table(words)) * scale


class Branching(nn.Module):  # type: ignore[misc, unused-ignore]
    """Python looks at the data."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        y = self.layer(x)
        return torch.tanh(y) if float(y.detach().sum()) > -1e3 else y


class Forgetful(nn.Module):  # type: ignore[misc, unused-ignore]
    """Writes into a buffer, its input and attributes, and assigns another buffer."""

    count: Tensor
    mean: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 3)
        self.calls = 0
        self.register_buffer("count", torch.zeros(1))
        self.register_buffer("mean", torch.zeros(3))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        self.kept = x
        self.count.add_(1)
        x.mul_(2)
        y = self.layer(x)
        output = y * torch.cos(self.count) + self.mean.sum()
        self.mean = self.mean + y.detach().mean(dim=0)
        return output


class State:
    """All that a check must leave as it was."""

    def __init__(self, module: nn.Module, *inputs: Tensor) -> None:
        self.module, self.inputs = module, inputs
        self.before = self.now()

    def now(self) -> list[Any]:
        tensors = [*self.module.parameters(), *self.module.buffers(), *self.inputs]
        return [
            torch.get_rng_state().tolist(),
            python_random.getstate(),
            str(np.random.get_state(legacy=False)),  # noqa: NPY002
            torch.get_num_threads(),
            torch.is_grad_enabled(),
            vars(torch.autograd.Function)["apply"],
            [id(tensor) for tensor in tensors],
            [tensor.data_ptr() for tensor in tensors if tensor.layout is torch.strided],
            [tensor.detach().to_dense().clone().tolist() for tensor in tensors],
            [tensor.requires_grad for tensor in tensors],
            [None if tensor.grad is None else tensor.grad.tolist() for tensor in tensors],
            [child.training for child in self.module.modules()],
            [sorted(vars(child)) for child in self.module.modules()],
            [_contents(vars(child)) for child in self.module.modules()],
        ]

    def check(self) -> None:
        for before, now in zip(self.before, self.now(), strict=True):
            assert before == now


def _contents(x: Any) -> Any:
    """Return what a container, a tensor or an array holds, as something that `==` compares."""
    if isinstance(x, dict):
        return [(str(key), _contents(value)) for key, value in x.items()]
    if isinstance(x, (list, tuple, set)):
        return [_contents(value) for value in x]
    if isinstance(x, (torch.Tensor, np.ndarray)):
        values = x.detach().to_dense() if isinstance(x, torch.Tensor) else x
        return id(x), str(values.tolist())
    return x if isinstance(x, (int, float, str, type(None))) else id(x)


def random(*shape: int, dtype: Any = torch.float64, seed: int = 3) -> Tensor:
    values = np.random.default_rng(seed).standard_normal(shape)
    return torch.as_tensor(values).to(dtype)


def small(inputs: int = 2, outputs: int = 1) -> Any:
    """Return a smooth network, the same each time, of which no loss is taken for a network's."""
    module = nn.Sequential(nn.Linear(inputs, 4), nn.Tanh(), nn.Linear(4, outputs)).double()
    with torch.no_grad():
        for k, parameter in enumerate(module.parameters()):
            parameter.copy_(random(*parameter.shape, seed=k))
    return module


def weighed(output: Tensor) -> Tensor:
    """Return a loss that no path but vmap and the loop knows."""
    weights = torch.linspace(0.5, 1.5, output.numel(), dtype=output.dtype)
    return (torch.sin(output) * weights.reshape(output.shape)).sum()
