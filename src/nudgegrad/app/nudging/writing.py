"""Numbers as they are written on the tab."""

from __future__ import annotations

import math

__all__ = ["exact", "power", "rough", "signed", "slope"]


def exact(value: float) -> str:
    """Return a number with the digits that matter when two of them are subtracted."""
    return f"{value:.15g}" if math.isfinite(value) else "–"


def slope(value: float) -> str:
    """Return a slope with as many digits as float32 has, and some."""
    return f"{value:.7e}" if math.isfinite(value) else "–"


def rough(value: float) -> str:
    """Return an error's size."""
    return f"{value:.1e}" if math.isfinite(value) else "–"


def signed(value: float) -> str:
    """Return a number with its sign."""
    return f"{value:+.4g}".replace("-", "−") if math.isfinite(value) else "–"


def power(exponent: float) -> str:
    """Return 10 to an exponent."""
    value = 10.0**exponent
    return f"{value:.3g}" if 0.01 <= value < 1000 else f"{value:.1e}".replace(".0e", "e")
