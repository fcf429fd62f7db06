"""Arrays whose last axis is the rungs of ladders, shortest first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["above", "below", "finite"]

Array = NDArray[Any]


def above(values: Array) -> Array:
    """Return what the next rung up has, NaN at the top."""
    moved = np.full_like(values, np.nan)
    moved[..., :-1] = values[..., 1:]
    return moved


def below(values: Array) -> Array:
    """Return what the next rung down has, NaN at the bottom."""
    moved = np.full_like(values, np.nan)
    moved[..., 1:] = values[..., :-1]
    return moved


def finite(values: Array) -> Array:
    """Return the values with 0 in the place of those that are not finite."""
    return np.where(np.isfinite(values), values, 0.0)
