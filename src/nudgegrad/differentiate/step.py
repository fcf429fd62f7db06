"""The nudge: fixed, relative, or chosen by balancing truncation against the function's noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.evaluate import Evaluator
from nudgegrad.differentiate.in_place import too_small
from nudgegrad.differentiate.schemes import CENTRAL, Scheme
from nudgegrad.differentiate.select import spread_sample

__all__ = [
    "Step", "apply_scheme", "check_steps", "choose_steps", "nudged", "tuning_evaluations",
    "two_slopes", "value_noise",
]  # fmt: skip

Array = NDArray[Any]

LADDER = tuple(8.0**k for k in range(-4, 4))
"""Nudges that are tried, as multiples of the first guess."""

TUNED_ENTRIES = 4
"""Entries of an array on which they are tried."""

REPEATS = 3
"""Evaluations at x itself, to see whether the function gives the same each time."""

NOISE_POINTS = 7
"""Points of a difference table, whose sixth differences show nothing but noise."""


@dataclass(frozen=True)
class Step:
    """The nudge of one array.

    Attributes
    ----------
    h : float
        In the units of the array, or of each entry's own size where `relative`.
    relative : bool
    noise : float
        Standard deviation of the function's values that is put down to rounding and noise.
    reason : str
        Why this h.
    """

    h: float
    relative: bool
    noise: float
    reason: str

    def sizes(self, values: Array) -> Array:
        """Return the nudge of each of these entries."""
        wide = np.result_type(values.dtype, np.float64)
        if not self.relative:
            return np.full(values.shape, self.h, dtype=wide)
        size = np.abs(values.astype(wide))
        return self.h * np.where(size > 0, size, 1)


def nudged(values: Array, sizes: Array, offsets: tuple[float, ...]) -> tuple[Array, Array]:
    """Return entries' values beside themselves, and the steps that their dtype really takes.

    Parameters
    ----------
    values : (n,) array
        The entries.
    sizes : (n,) array
        The nudge h of each.
    offsets
        k multiples of h.

    Returns
    -------
    points, steps : (n, k) arrays
        In the dtype of the values, and in at least double precision.
    """
    wide = np.result_type(values.dtype, np.float64)
    exact = values[:, None].astype(wide)
    points = (exact + sizes[:, None] * np.asarray(offsets)).astype(values.dtype)
    return points, points.astype(wide) - exact


def check_steps(name: str, values: Array, indices: Array, shape: Any, steps: Array, h: Any) -> None:
    """Raise if a nudge is below the resolution of an entry's dtype: x + h == x."""
    stuck = np.flatnonzero((steps == 0).any(axis=1) & np.isfinite(values))
    if len(stuck):
        first = int(stuck[0])
        index = [int(i) for i in np.unravel_index(int(indices[first]), shape)]
        raise too_small(h, f"{name}{index}", values[first])


def value_noise(value: Array) -> float:
    """Return the rounding of a value by itself: a third of its last digit."""
    eps = float(np.finfo(value.dtype if value.dtype.kind == "f" else np.float64).eps)
    size = float(np.max(np.abs(value), initial=0.0))
    return 0.3 * eps * size if np.isfinite(size) else 0.0


def tuning_evaluations(sizes: list[int], scheme: Scheme = CENTRAL) -> int:
    """Return how many evaluations `choose_steps` makes for arrays of so many chosen entries."""
    ladder = len(scheme.offsets_of_both) * len(LADDER)
    entries = sum(min(TUNED_ENTRIES, size) for size in sizes)
    return REPEATS + entries * (2 * (NOISE_POINTS - 1) + ladder)


def choose_steps(
    evaluate: Evaluator, chosen: list[Array], scheme: Scheme = CENTRAL, *, seed: int | None = 0
) -> tuple[list[Step], Array, bool]:
    """Choose every array's nudge by measuring, on a few of its entries.

    Noise is read from tables of differences (J. Moré and S. Wild, *Estimating computational
    noise*, 2011): in the sixth differences of a smooth function on so fine a grid nothing else
    is left. A ladder of nudges is then tried, and the one with the smallest sum of truncation,
    from S(h) − S(h/2), and noise over h is taken.

    Parameters
    ----------
    evaluate
        The function beside x.
    chosen
        For each array the flat indices of the entries that will be differenced.
    scheme
        The difference scheme.
    seed
        Of the choice of entries.

    Returns
    -------
    steps : list of Step
    centre : array
        f(x).
    deterministic : bool
        Whether f(x) was the same each time.
    """
    repeats = np.stack([evaluate.centre() for _ in range(REPEATS)])
    centre = repeats[0]
    noise = value_noise(centre)
    deterministic = bool(np.array_equal(repeats[1:], repeats[:-1], equal_nan=True))
    if not deterministic:
        noise = max(noise, float(np.max(np.std(repeats, axis=0, ddof=1, dtype=np.float64))))
    rng = np.random.default_rng(seed)
    steps = []
    for leaf, indices in enumerate(chosen):
        few = spread_sample(indices, TUNED_ENTRIES, rng)
        steps.append(_tune(evaluate, leaf, few, scheme, centre, noise))
    return steps, centre, deterministic


def _tune(
    evaluate: Evaluator, leaf: int, few: Array, scheme: Scheme, centre: Array, noise: float
) -> Step:
    """Return one array's step, tried on a few of its entries."""
    array = evaluate.arrays[leaf]
    values = array.flat[few]
    scale = _scale(array)
    eps = max(float(np.finfo(d).eps) for d in (array.dtype, centre.dtype) if d.kind == "f")
    if not len(few):
        return Step(scale * eps ** (1 / 3), False, noise, "none of its entries is differenced")
    spacing = _power_of_two(scale * eps ** (1 / 3) / 8)
    measured = _noises(evaluate, leaf, few, values, (spacing, 64 * spacing), centre)
    size = float(np.max(np.abs(centre), initial=0.0))
    # If nothing shows, the change may be below the last digit, which is that of the coarsest dtype.
    noise = max(noise, min((n for n in measured if n > 0), default=0.3 * eps * size))
    share = min(max(noise / size if size > 0 else eps, 1e-18), 1e-3)
    guess = _power_of_two(scale * share ** (1 / (1 + scheme.order)))
    ladder = guess * np.asarray(LADDER)
    # Several nudges by one call, as far as a block goes: calls of an evaluator that takes batches
    # cost as much as what they compute of so few entries.
    together = max(1, evaluate.block(leaf, len(scheme.offsets_of_both)) // len(few))
    errors = []
    for start in range(0, len(ladder), together):
        some = ladder[start : start + together]
        errors += _errors(evaluate, leaf, few, values, some, scheme, centre, noise)
    moving = np.array([np.nan if e is None else e for e in errors])
    if np.all(np.isnan(moving)):
        return Step(guess, False, noise, "nothing moves: the cube root of the noise")
    best = np.nanmin(moving)
    # The smallest that is nearly as good: a nudge that is short meets fewer kinks.
    h = guess * LADDER[int(np.flatnonzero(moving <= 2 * best)[0])]
    return Step(h, False, noise, f"balances truncation and a noise of {noise:.1e}")


def _scale(array: Array) -> float:
    """Return the size that an array's entries usually have, 1 for zeros."""
    size = np.abs(array[np.isfinite(array) & (array != 0)].astype(np.float64))
    return float(np.sqrt(np.mean(size**2))) if size.size else 1.0


def _power_of_two(h: float) -> float:
    """Return a power of two nearby: adding it to an entry mostly rounds nothing."""
    return float(2.0 ** np.round(np.log2(h)))


def _noises(
    evaluate: Evaluator, leaf: int, few: Array, values: Array, spacings: tuple[float, ...],
    centre: Array,
) -> list[float]:  # fmt: skip
    """Return the noise that difference tables of several spacings along a few entries show."""
    offsets = tuple(float(k) for k in range(1, NOISE_POINTS))
    points = [nudged(values, np.full(len(few), spacing), offsets)[0] for spacing in spacings]
    beside = evaluate.at(leaf, few, np.concatenate(points, axis=1))
    noises = []
    for values_beside in np.split(beside, len(spacings), axis=1):
        here = np.broadcast_to(centre, values_beside[:, :1].shape)
        table = np.concatenate([here, values_beside], axis=1)
        with np.errstate(invalid="ignore"):
            fifth = np.abs(np.diff(table, n=5, axis=1)) / np.sqrt(252)  # Σ_k C(5, k)²
        # Zeros are of entries that move nothing. A normal deviate's median is 0.6745.
        found = fifth[np.isfinite(fifth) & (fifth > 0)]
        noises.append(float(np.median(found) / 0.6745) if found.size else 0.0)
    return noises


def _errors(
    evaluate: Evaluator, leaf: int, few: Array, values: Array, ladder: Array, scheme: Scheme,
    centre: Array, noise: float,
) -> list[float | None]:  # fmt: skip
    """Return the error to be expected of each nudge, None if it does not move the function."""
    many, sizes = len(ladder), np.repeat(ladder, len(few))
    results = two_slopes(
        evaluate, leaf, np.tile(few, many), np.tile(values, many), sizes, scheme, centre
    )
    errors: list[float | None] = []
    for h, whole, half, steps in zip(
        ladder.tolist(), *(np.split(found, many) for found in results), strict=True
    ):
        rounding = scheme.rounding(2 * noise, h)
        moving = (steps != 0).all(axis=1) & _reduce(np.abs(whole) > rounding)
        with np.errstate(invalid="ignore"):
            truncation = _reduce(scheme.halving_factor() * np.abs(whole - half))
        error = float(np.median(truncation[moving])) + rounding if moving.any() else np.nan
        errors.append(error if np.isfinite(error) else None)
    return errors


def _reduce(values: Array) -> Array:
    """Return each entry's largest over the outputs of a function of Jacobian's kind."""
    return values.reshape(len(values), -1).max(axis=1) if values.ndim > 1 else values


def two_slopes(
    evaluate: Evaluator, leaf: int, indices: Array, values: Array, sizes: Array, scheme: Scheme,
    centre: Array,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Return S(h), S(h/2) and the steps taken, for some entries of a leaf."""
    offsets = scheme.offsets_of_both
    points, steps = nudged(values, sizes, offsets)
    found = evaluate.at(leaf, indices, points)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (
            apply_scheme(scheme, offsets, found, steps, centre),
            apply_scheme(scheme, offsets, found, steps, centre, part=0.5),
            steps,
        )


def apply_scheme(
    scheme: Scheme, offsets: tuple[float, ...], found: Array, steps: Array, centre: Array,
    part: float = 1.0,
) -> Array:  # fmt: skip
    """Return a scheme's slope at `part` of h from values at all offsets.

    Parameters
    ----------
    found : (n, k, …) array
        Values at the k offsets.
    steps : (n, k) array
        The steps taken.
    """
    column = {offset: k for k, offset in enumerate(offsets)}
    width = found.ndim - 2
    values = {0.0: centre}
    taken = {}
    for offset in scheme.offsets:
        k = column[offset * part]
        values[offset] = found[:, k]
        taken[offset] = steps[:, k].reshape((-1, *[1] * width))
    return scheme(values, taken)
