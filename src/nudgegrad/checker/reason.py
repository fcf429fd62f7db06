"""Why an entry of a gradient could not be verified."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Reason"]


class Reason(IntEnum):
    """Why the differences do not settle an entry. Arrays hold it as int8."""

    NONE = 0
    """It was verified, or it was not checked."""
    BELOW_NOISE = 1
    """The function's rounding or noise hides the slope at every nudge."""
    DISAGREE = 2
    """No two nudges of clearly different lengths give the same slope."""
    NOT_FINITE = 3
    """The function is NaN or infinite, or raises, on the sides that would be needed."""
    LOOKED_ONCE = 4
    """The first look left a doubt, and the budget or the number of entries forbade a second."""
    KINKS = 5
    """Nudges that are long enough to rise above the noise step over kinks."""
    TOO_COARSE = 6
    """The shortest nudge that changes the parameter is too long."""

    @property
    def text(self) -> str:
        """The reason in words."""
        return TEXTS[self]

    def __str__(self) -> str:
        return self.name.lower()


TEXTS = {
    Reason.NONE: "",
    Reason.BELOW_NOISE: "the effect is below the function's noise",
    Reason.DISAGREE: "nudges of different lengths disagree",
    Reason.NOT_FINITE: "the function is not finite next to the point",
    Reason.LOOKED_ONCE: "there was no second look (too little time, or too many in doubt)",
    Reason.KINKS: "kinks lie within every nudge that the noise allows",
    Reason.TOO_COARSE: "the parameter's dtype cannot be nudged finely enough",
}
