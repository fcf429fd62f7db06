"""What an evaluation of a module may change besides its tensors, and putting that back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

__all__ = ["Attributes", "RandomState", "threads_for", "untouched"]

cuda: Any = torch.cuda

SMALL = 2**20
"""Bytes of the largest tensor below which one thread is used: two on few cores mostly wait for each
other. Measured: up to forty times slower where anything else runs on the machine."""


class RandomState:
    """PyTorch's global random state as it is now; that of the GPUs too if they are in use."""

    def __init__(self) -> None:
        self._cpu = torch.get_rng_state()
        self._cuda = cuda.get_rng_state_all() if cuda.is_initialized() else None

    def restore(self) -> None:
        """Put it back."""
        torch.set_rng_state(self._cpu)
        if self._cuda is not None:
            cuda.set_rng_state_all(self._cuda)


class Attributes:
    """Which objects the attributes, parameters and buffers of a module and its children are.

    A forward pass may assign to them: a counter, a hidden state, a buffer computed anew.

    Parameters
    ----------
    module : torch.nn.Module
    """

    def __init__(self, module: Any) -> None:
        live = [vars(child) for child in module.modules()]
        live += [d[own] for d in live for own in ("_parameters", "_buffers") if own in d]
        self._pairs = [(attributes, dict(attributes)) for attributes in live]

    def restore(self) -> None:
        """Assign what they were, and delete what is new."""
        for live, saved in self._pairs:
            live.update(saved)
            if len(live) > len(saved):
                for name in live.keys() - saved.keys():
                    del live[name]


@contextmanager
def untouched(module: Any) -> Iterator[RandomState]:
    """Put back the random state and a module's attributes in the end, whatever happens."""
    state, attributes = RandomState(), Attributes(module)
    try:
        yield state
    finally:
        attributes.restore()
        state.restore()


@contextmanager
def threads_for(size: int) -> Iterator[None]:
    """Use one thread in PyTorch's operations if the largest tensor is small, `size` bytes."""
    threads = torch.get_num_threads()
    if size < SMALL and threads > 1:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
