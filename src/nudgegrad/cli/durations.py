"""Times as people say them."""

from __future__ import annotations

__all__ = ["format_duration"]


def format_duration(seconds: float) -> str:
    """Return a duration in a unit that fits: ``410 µs``, ``12.3 s``, ``4 min 05 s``, ``8 days``."""
    for unit, name in ((1e-6, "µs"), (1e-3, "ms")):
        if seconds < 999.5 * unit:  # below what three digits round up to the next unit
            return f"{seconds / unit:.3g} {name}"
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    if seconds < 3599.5:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes} min {rest:02} s"
    hours = seconds / 3600
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"
