"""Colours for curves: told apart by the colour-blind, in contrast 3 to 1 and more to the page.

They go back to the palette of M. Okabe and K. Ito, *Color universal design*, 2008, made darker for
a light page and lighter for a dark one.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["METHOD_COLOURS", "colour", "ink"]

LIGHT = ("#0072b2", "#c25e00", "#00805e", "#a0478c", "#5f5f5f", "#8a6d00")
DARK = ("#56b4e9", "#f0a030", "#30c8a0", "#e58fc8", "#b0b0b0", "#e0d050")
METHOD_COLOURS: Mapping[str, int] = {"node": 0, "weight": 1, "backprop": 2, "naive": 3}
"""Method → number of its colour, everywhere the same."""


def colour(number: int, *, dark: bool) -> str:
    """Return a curve's colour by number."""
    palette = DARK if dark else LIGHT
    return palette[number % len(palette)]


def ink(*, dark: bool) -> tuple[str, str]:
    """Return the colours of letters and of a chart's grid."""
    return ("#e8e8e8", "#4a4a4a") if dark else ("#1f1f1f", "#d8d8d8")
