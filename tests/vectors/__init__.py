"""A corpus of functions of one vector whose entries differ, to hold derivatives against."""

from __future__ import annotations

from tests.vectors import (
    chemistry,
    circuits,
    likelihoods,
    magnitudes,
    orbits,
    pharmacology,
)
from tests.vectors.vector import Vector, collect

__all__ = ["VECTORS", "Vector"]

FAMILIES = (pharmacology, circuits, orbits, chemistry, likelihoods, magnitudes)

VECTORS: tuple[Vector, ...] = tuple(one for family in FAMILIES for one in collect(family))
