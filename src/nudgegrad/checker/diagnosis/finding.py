"""What one pattern says, before it is known of which parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["IS", "NAMES", "Finding"]

# Marks in a text, filled in when it is known how many parameters it is true of.
IS = "\x01"
NAMES = "\x02"


@dataclass(frozen=True, eq=False)
class Finding:
    """A pattern that explains wrong entries.

    Attributes
    ----------
    text : str
        What the entries are: begins with `IS`, is or are.
    predicted : array or None
        What the claimed gradient is by this pattern, where it says so of all entries.
    slack : float or array
        By how much the pattern multiplies the error of a measured entry.
    subject : str
        What the text is about, if not the wrong entries.
    plural : bool
        Whether `subject` is.
    """

    text: str
    predicted: NDArray[np.floating[Any]] | None = None
    slack: Any = 1.0
    subject: str = ""
    plural: bool = False
