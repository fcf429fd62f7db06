"""The memory that parameters, buffers and inputs work on while they are checked."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import ExitStack
from typing import Any

import torch

__all__ = ["Memory"]

Tensor = Any


class Memory:
    """Copies of tensors' values, which are nudged and written into in the place of the originals.

    A tensor that is lent works on its copy, and stays the same object. So whatever refers to it
    sees the nudges: closures, hooks, other modules.

    Parameters
    ----------
    stack
        When it is closed, every tensor has its own memory and gradient again.

    Attributes
    ----------
    tensors : dict of str to tensor
        The copies, contiguous. Of a sparse tensor they are the values of its specified entries.
    owners : dict of str to tensor
        The tensors that are lent, and those whose gradients are put back.
    written : set of str
        Keys of the copies that a forward pass writes into, as far as `note` has seen.
    """

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.tensors: dict[str, Tensor] = {}
        self.owners: dict[str, Tensor] = {}
        self.written: set[str] = set()
        self._originals: dict[str, Tensor] = {}
        self._versions: dict[str, int | None] = {}
        self._moved: set[str] = set()  # keys of tensors that a forward pass gives other memory

    def copy(self, key: str, tensor: Tensor) -> None:
        """Copy a tensor, which keeps its own memory."""
        lent = any(owner is tensor for owner in self.owners.values())
        self.tensors[key] = _contiguous_copy(tensor)
        self._originals[key] = _contiguous_copy(tensor) if lent else tensor.detach()
        self._versions[key] = self._version(key)

    def lend(self, key: str, tensor: Tensor) -> None:
        """Copy a tensor, and let it work on the copy. A sparse one keeps its memory."""
        self.keep_gradient(key, tensor)
        if tensor.layout is not torch.strided:
            own = tensor.detach()
            values = own._values() if own.layout is torch.sparse_coo else own.values()
            self.tensors[key], self._originals[key] = values, values.clone()
            self._stack.callback(_put_back, values, self._originals[key])
        elif tensor.is_inference():  # nothing can write into it
            self.tensors[key] = self._originals[key] = tensor.data
        else:
            self.tensors[key], self._originals[key] = _contiguous_copy(tensor), tensor.data
            self._stack.callback(setattr, tensor, "data", tensor.data)
            tensor.data = self.tensors[key]
        self._versions[key] = self._version(key)

    def keep_gradient(self, key: str, tensor: Tensor) -> None:
        """Put back a tensor's gradient in the end, and whether it requires one."""
        self.owners[key] = tensor
        if tensor.is_leaf and not tensor.is_inference():
            self._stack.callback(tensor.requires_grad_, tensor.requires_grad)
            self._stack.callback(setattr, tensor, "grad", tensor.grad)

    def may_lend(self, tensor: Tensor) -> bool:
        """Tell whether a dense tensor is not lent yet, and can be."""
        lent = any(self.owners[key] is tensor for key in self.tensors if key in self.owners)
        dense = tensor.layout is torch.strided and not tensor.is_nested
        return bool(dense and tensor.is_leaf and not lent and not tensor.is_inference())

    def clear_gradients(self) -> None:
        """Let no tensor have a gradient, for the time being."""
        for tensor in self.owners.values():
            if tensor.is_leaf and tensor.grad is not None:
                tensor.grad = None

    def changed(self) -> set[str]:
        """Return the keys of copies that are not as they were; also of those that hold NaN."""
        return {
            key for key, tensor in self.tensors.items() if not _equal(tensor, self._originals[key])
        }

    def note(self, nudged: Iterable[str] = ()) -> None:
        """Find out what a forward pass has written into.

        Parameters
        ----------
        nudged
            Keys of what was nudged for that pass.
        """
        self.written |= self.changed().difference(nudged)
        # What is written may be what was there, at this point.
        self.written |= {key for key, old in self._versions.items() if self._version(key) != old}
        for key, owner in self.owners.items():
            if key in self.tensors and not _is_on(owner, self.tensors[key]):
                self._moved.add(key)

    def restore(self) -> None:
        """Put back what forward passes write into; nudges of other tensors stay."""
        for key in self._moved:
            self.owners[key].data = self.tensors[key]
        if self.written:
            with torch.no_grad():
                for key in self.written:
                    self.tensors[key].copy_(self._originals[key])

    def _version(self, key: str) -> int | None:
        """Return how often operations have written into what works on a copy."""
        tensor = self.owners[key] if key in self.owners else self.tensors[key]
        return None if tensor.is_inference() else int(tensor._version)


def _contiguous_copy(tensor: Tensor) -> Tensor:
    return tensor.detach().clone(memory_format=torch.contiguous_format)


def _put_back(values: Tensor, original: Tensor) -> None:
    if not torch.equal(values, original):
        with torch.no_grad():
            values.copy_(original)


def _equal(one: Tensor, other: Tensor) -> bool:
    try:
        return bool(torch.equal(one, other))
    except (RuntimeError, NotImplementedError):  # of a dtype that cannot be compared
        return bool(torch.equal(one.view(torch.uint8), other.contiguous().view(torch.uint8)))


def _is_on(tensor: Tensor, memory: Tensor) -> bool:
    """Tell whether a tensor works on that memory, all of it and in that order."""
    return bool(
        tensor.layout is not torch.strided
        or (
            tensor.data_ptr() == memory.data_ptr()
            and tensor.shape == memory.shape
            and tensor.stride() == memory.stride()
        )
    )
