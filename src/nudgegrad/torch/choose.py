"""The way to evaluate a module's nudges: in batches where they can be trusted, else in a loop."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from nudgegrad.torch.batches import Batches
from nudgegrad.torch.loop import Loop
from nudgegrad.torch.target import Target
from nudgegrad.validation import ParameterError

__all__ = ["choose"]

Array = NDArray[Any]
Answer = TypeVar("Answer")

ENTRIES = 2
"""Entries of every leaf at which batches are held against the loop."""

SHARES = (1.0, 1 / 16, 1 / 256, 0.0)
"""How far to move for that, as shares of some tenths of an entry: less where the module raises."""

ROUNDINGS = 64
"""Roundings of the loss that they may differ by."""

REASON = 110
"""Letters of an exception's message that a report repeats."""


class Trial(NamedTuple):
    """A few points near the one that is checked, and the losses that a loop finds there.

    Attributes
    ----------
    leaf : int
    indices, points : arrays
        As for `Loop.at`.
    losses : array
        Those of the points, and last that of the point itself.
    """

    leaf: int
    indices: Array
    points: Array
    losses: Array


def choose(
    target: Target, path: str, activation: int, max_bytes: int, only: str | Sequence[str] | None
) -> tuple[Loop | Batches, str]:
    """Return what evaluates a module near its point, and how and why so, for the report.

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
    loop, single = _choose_loop(target)
    if path == "loop":
        return loop, f"{single}, as told"
    patterns = [only] if isinstance(only, str) else list(only or ["*"])
    trials = [
        _trial(loop, leaf)
        for leaf, name in enumerate(target.names)
        if any(fnmatchcase(name, pattern) for pattern in patterns)
    ]
    reasons = []
    for buffers in (False, True) if target.buffers else (False,):
        batches = Batches(loop, activation, max_bytes, buffers=buffers)
        reason = _distrust(batches, trials)
        if reason is None:
            how = "differences of many points at once by torch.func.vmap"
            how += ", each with buffers of its own" if buffers else ""
            return batches, f"{how}, which gives what single calls of the module give"
        reasons.append(reason)
    if path == "vmap":
        raise ParameterError(f"path 'vmap' cannot take this module: {reasons[-1]}")
    return loop, f"{single}, because {reasons[-1]}"


def _choose_loop(target: Target) -> tuple[Loop, str]:
    """Return the quickest loop that can be trusted, and how it works.

    That is one without autograd's graph, if it gives what one with the graph gives.
    """
    exact, quick = Loop(target, graph=True), Loop(target, graph=False)
    how = "differences, one call of the module for each"
    rng = np.random.default_rng(0)
    direction = [_size(array) * rng.uniform(-0.3, 0.3, array.shape) for array in exact.arrays]

    def ask(share: float) -> tuple[Array, Array]:
        sizes = np.array([share, 0.0])
        return sizes, exact.along(direction, sizes)

    sizes, losses = _near_enough(ask)
    try:
        if _same(quick.along(direction, sizes), losses, quick):
            return quick, how
        reason = "it gives another loss without"
    except Exception as error:  # whatever a module does that differentiates inside
        reason = f"without, it raised {_told(error)}"
    return exact, f"{how}, with autograd's graph ({reason})"


def _trial(loop: Loop, leaf: int) -> Trial:
    """Return a few entries of a leaf, with a value for each that is not near its own."""
    array = loop.arrays[leaf]
    rng = np.random.default_rng(leaf)
    indices = rng.choice(array.size, min(ENTRIES, array.size), replace=False)
    values = array.reshape(-1)[indices]
    shape = len(indices)
    moves = _size(array) * rng.uniform(0.1, 0.3, shape) * rng.choice([-1, 1], shape)

    def ask(share: float) -> Trial:
        points = (values + share * moves).astype(array.dtype)[:, None]
        losses = np.append(loop.at(leaf, indices, points).ravel(), loop.centre())
        return Trial(leaf, indices, points, losses)

    return _near_enough(ask)


def _near_enough(ask: Callable[[float], Answer]) -> Answer:
    """Return the answer for the largest of some shares for which the module does not raise."""
    for share in SHARES[:-1]:
        try:
            return ask(share)
        except Exception:  # outside of the domain, perhaps
            continue
    return ask(SHARES[-1])


def _size(array: Array) -> float:
    """Return how large entries are, in the mean."""
    finite = np.abs(array[np.isfinite(array)].astype(np.float64))
    return float(finite.mean()) or 1.0 if finite.size else 1.0


def _distrust(batches: Batches, trials: list[Trial]) -> str | None:
    """Return why batches cannot be trusted, None if they can."""
    for leaf, indices, points, losses in trials:
        try:
            found = batches.raw(leaf, indices, points)
        except Exception as error:  # whatever a module does that vmap cannot
            return f"vmap raised {_told(error)}"
        if not _same(found, losses, batches):
            name = batches.target.names[leaf]
            return f"vmap gives another loss than single calls where {name} is nudged"
    return None


def _same(found: Array, expected: Array, evaluate: Loop | Batches) -> bool:
    """Tell whether losses are equal but for rounding."""
    kinds = [evaluate.target.loss_dtype, *(array.dtype for array in evaluate.arrays)]
    eps = max(float(np.finfo(kind).eps) for kind in kinds)
    size = np.abs(expected[np.isfinite(expected)]).max(initial=0.0)
    return np.allclose(found, expected, rtol=0, atol=ROUNDINGS * eps * size, equal_nan=True)


def _told(error: Exception) -> str:
    """Return an exception's name and the beginning of its message: the first line, or less."""
    line = str(error).strip().partition("\n")[0].strip()
    if len(line) > REASON:
        line = line[:REASON].rsplit(" ", 1)[0] + " …"
    return f"{type(error).__name__}: {line}"
