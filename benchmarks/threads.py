"""The BLAS's threads, limited for a while."""

from __future__ import annotations

import importlib
from contextlib import AbstractContextManager, nullcontext
from typing import Any

__all__ = ["BlasThreads"]


class BlasThreads:
    """Limits the threads of every BLAS that is loaded when this object is made.

    Attributes
    ----------
    choices : tuple of int or None
        The numbers of threads to try: one and all that there are; (None,) without threadpoolctl,
        which leaves the BLAS as it is.
    """

    def __init__(self) -> None:
        self._controller: Any = None
        self.choices: tuple[int | None, ...] = (None,)
        try:
            pools: Any = importlib.import_module("threadpoolctl")
        except ImportError:
            return
        self._controller = pools.ThreadpoolController().select(user_api="blas")
        threads = {library["num_threads"] for library in self._controller.info()}
        self.choices = tuple(sorted({1, *threads}))

    def limit(self, threads: int | None) -> AbstractContextManager[Any]:
        """Return a context in which the BLAS has so many threads; None leaves it as it is."""
        if self._controller is None or threads is None:
            return nullcontext()
        context: AbstractContextManager[Any] = self._controller.limit(limits=threads)
        return context
