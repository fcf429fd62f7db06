"""Many samples, some at a time: their activations then stay in a core's cache."""

from __future__ import annotations

from collections.abc import Iterable

from nudgegrad.layers import Layer

__all__ = ["ROWS", "parts", "width_of"]

ROWS = 1000  # samples at a time …
WIDE_NUMBERS = 2**19  # … and at most so many numbers


def parts(samples: int, width: int = 0, most: int = ROWS) -> list[slice]:
    """Divide samples into slices.

    Parameters
    ----------
    samples
        How many there are.
    width
        How many numbers one becomes, at most; fewer samples are taken at a time where it is many.
    most
        Samples of a slice, at most.
    """
    rows = max(1, min(most, WIDE_NUMBERS // max(1, width)))
    return [slice(start, min(start + rows, samples)) for start in range(0, samples, rows)]


def width_of(layers: Iterable[Layer]) -> int:
    """Return how many numbers a sample becomes, at most, on its way through layers."""
    return max((layer.output_size or 0 for layer in layers), default=0)
