"""The gradient checker for PyTorch: every entry that autograd gives for a module, with error bars.

This package needs PyTorch, which nudgegrad itself does without.
"""

try:
    import torch  # noqa: F401
except ImportError as error:
    raise ImportError(
        'nudgegrad.torch needs PyTorch, which could not be imported; pip install "nudgegrad[torch]"'
    ) from error

from nudgegrad.torch.check import check

__all__ = ["check"]
