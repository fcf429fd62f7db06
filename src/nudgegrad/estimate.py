"""How long `naive` would take: measured on some of the weights, and said to be an estimate."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import numpy as np

from nudgegrad.arrays import Array
from nudgegrad.gradient import Gradient
from nudgegrad.network import Network

__all__ = ["faster_blas", "time_naive"]

TRIALS = 5  # calls with each number of BLAS threads, or one of each if they are slow
TRIAL_SECONDS = 0.5


def time_naive(
    network: Network,
    x: Array,
    t: Array,
    *,
    sample: int,
    h: float = 1e-4,
    choose_threads: bool = True,
) -> tuple[Gradient, float]:
    """Take `naive` differences of some weights, and estimate the seconds of all.

    Each weight costs two forward passes of the same batch, whichever it is. So the median time of
    one, which a short disturbance of the machine does not move, is scaled to all weights.

    Parameters
    ----------
    network
        Its parameters are nudged and restored to the bit.
    x, t
        A batch.
    sample
        About how many weights, spread over all parameters.
    h
        The nudge.
    choose_threads
        Whether BLAS has one thread or all, whichever the passes are faster with; or it is left as
        it is.

    Returns
    -------
    gradient, seconds
        The gradient of the sampled weights, NaN elsewhere, and the estimate.
    """
    # An overflow is the training's to tell.
    with np.errstate(all="ignore"), contextlib.ExitStack() as threads:
        if choose_threads:
            threads.enter_context(faster_blas(partial(network.loss, x, t))())
        moments = [time.perf_counter()]
        gradient = network.gradient(
            x,
            t,
            method="naive",
            h=h,
            sample=sample,
            progress=lambda *_: moments.append(time.perf_counter()),
        )
    weights: int = sum(array.size for array in network.params.values())
    return gradient, float(np.median(np.diff(moments))) * weights


def faster_blas(call: Callable[[], Any]) -> Callable[[], AbstractContextManager[Any]]:
    """Return what makes contexts in which BLAS has one thread, or all: what a call is faster with.

    On a machine that does something else besides, the threads of small products wait for each
    other, and a product can take a hundred times as long as with one.
    """
    from nudgegrad.gradient.kernels.threads import one_blas_thread

    one: list[float] = []
    every: list[float] = []
    call()
    while len(one) < TRIALS and sum(one) + sum(every) < TRIAL_SECONDS:
        with one_blas_thread():
            one.append(_seconds(call))
        every.append(_seconds(call))
    slower = float(np.median(every)) > float(np.median(one))
    return one_blas_thread if slower else contextlib.nullcontext


def _seconds(call: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun
