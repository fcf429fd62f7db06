"""How the kernels are compiled: one decorator, one set of flags, one place that tells of it.

With ``NUMBA_DISABLE_JIT=1`` in the environment they run as the ordinary Python that they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

import numba
from numba.core import event

__all__ = ["FAST_MATH", "compile_kernel", "on_compilation"]

FAST_MATH = frozenset({"contract"})
"""What the compiler may do to the arithmetic: a·b + c with one rounding instead of two.

It may change a result by a unit roundoff of an intermediate product, and makes processors of
different make differ by as much. Nothing else is allowed: sums keep their order, so that results
do not depend on the processor's vector length, and NaN and infinity are what they are.
"""

Function = TypeVar("Function", bound=Callable[..., Any])


def compile_kernel(function: Function) -> Function:
    """Compile a function at its first call, once for each dtype, and keep it on disk.

    It runs without Python's global lock. Where no folder can be written to, neither beside this
    package nor in the user's cache, it is compiled anew in every process.
    """
    options: dict[str, Any] = {
        "error_model": "numpy",  # x/0 is inf, as in arrays; a branch would stop vectorisation
        "nogil": True,
        "fastmath": set(FAST_MATH),
    }
    try:
        return cast(Function, numba.njit(cache=True, **options)(function))
    except RuntimeError:  # no folder for the cache
        return cast(Function, numba.njit(**options)(function))


class _Listener(event.Listener):  # type: ignore[misc]  # Numba's types are skipped
    def __init__(self, callback: Callable[[], Any]) -> None:
        self._callback = callback

    def on_start(self, event: Any) -> None:
        self._callback()

    def on_end(self, event: Any) -> None:
        pass


@contextmanager
def on_compilation(callback: Callable[[], Any]) -> Iterator[None]:
    """While the block runs, call `callback` before each compilation (not: reading the cache)."""
    with event.install_listener("numba:compile", _Listener(callback)):
        yield
