"""Wrong gradients made of right ones, and a function that remembers its values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.vectors.truths import CLEAR, Truth

__all__ = ["MISTAKES", "mistaken", "remembering"]

Array = NDArray[Any]

MISTAKES = {"zero": 0.0, "double": 2.0, "sign": -1.0, "tenth": 1.1}
"""What an entry that matters is multiplied by."""


def mistaken(truth: Truth, noise: float = 0.0) -> Iterator[tuple[int, str, Array]]:
    """Yield an entry, a mistake and the wrong gradient.

    Every mistake for every entry that matters, but a tenth only where it can be told from the
    noise. For the others a slope is invented that would matter as much as the largest.
    """
    clear = truth.clear(noise)
    for i in np.flatnonzero(truth.matters(noise)).tolist():
        for name, factor in MISTAKES.items():
            if name != "tenth" or clear[i]:
                claim = truth.gradient.copy()
                claim[i] *= factor
                yield i, name, claim
    effect = float(np.max(np.abs(truth.gradient) * truth.size))
    if effect <= truth.noise(noise):  # the whole gradient is 0
        effect = abs(truth.value) / 10
    for i in np.flatnonzero(~truth.important).tolist():
        claim = truth.gradient.copy()
        claim[i] += effect / truth.size[i]
        if truth.signal(noise, of=claim)[i] >= CLEAR:
            yield i, "invented", claim


def remembering(f: Callable[[Array], Any]) -> Callable[[Array], Any]:
    """Return `f` with a memory: many checks at one point ask for the same values."""
    memory: dict[bytes, Any] = {}

    def remembered(x: Array) -> Any:
        key = x.tobytes()
        if key not in memory:
            memory[key] = f(x)
        return memory[key]

    return remembered
