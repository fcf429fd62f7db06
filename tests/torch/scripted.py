"""Modules for TorchScript, which reads their source. Import this only where PyTorch is."""

import torch
from torch import nn


class Branches(nn.Module):  # type: ignore[misc, unused-ignore]
    """What only a script can express as a graph."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Linear(2, 3).double()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.net(x)
        if x.sum() > 1000:
            return y
        return torch.tanh(y)


class Counts(nn.Module):  # type: ignore[misc, unused-ignore]
    """An attribute, a buffer and a tensor that is none: TorchScript keeps them out of Python."""

    buffer: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Linear(2, 3).double()
        self.calls = 0
        self.tensor = torch.zeros(1, dtype=torch.float64)
        self.register_buffer("buffer", torch.zeros(1, dtype=torch.float64))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        self.tensor.add_(1)
        self.buffer = self.buffer + 1
        y: torch.Tensor = self.net(x)
        return y * self.calls * self.tensor * self.buffer


def product(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Return a product."""
    return torch.tanh(x) * y
