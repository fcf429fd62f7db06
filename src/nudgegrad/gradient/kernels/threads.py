"""Work on several cores, where it is long enough to be worth waking them.

The work is cut by samples or units and never by what is added up, so that results do not depend
on how many threads there are. Kernels run without Python's lock, and so do NumPy's products.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache
from typing import Any, TypeVar

from numba import config
from threadpoolctl import ThreadpoolController

__all__ = ["WORTH_THREADS", "available_threads", "in_parallel", "one_blas_thread"]

WORTH_THREADS = 2**21
"""Changes computed in a call (nudges times outputs) from which threads are used: about 1 ms.

Waking a sleeping core takes up to a tenth of a millisecond, a third of a whole step of the lesson's
network: with less to do, one thread is faster.
"""

Item = TypeVar("Item")
Result = TypeVar("Result")


def available_threads() -> int:
    """Return how many threads may run: the cores, or less if ``NUMBA_NUM_THREADS`` says so."""
    return int(config.NUMBA_NUM_THREADS)  # asking Numba would start its threads


def in_parallel(
    function: Callable[[Item], Result], items: Sequence[Item], *, work: int
) -> Generator[Result, None, None]:
    """Yield the results of a function for each item, in order, on several threads if it pays.

    Parameters
    ----------
    function
        Called once for each item; it must not touch what another call writes.
    items
        What to call it with.
    work
        How much there is to do in all, in the unit of `WORTH_THREADS`.

    Notes
    -----
    Close the generator, with `contextlib.closing`, where it may be left before its end.
    """
    threads = min(available_threads(), len(items))
    if threads < 2 or work < WORTH_THREADS:
        yield from map(function, items)
        return
    with one_blas_thread():
        pool = ThreadPoolExecutor(threads)
        try:
            yield from pool.map(function, items)
        finally:  # also when the caller stops in the middle
            pool.shutdown(cancel_futures=True)


def one_blas_thread() -> AbstractContextManager[Any]:
    """While the block runs, let BLAS use one thread: pools that wait for work take cores away."""
    return _controller().limit(limits=1, user_api="blas")  # type: ignore[no-any-return]


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()
