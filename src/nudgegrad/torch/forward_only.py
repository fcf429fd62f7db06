"""Custom autograd functions without their backward pass, so that vmap takes them.

vmap refuses a function whose forward takes the context, and one that does not say that it may be
batched. Where no gradient is asked for, neither matters: the forward pass is ordinary code.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

__all__ = ["forward_only"]

Function: Any = torch.autograd.Function

LOCK = threading.RLock()


class Context:
    """What a forward pass finds in the place of its context: nothing that it saves is kept."""

    def __init__(self, inputs: int) -> None:
        self.needs_input_grad = (False,) * inputs

    def save_for_backward(self, *tensors: Any) -> None:
        """Keep nothing."""

    def save_for_forward(self, *tensors: Any) -> None:
        """Keep nothing."""

    def mark_dirty(self, *tensors: Any) -> None:
        """Note nothing."""

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Note nothing."""

    def set_materialize_grads(self, value: bool) -> None:
        """Note nothing."""


@contextmanager
def forward_only() -> Iterator[None]:
    """Let ``Function.apply`` run nothing but forward, in this thread and where grad mode is off.

    A name that was bound to ``apply`` before, ``f = MyFunction.apply``, is not reached.
    """
    here = threading.get_ident()
    with LOCK:
        original = Function.__dict__["apply"]

        def apply(cls: Any, *args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() != here or torch.is_grad_enabled():
                return original.__get__(None, cls)(*args, **kwargs)
            if cls.setup_context is not Function.setup_context:
                return cls.forward(*args, **kwargs)
            return cls.forward(Context(len(args)), *args, **kwargs)

        Function.apply = classmethod(apply)
        try:
            yield
        finally:
            Function.apply = original
