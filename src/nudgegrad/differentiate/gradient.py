"""The gradient and the Jacobian of any function of arrays, by differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.evaluate import (
    MAX_BYTES,
    Evaluator,
    InPlace,
    Vectorized,
    Workers,
    any_array,
    complex_number,
    copies,
)
from nudgegrad.differentiate.in_place import real_number
from nudgegrad.differentiate.leaves import Leaves, flatten
from nudgegrad.differentiate.schemes import Scheme, find_scheme
from nudgegrad.differentiate.select import select_entries
from nudgegrad.differentiate.step import (
    Step,
    apply_scheme,
    check_steps,
    choose_steps,
    nudged,
    tuning_evaluations,
    value_noise,
)
from nudgegrad.monitor import Monitor
from nudgegrad.validation import ParameterError, check_boolean, check_choice, check_real

__all__ = ["Differences", "count_evaluations", "numerical_gradient", "numerical_jacobian"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Differences:
    """A numerical gradient or Jacobian with what is known about it.

    Attributes
    ----------
    gradient
        In the structure of x; NaN where an entry was not chosen.
    errors
        In the same structure: the estimated size of each entry's error, truncation, rounding and
        the function's noise together.
    steps : dict of str to Step
        For every array by name its nudge, why it was chosen, and the noise that was assumed.
    value : float or array
        f(x).
    evaluations : int
    deterministic : bool
        Whether repeated evaluations at x gave the same, where they were made (``h="auto"``).
    """

    gradient: Any
    errors: Any
    steps: dict[str, Step]
    value: Any
    evaluations: int
    deterministic: bool = True


class DifferenceOptions(TypedDict, total=False):
    """Options of `numerical_gradient` and `numerical_jacobian`, which says what they mean."""

    scheme: str | Scheme
    relative: bool
    error_bars: bool
    vectorized: bool
    workers: int
    backend: str
    only: str | Sequence[str] | None
    mask: Any
    sample: int | None
    seed: int | None
    progress: Callable[[int, int], Any] | None
    cancel: Callable[[], bool] | None
    max_bytes: int


def numerical_gradient(
    f: Callable[[Any], Any], x: Any, h: Any = None, **options: Unpack[DifferenceOptions]
) -> Any:
    """Return the gradient of a scalar function of one or several arrays, by differences.

    Every entry of `x` in turn is nudged, by default in place by +h and by −h, and

        ∂f/∂x_i ≈ ( f(x + h·e_i) − f(x − h·e_i) ) / 2h

    with the step that the dtype of `x` really takes in place of 2h.

    Parameters
    ----------
    f
        Takes `x` and returns one real number. As in the lesson, it may ignore its argument and
        read `x` from where it lives, because `x` is nudged in place (not with ``vectorized``,
        ``workers`` or the complex step, which need f to use its argument).
    x : array of floats, or a tuple, list or mapping of them, nested to any depth
        Any shapes, C or Fortran order, views included. Every entry is restored to its very bits,
        also when `f` raises.
    h : float, "auto" or None
        The nudge, in the units of `x`. ``"auto"`` balances, for each array, truncation against
        the measured noise of f. None is 1e-4, or what suits the scheme.
    scheme : str or Scheme
        ``"forward"``, ``"central"``, ``"five-point"``, ``"richardson"`` or ``"complex-step"``.
    relative : bool
        Whether the nudge is h·abs(x_i), and h where x_i is zero.
    error_bars : bool
        Whether to return `Differences`, with an error estimate for every entry, for twice the
        evaluations.
    vectorized : bool
        Whether f takes a batch of points: arrays with one more axis in front, and returns one
        value for each.
    workers : int
        Threads or processes that share the entries.
    backend : str
        ``"threads"`` or ``"processes"``, where there are several workers.
    only : str or list of str
        Globs on the arrays' names (keys joined by dots): ``"W*"``.
    mask
        Booleans in the structure of `x`: the entries to compute.
    sample : int
        Compute at most so many entries of every array, without replacement, spread over it.
    seed : int
        Of the sample.
    progress : callable
        Called with (evaluations done, total) now and then.
    cancel : callable
        Asked now and then; a true answer raises `Cancelled`.
    max_bytes : int
        Of a batch of points.

    Returns
    -------
    arrays of the shapes and dtypes of `x`, in its structure, or Differences
        Entries that were not chosen are NaN.

    Raises
    ------
    ParameterError
        If an array is not a writeable, non-empty NumPy array of floats, if `h` is not positive or
        too small to change an entry in its dtype (x + h == x), if `f` returns anything but one
        number, or if an option does not fit.

    Notes
    -----
    `count_evaluations` says beforehand how many evaluations of f it takes. Sources: *Deep Learning
    from Scratch* (K. Saitoh, 2016), section 4.4; for the other schemes `nudgegrad.differentiate`.

    Examples
    --------
    >>> x = np.array([3.0, 4.0])
    >>> np.round(numerical_gradient(lambda x: np.sum(x**2), x), 6)
    array([6., 8.])
    """
    return _differences(f, x, h, jacobian=False, **options)


def numerical_jacobian(
    f: Callable[[Any], Any], x: Any, h: Any = None, **options: Unpack[DifferenceOptions]
) -> Any:
    """Return the Jacobian of an array-valued function of one or several arrays.

    Parameters are those of `numerical_gradient`, but `f` returns an array of any shape; with
    ``vectorized`` its first axis is the points.

    Returns
    -------
    For each array of `x` an array of the shape of f's value followed by the array's own.
    """
    return _differences(f, x, h, jacobian=True, **options)


def count_evaluations(x: Any, h: Any = None, **options: Unpack[DifferenceOptions]) -> int:
    """Return how often `numerical_gradient` would evaluate f, with the same arguments but f."""
    leaves = flatten(x)
    plan = _plan(leaves, h, **options)
    return plan.evaluations


@dataclass(frozen=True)
class _Plan:
    """What will be done, known before anything is evaluated."""

    scheme: Scheme
    h: float | str
    relative: bool
    error_bars: bool
    chosen: list[Array]
    offsets: tuple[float, ...]
    needs_centre: bool
    evaluations: int


def _plan(
    leaves: Leaves, h: Any, *, scheme: str | Scheme = "central", relative: bool = False,
    error_bars: bool = False, only: str | Sequence[str] | None = None, mask: Any = None,
    sample: int | None = None, seed: int | None = 0, **_ignored: Any,
) -> _Plan:  # fmt: skip
    found = find_scheme(scheme)
    if isinstance(h, str):
        check_choice("h", h, ("auto",))
        if relative:
            raise ParameterError("relative must be False with h='auto', which chooses each step")
        if found.is_complex:  # nothing is subtracted, so there is nothing to balance
            h = found.default_h
    else:
        h = found.default_h if h is None else check_real("h", h, above=0)
    check_boolean("relative", relative)
    check_boolean("error_bars", error_bars)
    chosen = select_entries(leaves, only=only, mask=mask, sample=sample, seed=seed)
    offsets = found.offsets_of_both if error_bars else found.offsets
    needs_centre = error_bars or any(0 in (a, b) for a, b, _ in found.secants)
    count = len(offsets) * sum(len(indices) for indices in chosen)
    if h == "auto":
        count += tuning_evaluations([len(indices) for indices in chosen], found)
    elif needs_centre:
        count += 1
    return _Plan(found, h, relative, error_bars, chosen, offsets, needs_centre, count)


def _differences(
    f: Callable[[Any], Any], x: Any, h: Any, *, jacobian: bool, vectorized: bool = False,
    workers: int = 1, backend: str = "threads", progress: Callable[[int, int], Any] | None = None,
    cancel: Callable[[], bool] | None = None, max_bytes: int = MAX_BYTES, **options: Any,
) -> Any:  # fmt: skip
    from nudgegrad.monitor import Monitor

    leaves = flatten(x)
    plan = _plan(leaves, h, **_known(options))
    evaluate = make_evaluator(
        f, x, leaves, jacobian=jacobian, is_complex=plan.scheme.is_complex, vectorized=vectorized,
        workers=workers, backend=backend, max_bytes=max_bytes,
    )  # fmt: skip
    monitor = Monitor(plan.evaluations, progress, cancel)
    centre: Any = None
    deterministic = True
    if plan.h == "auto":
        steps, centre, deterministic = choose_steps(evaluate, plan.chosen, plan.scheme)
        monitor.advance(tuning_evaluations([len(c) for c in plan.chosen], plan.scheme))
    else:
        if plan.needs_centre:
            centre = evaluate.centre()
            monitor.advance(1)
        noise = 0.0 if centre is None else value_noise(centre)
        reason = "relative to each entry" if plan.relative else "as told"
        steps = [Step(float(plan.h), plan.relative, noise, reason)] * len(leaves.names)
    slopes, errors = [], []
    for leaf, step in enumerate(steps):
        slope, error = _leaf(evaluate, leaf, leaves, plan, step, centre, monitor, jacobian)
        slopes.append(slope)
        errors.append(error)
    if not plan.error_bars:
        return leaves.rebuild(slopes)
    value = np.real(centre)
    return Differences(
        gradient=leaves.rebuild(slopes),
        errors=leaves.rebuild(errors),
        steps=dict(zip(leaves.names, steps, strict=True)),
        value=value if value.ndim else float(value),
        evaluations=plan.evaluations,
        deterministic=deterministic,
    )


def _known(options: dict[str, Any]) -> dict[str, Any]:
    known = ("scheme", "relative", "error_bars", "only", "mask", "sample", "seed")
    for name in options:
        if name not in known:
            raise TypeError(f"numerical_gradient() got an unexpected option {name!r}")
    return options


def make_evaluator(
    f: Callable[[Any], Any], x: Any, leaves: Leaves, *, jacobian: bool = False,
    is_complex: bool = False, vectorized: bool = False, workers: int = 1, backend: str = "threads",
    max_bytes: int = MAX_BYTES,
) -> Evaluator:  # fmt: skip
    """Return what evaluates `f` beside `x` in the way that the options ask for."""
    check_boolean("vectorized", vectorized)
    check_choice("backend", backend, ("threads", "processes"))
    if vectorized and workers != 1:
        raise ParameterError("workers must be 1 with vectorized=True, got " + repr(workers))
    if is_complex:
        leaves = copies(leaves, np.complex128)
        x = leaves.rebuild(leaves.arrays)
    if vectorized:
        return Vectorized(f, leaves, any_array, max_bytes, scalar=not jacobian)
    read: Callable[[Any], Any] = real_number
    if jacobian:
        read = any_array
    elif is_complex:
        read = complex_number
    if workers != 1:
        return Workers(f, leaves, read, workers, backend, max_bytes)
    return InPlace(f, x, leaves, read)


def _leaf(
    evaluate: Evaluator, leaf: int, leaves: Leaves, plan: _Plan, step: Step, centre: Any,
    monitor: Monitor, jacobian: bool,
) -> tuple[Array, Array | None]:  # fmt: skip
    """Return one array's gradient and its error bars; for a Jacobian with the outputs first."""
    array, indices = leaves.arrays[leaf], plan.chosen[leaf]
    block = evaluate.block(leaf, len(plan.offsets))
    slopes, errors = [], []
    for start in range(0, len(indices), block):
        part = indices[start : start + block]
        slope, error = _block(evaluate, leaf, leaves, part, plan, step, centre)
        slopes.append(slope)
        errors.append(error)
        monitor.advance(len(part) * len(plan.offsets))
    outputs = slopes[0].shape[1:] if slopes else np.shape(centre)
    dtype = array.dtype
    if jacobian and slopes:
        dtype = np.result_type(array.dtype, slopes[0].dtype if centre is None else centre.dtype)
        dtype = dtype if dtype.kind == "f" else np.dtype(np.float64)
    results = []
    for parts in (slopes, errors):
        full = np.full((array.size, *outputs), np.nan, dtype=dtype)
        if slopes and (plan.error_bars or parts is slopes):
            full[indices] = np.concatenate(parts)
        results.append(np.moveaxis(full, 0, -1).reshape((*outputs, *array.shape)))
    return results[0], results[1] if plan.error_bars else None


def _block(
    evaluate: Evaluator, leaf: int, leaves: Leaves, indices: Array, plan: _Plan, step: Step,
    centre: Any,
) -> tuple[Array, Array]:  # fmt: skip
    """Return slopes and error bars of a block of entries, (n, …) each."""
    array, scheme = leaves.arrays[leaf], plan.scheme
    values = array.flat[indices]
    sizes = step.sizes(values)
    if scheme.is_complex:
        return _complex_block(evaluate, leaf, indices, values, sizes, plan)
    points, steps = nudged(values, sizes, plan.offsets)
    check_steps(leaves.names[leaf], values, indices, array.shape, steps, step.h)
    found = evaluate.at(leaf, indices, points)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = apply_scheme(scheme, plan.offsets, found, steps, centre)
        if not plan.error_bars:
            return slope, slope
        half = apply_scheme(scheme, plan.offsets, found, steps, centre, part=0.5)
        truncation = scheme.halving_factor() * np.abs(slope - half)
    width = sizes.reshape((-1, *[1] * (slope.ndim - 1)))
    noise = max(step.noise, value_noise(np.asarray(centre)))
    return slope, truncation + scheme.rounding(2 * noise, width)


def _complex_block(
    evaluate: Evaluator, leaf: int, indices: Array, values: Array, sizes: Array, plan: _Plan
) -> tuple[Array, Array]:
    """Return slopes and error bars by imaginary nudges, which no rounding can swallow."""
    offsets = np.asarray(plan.offsets)
    steps = sizes[:, None].astype(np.float64) * offsets
    found = evaluate.at(leaf, indices, values[:, None] + 1j * steps)
    width = [1] * (found.ndim - 2)
    slope = np.imag(found[:, 0]) / steps[:, 0].reshape((-1, *width))
    if not plan.error_bars:
        return slope, slope
    half = np.imag(found[:, 1]) / steps[:, 1].reshape((-1, *width))
    eps = float(np.finfo(np.float64).eps)
    return slope, np.abs(slope - half) * plan.scheme.halving_factor() + 8 * eps * np.abs(slope)
