"""Symmetric matrices of which a function reads one triangle alone."""

from __future__ import annotations

import numpy as np

from nudgegrad.checker.diagnosis.evidence import Context, Evidence
from nudgegrad.checker.diagnosis.finding import IS, NAMES, Finding

__all__ = ["one_triangle"]


def one_triangle(evidence: Evidence, context: Context) -> Finding | None:
    """Find a symmetric gradient of a function that does not look at half of the entries.

    Eigenvalues and Cholesky factors of symmetric matrices read a triangle. Differences then say
    zero for the other one, and twice as much as the formula, which shares it out among both.
    """
    shape = evidence.numeric.shape
    if len(shape) < 2 or shape[-1] != shape[-2] or shape[-1] < 2:
        return None
    shared = (evidence.numeric + np.swapaxes(evidence.numeric, -1, -2)) / 2
    # An entry of the shared gradient is known as well as the two that it is made of.
    slack = 1 + np.swapaxes(evidence.tolerance, -1, -2) / evidence.tolerance
    row, column = np.indices(shape[-2:])
    for name, unread in (("lower", row < column), ("upper", row > column)):
        still = evidence.known & unread
        small = np.abs(evidence.numeric) <= evidence.tolerance
        if (
            still.any()
            and small[still].all()
            and evidence.explained_by(shared, slack)
            and evidence.holds_everywhere(shared, slack)
        ):
            return Finding(
                f"{IS} symmetric, but f reads the {name} triangle alone: check f of (A + Aᵀ)/2, or "
                "claim twice the entries of that triangle and zeros for the other",
                shared,
                slack,
                subject=f"the claimed gradient of {NAMES}",
            )
    return None
