"""What can be checked: the dtypes and layouts of tensors, and losses."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from nudgegrad.validation import ParameterError

__all__ = ["check_tensor", "loss_value", "numpy_dtype"]

Tensor = Any

CHECKED = (torch.float16, torch.float32, torch.float64)


def loss_value(loss: Any) -> Tensor:
    """Return a loss as a tensor without axes, or raise."""
    if not isinstance(loss, torch.Tensor):
        raise ParameterError(
            f"loss_fn must return a tensor, got {type(loss).__name__}: .item() and NumPy cut the "
            "way back"
        )
    if loss.numel() != 1:
        raise ParameterError(
            f"loss_fn must return one number, got shape {tuple(loss.shape)}; return its sum or mean"
        )
    if loss.dtype not in CHECKED:
        raise ParameterError(
            f"loss_fn must return float16, float32 or float64, got {_plain(loss.dtype)}"
        )
    return loss.reshape(())


def numpy_dtype(dtype: Any) -> np.dtype[Any]:
    """Return NumPy's name of one of the dtypes that can be checked."""
    return np.dtype(_plain(dtype))


def check_tensor(name: str, tensor: Tensor, hint: str = "") -> None:
    """Raise if a tensor's gradient cannot be checked.

    Parameters
    ----------
    name
        What the message calls it.
    tensor
        A parameter, or an input.
    hint
        What else the message advises.
    """
    if tensor.is_complex():
        raise ParameterError(
            f"{name} must be real, got {_plain(tensor.dtype)}: pass its real and imaginary parts, "
            f"and put them together in the module{hint}"
        )
    if tensor.dtype not in CHECKED:
        raise ParameterError(
            f"{name} must be float16, float32 or float64, got {_plain(tensor.dtype)}, whose steps "
            f"are too coarse for differences: check module.float() or module.double(){hint}"
        )
    if tensor.layout not in (torch.strided, torch.sparse_coo, torch.sparse_csr):
        raise ParameterError(
            f"{name} must be dense, sparse COO or sparse CSR, got {_plain(tensor.layout)}"
        )
    if tensor.layout is torch.sparse_coo and not tensor.is_coalesced():
        raise ParameterError(
            f"{name} must be coalesced, and has several values for one entry: make the parameter "
            "of tensor.coalesce()"
        )


def _plain(kind: Any) -> str:
    return str(kind).removeprefix("torch.")
