"""Modules around a function under test. Import this only where PyTorch is installed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

Function = Callable[..., Any]


class Around(nn.Module):  # type: ignore[misc, unused-ignore]
    """A module that holds the function under test, and linear layers before and after it."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.function = function
        self.before = nn.Linear(5, 5)
        self.after = nn.Linear(5, 3)


class Residual(Around):
    """A residual block, which is no Sequential."""

    def forward(self, x: Any) -> Any:
        h = self.before(x)
        return self.after(h + self.function(h))


class Alias(Around):
    """Call the function twice, by a name it was bound to."""

    def forward(self, x: Any) -> Any:
        f = self.function
        return self.after(f(f(self.before(x))) - x)


class Dense(Around):
    """The function takes the input, a weight and a bias."""

    def forward(self, x: Any) -> Any:
        return self.after(torch.tanh(self.function(x, self.before.weight, self.before.bias)))


class Attention(Around):
    """The function turns scores into weights."""

    def forward(self, x: Any) -> Any:
        q = self.before(x)
        return self.after(self.function(q @ x.mT / math.sqrt(5)) @ x)


class Scaled(Around):
    """The function scales the scores."""

    def forward(self, x: Any) -> Any:
        return self.after(torch.softmax(self.function(self.before(x) @ x.mT), dim=-1) @ x)


class Normalised(Around):
    """Batch norm in train mode, whose running statistics move at every call."""

    def __init__(self, function: Function) -> None:
        super().__init__(function)
        self.norm = nn.BatchNorm1d(5)

    def forward(self, x: Any) -> Any:
        return self.after(self.function(self.norm(self.before(x))) + x)


class OwnNorm(Around):
    """The function is a batch norm with a factor."""

    def __init__(self, function: Function) -> None:
        super().__init__(function)
        self.gamma = nn.Parameter(torch.linspace(0.5, 1.5, 5))

    def forward(self, x: Any) -> Any:
        return self.after(torch.tanh(self.function(self.before(x), self.gamma)))


class Penalised(Around):
    """The function's value and its slope, which autograd is asked for on the way."""

    def forward(self, x: Any) -> Any:
        with torch.enable_grad():
            h = self.before(x)
            y = self.function(h)
            (slope,) = torch.autograd.grad(y.sum(), h, create_graph=True)
        return self.after(torch.tanh(y) + slope)


class BuiltIn(Around):
    """Nothing but PyTorch's own."""

    def __init__(self, function: Function) -> None:
        super().__init__(function)
        self.norm = nn.LayerNorm(5)

    def forward(self, x: Any) -> Any:
        return self.after(self.norm(x + self.function(self.before(x))))


class Pooled(nn.Module):  # type: ignore[misc, unused-ignore]
    """The function is a convolution; max pooling comes after it."""

    def __init__(self, function: Function) -> None:
        super().__init__()
        self.function = function
        self.kernel = nn.Parameter(torch.randn(3, 2, 3, 3) / 3)

    def forward(self, x: Any) -> Any:
        return nn.functional.max_pool2d(self.function(x, self.kernel), 2)
