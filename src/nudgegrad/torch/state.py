"""Random numbers and threads: what an evaluation of a module may change in the process."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch

__all__ = ["RandomState", "generator_of", "threads_for"]

cuda: Any = torch.cuda

SMALL = 2**20
"""Bytes of the largest tensor below which one thread is used: two on few cores mostly wait for each
other. Measured: up to forty times slower where anything else runs on the machine."""


class RandomState:
    """The global random states as they are now: PyTorch's on every device, Python's and NumPy's."""

    def __init__(self) -> None:
        self._cpu = torch.get_rng_state()
        self._cuda = cuda.get_rng_state_all() if cuda.is_initialized() else None
        generators: tuple[tuple[Callable[[], Any], Callable[[Any], Any]], ...] = (
            (random.getstate, random.setstate),
            (partial(np.random.get_state, legacy=False), np.random.set_state),
        )
        self._others = [(get, put, get()) for get, put in generators]
        self._drawn: list[tuple[Any, Any]] = []

    def notice(self) -> None:
        """Find out whether Python's and NumPy's states have moved, for `restore`."""
        for get, put, saved in self._others:
            if not _same(get(), saved) and all(put is not other for other, _ in self._drawn):
                self._drawn.append((put, saved))

    def restore(self) -> None:
        """Put back PyTorch's state, and those of the others that `notice` has seen to move."""
        torch.set_rng_state(self._cpu)
        if self._cuda is not None:
            cuda.set_rng_state_all(self._cuda)
        for put, saved in self._drawn:
            put(saved)

    def restore_all(self) -> None:
        """Put back every state."""
        self.restore()
        for _, put, saved in self._others:
            put(saved)


def generator_of(x: Any) -> tuple[Callable[[], Any], Callable[[Any], Any]] | None:
    """Return what reads and what sets a random generator's state; None for anything else."""
    if isinstance(x, random.Random):
        return x.getstate, x.setstate
    if isinstance(x, torch.Generator):
        return x.get_state, x.set_state
    if isinstance(x, np.random.RandomState):
        return partial(x.get_state, legacy=False), x.set_state
    if isinstance(x, np.random.Generator):
        bits = x.bit_generator
        return partial(getattr, bits, "state"), partial(setattr, bits, "state")
    return None


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


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return all(_same(value, other[key]) for key, value in one.items())
    return bool(np.array_equal(one, other)) if isinstance(one, np.ndarray) else one == other
