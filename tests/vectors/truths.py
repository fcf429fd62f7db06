"""The true gradient of a vector's function, and how well differences can see each entry of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.vectors.exact import EXACT
from tests.vectors.vector import Vector

__all__ = ["Truth", "truth"]

Array = NDArray[Any]

IMPORTANT = 1e-3
"""An entry matters if a change of it moves f by so large a share of what the others move it."""

MARGINS = {"float64": 1e4, "float32": 300.0}
"""And if its effect is so many times the noise of f. Noise that is added has float32's margin."""

CLEAR = 1e4
"""Where a tenth can be told, and the slope is known to 1 %: the effect over the noise."""

NUDGE = 1e-18
"""Of an entry's size, for differences of numbers with 80 digits."""

VANISHING = 1e-20
"""An entry's effect over the rounding of f, below which the true slope is taken for 0."""

GRAIN = 64
"""Units in the last place of x that an entry's reach must have, to be differenced at all."""


@dataclass(frozen=True, eq=False)
class Truth:
    """What is true of a function at its point, in one dtype.

    Attributes
    ----------
    value : float
    gradient : array
    second, third : array
        ∂²f/∂x_i² and ∂³f/∂x_i³.
    size : array
        |x_i|, and the vector's scale where it is zero.
    kinks : array
        How far the nearest kink is.
    grain : array
        The distance from x_i to the next number of the dtype.
    rounding : float
        How far the function as computed in the dtype was from the true one, at most, at x and
        next to it, or half a unit in the last place of the value.
    """

    value: float
    gradient: Array
    second: Array
    third: Array
    size: Array
    kinks: Array
    grain: Array
    rounding: float
    dtype: str

    def reach(self, of: Array | None = None) -> Array:
        """Return how far each entry can be moved before f is no longer a parabola, or bends.

        That is (|g| / |f‴|)^½ for the gradient, or for other slopes `of` the same size.
        """
        slopes = np.abs(self.gradient if of is None else of)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            bend = np.sqrt(slopes) / np.sqrt(np.abs(self.third))
        smooth = np.fmin(self.size, np.where(self.third == 0, np.inf, bend))
        return np.minimum(smooth, self.kinks)

    def noise(self, relative: float = 0.0) -> float:
        """Return the noise of f where a relative noise is added to its values."""
        return max(self.rounding, relative * abs(self.value))

    @property
    def important(self) -> NDArray[np.bool_]:
        """The entries a change of which, by their size or within their reach, moves f."""
        important = np.zeros(self.gradient.shape, bool)
        for change in (self.size, self.reach()):
            effect = np.abs(self.gradient) * change
            important |= (effect >= IMPORTANT * effect.max()) & (effect > 0)
        return important

    def signal(self, relative: float = 0.0, of: Array | None = None) -> Array:
        """Return each entry's effect over the noise, at the nudge that makes most of it.

        That is within the entry's reach, and short enough for f, and so its noise, not to grow. It
        is 0 where x has too few digits for such a nudge. `of` takes the place of the gradient.
        """
        slopes = np.abs(self.gradient if of is None else of)
        noise = self.noise(relative)
        growth = max(relative, float(np.finfo(self.dtype).eps) / 2) * np.abs(self.second) / 2
        with np.errstate(divide="ignore"):
            nudge = np.minimum(self.reach(of), np.sqrt(noise / growth))
        effect = slopes * nudge / (noise + growth * nudge**2)
        return np.where(nudge >= GRAIN * self.grain, effect, 0.0)

    def matters(self, relative: float = 0.0, margin: float | None = None) -> NDArray[np.bool_]:
        """Return which entries are important and stand out of the noise by a margin."""
        if margin is None:
            margin = MARGINS["float32" if relative else self.dtype]
        return np.asarray(self.important & (self.signal(relative) >= margin))

    def clear(self, relative: float = 0.0) -> NDArray[np.bool_]:
        """Return which entries matter and stand out so far that a tenth of them can be told."""
        return self.matters(relative, CLEAR)

    def forward_error(self, relative: float = 0.0) -> Array:
        """Return how well a one-sided difference can know each entry, relative to it.

        That is 2·(noise·|f″|)^½ / |g|, where truncation and noise are as large as each other.
        """
        with np.errstate(divide="ignore", invalid="ignore"):
            return 2 * np.sqrt(self.noise(relative) * np.abs(self.second)) / np.abs(self.gradient)

    def asked(self, relative: float = 0.0) -> bool:
        """Return whether a check of the true gradient must pass.

        Always in float64. In float32 and with noise if every important entry stands out of it, or
        if the whole gradient is below it, as at an optimum.
        """
        if self.dtype == "float64" and not relative:
            return True
        effect = np.abs(self.gradient) * self.size
        still = bool((effect <= self.noise(relative)).all())
        return still or bool((self.matters(relative) == self.important).all())


@cache
def truth(vector: Vector, dtype: str = "float64") -> Truth:
    """Return what is true, by differences of numbers with 80 digits."""
    exact = EXACT[dtype]
    start = vector.x(dtype)
    x = exact.exactly(start)
    centre = vector.formula(exact, x)
    size = np.where(start == 0, vector.scales, np.abs(start.astype(np.float64)))
    columns = []
    for i, one in enumerate(size):
        h = exact.number(float(one)) * NUDGE
        values = []
        for k in (-2, -1, 1, 2):
            nearby = x.copy()
            nearby[i] = x[i] + k * h
            values.append(vector.formula(exact, nearby))
        a, b, c, d = values
        columns.append((
            (8 * (c - b) - (d - a)) / (12 * h),
            (c - 2 * centre + b) / h**2,
            ((d - a) - 2 * (c - b)) / (2 * h**3),
        ))  # fmt: skip
    gradient, second, third = np.array(columns, dtype=object).T.astype(np.float64)
    rounding = _rounding(vector, start, centre)
    gradient[np.abs(gradient) * size < VANISHING * rounding] = 0  # the rounding of 80 digits
    return Truth(
        float(centre), gradient, second, third, size, np.array(vector.kinks),
        np.spacing(np.abs(start)).astype(np.float64), rounding, dtype,
    )  # fmt: skip


def _rounding(vector: Vector, start: Array, centre: Any) -> float:
    """Return how far the computed function is from the true one, at x and at points near it."""
    exact = EXACT[start.dtype.name]
    eps = float(np.finfo(start.dtype).eps)
    rng = np.random.default_rng(0)
    worst = abs(float(exact.number(float(vector(start))) - centre))
    for _ in range(3):
        nearby = (start * (1 + 1e3 * eps * rng.normal(size=start.shape))).astype(start.dtype)
        true = vector.formula(exact, exact.exactly(nearby))
        worst = max(worst, abs(float(exact.number(float(vector(nearby))) - true)))
    return max(worst, 0.5 * eps * abs(float(centre)))
