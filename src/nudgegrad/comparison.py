"""The ladder: the four methods on one mini-batch, timed and held against each other."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from functools import partial

import numpy as np

from nudgegrad.arrays import Array
from nudgegrad.estimate import faster_blas, time_naive
from nudgegrad.gradient import METHODS
from nudgegrad.network import Network

__all__ = ["Rung", "compare_methods"]

TURN_SECONDS = 0.1


@dataclass(frozen=True)
class Rung:
    """One method's measurements.

    Attributes
    ----------
    method : str
    seconds : float
        Of one gradient: the median; for `naive` scaled from a sample of the weights.
    timings : int
        How many gradients were timed.
    weights_timed : int
        How many weights' differences the time is measured on.
    estimated : bool
        Whether `seconds` is scaled.
    speedup : float
        `naive`'s seconds over these.
    loss_evaluations : int
        Of a whole gradient.
    from_naive : float
        Largest absolute difference from `naive` on the sampled weights.
    from_backprop : float
        Largest absolute difference from `backprop`; for `naive` on the sampled weights.
    """

    method: str
    seconds: float
    timings: int
    weights_timed: int
    estimated: bool
    speedup: float
    loss_evaluations: int
    from_naive: float
    from_backprop: float


def compare_methods(
    network: Network, x: Array, t: Array, *, sample: int = 1000, repeats: int = 5, h: float = 1e-4,
    choose_threads: bool = True,
) -> list[Rung]:  # fmt: skip
    """Time the four methods on one batch, and compare their gradients.

    Parameters
    ----------
    network, x, t
        A network and a batch.
    sample
        How many weights `naive` is measured on.
    repeats
        How many turns each other method has. They take turns, so that a machine that slows down
        slows all of them. A turn is an untimed call, and timed ones for a tenth of a second.
    h
        The nudge.
    choose_threads
        Whether BLAS has one thread or all, whichever each method is faster with at first; or it is
        left as it is.
    """
    naive, naive_seconds = time_naive(
        network, x, t, sample=sample, h=h, choose_threads=choose_threads
    )
    masks = naive.sampled or {}
    weights = sum(array.size for array in network.params.values())
    timed = sum(int(np.sum(mask)) for mask in masks.values())

    others = METHODS[1:]
    calls = {method: partial(network.gradient, x, t, method=method, h=h) for method in others}
    gradients = {method: call() for method, call in calls.items()}
    threads = {
        method: faster_blas(call) if choose_threads else contextlib.nullcontext
        for method, call in calls.items()
    }
    times: dict[str, list[float]] = {method: [] for method in others}
    for _ in range(repeats):
        for method, call in calls.items():
            with threads[method]():
                call()  # caches are then as in a training
                turn = time.perf_counter()
                while True:
                    started = time.perf_counter()
                    call()
                    times[method].append(time.perf_counter() - started)
                    if time.perf_counter() - turn > TURN_SECONDS:
                        break

    def largest(a: dict[str, Array], b: dict[str, Array], *, sampled: bool) -> float:
        return max(
            float(np.max(np.abs((a[name] - b[name])[mask if sampled else ...])))
            for name, mask in masks.items()
        )

    rungs = [
        Rung(
            method="naive",
            seconds=naive_seconds,
            timings=1,
            weights_timed=timed,
            estimated=timed < weights,
            speedup=1.0,
            loss_evaluations=2 * weights,
            from_naive=0.0,
            from_backprop=largest(naive, gradients["backprop"], sampled=True),
        )
    ]
    for method, gradient in gradients.items():
        seconds = float(np.median(times[method]))
        rungs.append(
            Rung(
                method=method,
                seconds=seconds,
                timings=len(times[method]),
                weights_timed=weights,
                estimated=False,
                speedup=naive_seconds / seconds,
                loss_evaluations=gradient.loss_evaluations,
                from_naive=largest(gradient, naive, sampled=True),
                from_backprop=largest(gradient, gradients["backprop"], sampled=False),
            )
        )
    return rungs
