"""A corpus of functions of one vector whose entries differ, to hold derivatives against."""

from __future__ import annotations

from tests.vectors import (
    chemistry,
    circuits,
    earth,
    least_squares,
    likelihoods,
    magnitudes,
    orbits,
    pharmacology,
    physics,
    piecewise,
    regressions,
    society,
    systems,
)
from tests.vectors.vector import Vector, collect

__all__ = ["VECTORS", "Vector"]

FAMILIES = (
    pharmacology,
    circuits,
    orbits,
    chemistry,
    physics,
    earth,
    society,
    likelihoods,
    magnitudes,
    piecewise,
    least_squares,
    systems,
    regressions,
)

VECTORS: tuple[Vector, ...] = tuple(one for family in FAMILIES for one in collect(family))
