"""What can be said of one entry of a gradient."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Verdict"]


class Verdict(IntEnum):
    """The verdict on an entry. Arrays hold it as int8."""

    UNCHECKED = 0
    """Left out, by a selection, a sample or a budget."""
    OK = 1
    """Within the error bar, and the bar is sharp enough for that to mean something."""
    WRONG = 2
    """Outside of the error bar, and no kink excuses it."""
    KINK = 3
    """The function bends here: the slopes on both sides differ, and the entry lies between them."""
    NOISY = 4
    """The function's own noise, beyond rounding, hides the slope."""
    UNRESOLVED = 5
    """The differences do not tell the slope: see the entry's `Reason`."""

    def __str__(self) -> str:
        return self.name.lower()
