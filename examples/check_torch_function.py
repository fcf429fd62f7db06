"""A PyTorch function with a backward pass by hand: the check finds what is wrong with it.

Needs PyTorch: pip install "nudgegrad[torch]".
"""

from typing import Any

import torch

import nudgegrad.torch


class Swish(torch.autograd.Function):  # type: ignore[misc, unused-ignore]
    """x·σ(x)."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        """Return x·σ(x), and keep x."""
        ctx.save_for_backward(x)
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx: Any, d: Any) -> Any:
        """Forget that x is in σ(x) too."""
        (x,) = ctx.saved_tensors
        return d * torch.sigmoid(x)


class RightSwish(Swish):
    """x·σ(x), with both terms of the product rule."""

    @staticmethod
    def backward(ctx: Any, d: Any) -> Any:
        """Return d·(σ + x·σ·(1 − σ))."""
        (x,) = ctx.saved_tensors
        y = torch.sigmoid(x)
        return d * (y + x * y * (1 - y))


class Layer(torch.nn.Module):  # type: ignore[misc, unused-ignore]
    """A residual layer around one of them."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.function = function
        self.linear = torch.nn.Linear(6, 6)

    def forward(self, x: Any) -> Any:
        """Return x + swish(linear(x))."""
        return x + self.function.apply(self.linear(x))


torch.manual_seed(0)
x, target = torch.randn(2, 8, 6, dtype=torch.float64)


def loss(output: Any) -> Any:
    """Return the mean square error."""
    return torch.nn.functional.mse_loss(output, target)


for function in (Swish, RightSwish):
    print(nudgegrad.torch.check(Layer(function).double(), loss, x), end="\n\n")
