"""Functions with noise in their last digits, as simulations and solvers have it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["repeatable", "unrepeatable"]

Array = NDArray[Any]
Function = Callable[[Array], Any]


def repeatable(f: Function, relative: float) -> Function:
    """Return f times 1 + relative·z, where z is normal and the same for the same x."""
    inverse = NormalDist().inv_cdf

    def noisy(x: Array) -> Any:
        word = int.from_bytes(hashlib.blake2b(x.tobytes(), digest_size=6).digest())
        value = f(x)
        return type(value)(float(value) * (1 + relative * inverse((word + 0.5) / 2**48)))

    return noisy


def unrepeatable(f: Function, relative: float, seed: int = 0) -> Function:
    """Return f times 1 + relative·z, where z is normal and new in every call."""
    rng = np.random.default_rng(seed)

    def noisy(x: Array) -> Any:
        value = f(x)
        return type(value)(float(value) * (1 + relative * rng.normal()))

    return noisy
