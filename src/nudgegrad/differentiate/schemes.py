"""Difference schemes: their coefficients, the error they make, and how to apply them.

Every scheme but the complex step is a combination of **secants**:

    S(h) = Σ_k c_k · ( f(x + a_k·h) − f(x + b_k·h) ) / ( (a_k − b_k)·h ),      Σ c_k = 1

so that each secant can be divided by the step that the dtype really took. Sources: B. Fornberg,
*Generation of finite difference formulas on arbitrarily spaced grids* (1988); L. Richardson, *The
approximate arithmetical solution by finite differences* (1911); W. Squire and G. Trapp, *Using
complex variables to estimate derivatives of real functions* (1998).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.validation import ParameterError, check_choice

__all__ = [
    "CENTRAL", "COMPLEX_STEP", "FIVE_POINT", "FORWARD", "RICHARDSON", "SCHEMES", "Scheme",
    "find_scheme", "one_sided",
]  # fmt: skip

Array = NDArray[Any]


@dataclass(frozen=True)
class Scheme:
    """A difference scheme.

    Attributes
    ----------
    name : str
    secants : tuple of (a, b, c)
        Each secant's two ends in units of h, and its coefficient. Empty for the complex step.
    order : int
        The truncation error is O(h^order).
    truncation : str
        Its leading term.
    default_h : float
    """

    name: str
    secants: tuple[tuple[float, float, float], ...]
    order: int
    truncation: str
    default_h: float = 1e-4

    @property
    def is_complex(self) -> bool:
        """Whether the nudge is imaginary."""
        return not self.secants

    @property
    def offsets(self) -> tuple[float, ...]:
        """Where the function is evaluated near x itself, in units of h."""
        if self.is_complex:
            return (1.0,)
        ends = {end for a, b, _ in self.secants for end in (a, b)}
        return tuple(sorted(ends - {0.0}))

    @property
    def offsets_of_both(self) -> tuple[float, ...]:
        """The same for S(h) and S(h/2) together; every one of them costs an evaluation."""
        return tuple(dict.fromkeys((*self.offsets, *(o / 2 for o in self.offsets))))

    def __call__(self, values: Mapping[float, Array], steps: Mapping[float, Array]) -> Array:
        """Return the slope.

        Parameters
        ----------
        values
            Offset → the function's values there, arrays of any one shape. Offset 0 too where a
            secant ends there.
        steps
            Offset → the step really taken, in shapes that broadcast against the values.
        """
        if self.is_complex:
            return np.imag(values[1.0]) / steps[1.0]
        zero = np.zeros_like(next(iter(steps.values())))
        taken = {0.0: zero, **steps}
        slope: Any = 0.0
        for a, b, c in self.secants:
            slope = slope + c * (values[a] - values[b]) / (taken[a] - taken[b])
        return np.asarray(slope)

    def rounding(self, noise: Any, h: Any) -> Any:
        """Return the error of the slope when every value is off by up to `noise`.

        Σ_k |c_k|·2·noise / (|a_k − b_k|·h); nothing for the complex step, which subtracts nothing.
        """
        if self.is_complex:
            return 0 * noise * h
        return sum(abs(c) * 2 / abs(a - b) for a, b, c in self.secants) * noise / h

    def halving_factor(self) -> float:
        """Return C in: truncation error of S(h) ≈ C·|S(h) − S(h/2)|."""
        return float(2**self.order / (2**self.order - 1))


FORWARD = Scheme("forward", ((1, 0, 1.0),), 1, "h/2 · f″")
CENTRAL = Scheme("central", ((1, -1, 1.0),), 2, "h²/6 · f‴")
FIVE_POINT = Scheme("five-point", ((1, -1, 4 / 3), (2, -2, -1 / 3)), 4, "−h⁴/30 · f⁽⁵⁾", 1e-3)
RICHARDSON = Scheme(
    "richardson",
    ((1, -1, 1 / 45), (0.5, -0.5, -20 / 45), (0.25, -0.25, 64 / 45)),
    6,
    "h⁶/322560 · f⁽⁷⁾",
    1e-2,
)
COMPLEX_STEP = Scheme("complex-step", (), 2, "−h²/6 · f‴", 1e-20)


def one_sided(scheme: Scheme, side: int) -> Scheme:
    """Return a scheme of the same order that evaluates on one side of x alone, and as far from it.

    With q(s) = (f(x + s) − f(x))/s the slope is q(0), and the polynomial through q at n points
    k·H/n gives it with the coefficients (−1)^(k+1)·C(n, k).

    Parameters
    ----------
    scheme
        Of real nudges; H is the longest of them.
    side
        1 for above x, −1 for below.
    """
    n = scheme.order
    longest = max(map(abs, scheme.offsets))
    secants = tuple(
        (side * k * longest / n, 0.0, float((-1) ** (k + 1) * math.comb(n, k)))
        for k in range(1, n + 1)
    )
    truncation = f"of the order of h^{n}"
    return Scheme(f"one-sided {scheme.name}", secants, n, truncation, scheme.default_h)


SCHEMES = {s.name: s for s in (FORWARD, CENTRAL, FIVE_POINT, RICHARDSON, COMPLEX_STEP)}


def find_scheme(scheme: str | Scheme) -> Scheme:
    """Return a scheme by its name, or the one that is given."""
    if isinstance(scheme, Scheme):
        if scheme.secants and abs(sum(c for _, _, c in scheme.secants) - 1) > 1e-12:
            raise ParameterError(f"scheme's coefficients must add up to 1, got {scheme.secants}")
        return scheme
    return SCHEMES[check_choice("scheme", scheme, tuple(SCHEMES))]
