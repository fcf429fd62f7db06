"""PyTorch's modules: what autograd gives for them, checked with error bars; as networks, and back.

This package needs PyTorch, which nudgegrad itself does without.
"""

try:
    import torch  # noqa: F401
except ImportError as error:
    raise ImportError(
        'nudgegrad.torch needs PyTorch, which could not be imported; pip install "nudgegrad[torch]"'
    ) from error

from nudgegrad.torch.check import check
from nudgegrad.torch.convert import from_torch, to_torch

__all__ = ["check", "from_torch", "to_torch"]
