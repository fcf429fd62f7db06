"""The way to evaluate a module's nudges: in batches where they can be trusted, else in a loop."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.torch.batches import Batches
from nudgegrad.torch.loop import Loop
from nudgegrad.torch.target import Target
from nudgegrad.validation import ParameterError

__all__ = ["choose"]

Array = NDArray[Any]

ENTRIES = 2
"""Entries of every leaf at which batches are held against the loop."""

ROUNDINGS = 64
"""Roundings of the loss that they may differ by."""

REASON = 110
"""Letters of an exception's message that a report tells."""


def choose(
    target: Target, path: str, activation: int, max_bytes: int, only: str | Sequence[str] | None
) -> tuple[Loop | Batches, str]:
    """Return what evaluates a module beside its point, and how and why so, for the report.

    Parameters
    ----------
    target
        The module and its loss.
    path
        ``"vmap"`` or ``"loop"``, or ``"auto"`` for the first of them that can be trusted.
    activation, max_bytes
        As for `Batches`.
    only
        Globs of the leaves that will be nudged one by one.

    Raises
    ------
    ParameterError
        If batches are demanded and cannot be trusted.
    """
    loop = Loop(target)
    if path == "loop":
        return loop, "differences, one call of the module for each, as told"
    patterns = [only] if isinstance(only, str) else list(only or ["*"])
    leaves = [
        leaf
        for leaf, name in enumerate(target.names)
        if any(fnmatchcase(name, pattern) for pattern in patterns)
    ]
    points = [_points(loop, leaf, leaf) for leaf in leaves]
    truth = [
        np.append(loop.at(leaf, *some).ravel(), loop.centre())
        for leaf, some in zip(leaves, points, strict=True)
    ]
    reasons = []
    for buffers in (False, True) if target.buffers else (False,):
        batches = Batches(loop, activation, max_bytes, buffers=buffers)
        reason = _distrust(batches, leaves, points, truth)
        if reason is None:
            how = "differences of many points at once by torch.func.vmap"
            how += ", each with buffers of its own" if buffers else ""
            return batches, f"{how}, which gives what single calls of the module give"
        reasons.append(reason)
    if path == "vmap":
        raise ParameterError(f"path 'vmap' cannot take this module: {reasons[-1]}")
    return loop, f"differences, one call of the module for each, because {reasons[-1]}"


def _points(loop: Loop, leaf: int, seed: int) -> tuple[Array, Array]:
    """Return a few entries of a leaf, and for each a value that is not near its own."""
    array = loop.arrays[leaf]
    rng = np.random.default_rng(seed)
    indices = rng.choice(array.size, min(ENTRIES, array.size), replace=False)
    values = array.reshape(-1)[indices]
    size = np.abs(array[np.isfinite(array)].astype(np.float64)).mean() if array.size else 1.0
    moves = (size or 1.0) * rng.uniform(0.1, 0.3, len(indices)) * rng.choice([-1, 1], len(indices))
    return indices, (values + moves).astype(array.dtype)[:, None]


def _distrust(
    batches: Batches, leaves: list[int], points: list[tuple[Array, Array]], truth: list[Array]
) -> str | None:
    """Return why batches cannot be trusted, None if they can."""
    kinds = [batches.target.loss_dtype, *(array.dtype for array in batches.arrays)]
    eps = max(float(np.finfo(kind).eps) for kind in kinds)
    for leaf, some, expected in zip(leaves, points, truth, strict=True):
        try:
            found = batches.raw(leaf, *some)
        except Exception as error:  # whatever a module does that vmap cannot
            return f"vmap raised {type(error).__name__}: {_short(str(error))}"
        size = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
        same = np.isclose(found, expected, rtol=0, atol=ROUNDINGS * eps * size, equal_nan=True)
        if not same.all():
            name = batches.target.names[leaf]
            return f"vmap gives another loss than single calls where {name} is nudged"
    return None


def _short(message: str) -> str:
    """Return the beginning of a message: its first line, or less."""
    line = message.strip().partition("\n")[0].strip()
    return line if len(line) <= REASON else line[:REASON].rsplit(" ", 1)[0] + " …"
