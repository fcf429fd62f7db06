"""Which entries of which arrays."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.leaves import Leaves, matching
from nudgegrad.validation import ParameterError, check_integer

__all__ = ["select_entries", "spread_sample"]


def select_entries(
    x: Leaves,
    *,
    only: str | Sequence[str] | None = None,
    mask: Any = None,
    sample: int | None = None,
    seed: int | None = 0,
) -> list[NDArray[np.intp]]:
    """Return flat indices of the chosen entries of every leaf, in order.

    Parameters
    ----------
    x
        The leaves.
    only
        A glob, or several, on leaves' names: ``"W*"``. None takes all.
    mask
        Booleans in the structure of x, or None.
    sample
        At most so many entries of every array, without replacement.
    seed
        Of the sample.

    Raises
    ------
    ParameterError
        If a glob matches no name, a mask does not fit, or nothing is left.
    """
    patterns = [only] if isinstance(only, str) else list(only or ["*"])
    for pattern in patterns:
        if not any(_fits(name, pattern) for name in x.names):
            raise ParameterError(
                f"only must match a name among {', '.join(x.names)}, got {pattern!r}"
            )
    masks: Sequence[Any] = [None] * len(x.names)
    if mask is not None:
        masks = matching(x, mask, "mask")
        for name, array in zip(x.names, masks, strict=True):
            if array.dtype != bool:
                raise ParameterError(f"mask of {name} must be of booleans, got {array.dtype}")
    if sample is not None:
        check_integer("sample", sample, 1)
    rng = np.random.default_rng(seed)
    chosen = []
    for name, array, marked in zip(x.names, x.arrays, masks, strict=True):
        if not any(_fits(name, pattern) for pattern in patterns):
            chosen.append(np.empty(0, np.intp))
            continue
        size = int(np.size(array))
        indices = np.arange(size) if marked is None else np.flatnonzero(marked)
        chosen.append(indices if sample is None else spread_sample(indices, sample, rng))
    if not any(len(indices) for indices in chosen):
        raise ParameterError("mask must leave at least one entry, got none")
    return chosen


def _fits(name: str, pattern: str) -> bool:
    return name == pattern or fnmatchcase(name, pattern)  # ['a.b'] is a name and a pattern


def spread_sample(
    indices: NDArray[np.intp], count: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Return `count` of the indices, one drawn from each of so many equal stretches.

    So none is drawn twice, and every part of the array is visited (stratified sampling).
    """
    if count >= len(indices):
        return indices
    edges = np.linspace(0, len(indices), count + 1).astype(np.intp)
    return indices[rng.integers(edges[:-1], edges[1:])]
