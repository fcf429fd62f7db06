"""How large the tensors are that come about inside a module."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

from nudgegrad.torch.target import Target

__all__ = ["largest_activation"]


Mode: Any = TorchDispatchMode


class Sizes(Mode):  # type: ignore[misc]
    """Notes the bytes of the largest tensor that an operation allocates."""

    def __init__(self) -> None:
        super().__init__()
        self.largest = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        given = {storage.data_ptr() for storage in _storages(args)}
        for storage in _storages(result if isinstance(result, (tuple, list)) else (result,)):
            if storage.data_ptr() not in given:  # else a view, or written in place
                self.largest = max(self.largest, storage.nbytes())
        return result


def _storages(items: Iterable[Any]) -> Iterator[Any]:
    for x in items:
        if isinstance(x, torch.Tensor) and x.layout is torch.strided:
            yield x.untyped_storage()


def largest_activation(target: Target) -> int:
    """Return the bytes of the largest tensor that comes about in an evaluation.

    0 where a module does not let its operations be watched.
    """
    sizes = Sizes()
    try:
        with sizes:
            target.evaluate(graph=True)
    except Exception:  # whatever a module does that cannot be watched
        return 0
    return sizes.largest
