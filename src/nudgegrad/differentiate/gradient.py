"""The gradient and the Jacobian of any function of arrays, by differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.analytic import ANALYTIC_EVALUATIONS, check_analytic
from nudgegrad.differentiate.auto import Auto, TwoParts, auto_differences, count_auto
from nudgegrad.differentiate.bounds import Bounds, read_bounds
from nudgegrad.differentiate.evaluate import MAX_BYTES, Evaluator
from nudgegrad.differentiate.guarded import Guarded
from nudgegrad.differentiate.leaves import Leaves, flatten
from nudgegrad.differentiate.make_evaluator import as_called, make_evaluator
from nudgegrad.differentiate.memory import check_memory
from nudgegrad.differentiate.schemes import Scheme, find_scheme, one_sided
from nudgegrad.differentiate.select import select_entries
from nudgegrad.differentiate.step import (
    Step,
    apply_scheme,
    check_steps,
    nudged,
    value_noise,
)
from nudgegrad.differentiate.surroundings import surroundings
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
    value : float, complex number or array
        f(x).
    evaluations : int
        Points at which f was evaluated. Where f raises, it is called again for points of the same
        batch, which counts once.
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
    bounds: Any
    args: Any


def numerical_gradient(
    f: Callable[..., Any], x: Any, h: Any = None, **options: Unpack[DifferenceOptions]
) -> Any:
    """Return the gradient of a scalar function of one or several arrays, by differences.

    Every entry of `x` in turn is nudged, by default in place by +h and by −h, and

        ∂f/∂x_i ≈ ( f(x + h·e_i) − f(x − h·e_i) ) / 2h

    with the step that the dtype of `x` really takes in place of 2h.

    Parameters
    ----------
    f
        Takes `x` and returns one real number: of Python's or NumPy's, an array with one entry, of
        PyTorch's or JAX's too, or anything else that `float` takes. It must not change `x`. As in
        the lesson, it may ignore its argument and read `x` from where it lives, because `x` is
        nudged in place (not with ``vectorized``, ``workers`` or the complex step, which need f to
        use its argument).
    x : array of floats, or a structure of them
        Structures are tuples, named tuples, lists, mappings and dataclasses, nested to any depth.
        Whatever holds no floats in them, such as an integer or a string, is passed to f as it is.
        Arrays may have any shape, C or Fortran order, and be views, but must not share memory.
        Every entry is restored to its very bits, also when `f` raises. A Series or DataFrame of
        pandas is copied, and f gets another one for each nudge.
    h : float, "auto" or None
        The nudge, in the units of `x`. ``"auto"`` chooses it for each entry, by what nudges of
        many lengths show of truncation and of the noise of f. The central scheme then returns
        extrapolated slopes. None is 1e-4, or what suits the scheme.
    scheme : str or Scheme
        ``"forward"``, ``"central"``, ``"five-point"``, ``"richardson"`` or ``"complex-step"``.
    relative : bool
        Whether the nudge is h·abs(x_i), and h where x_i is zero.
    error_bars : bool
        Whether to return `Differences`, with an error estimate for every entry, for twice the
        evaluations; with ``h="auto"`` for little more.
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
    bounds : pair, or an object with attributes `lb` and `ub`
        Lowest and highest values at which f may be evaluated, in the units of `x`: each a number,
        None, or in the structure of `x`. Where ±h would leave them, the nudges of the entry go to
        one side, no farther than h, and the differences are of the same order.
    args : tuple
        More arguments of f, after `x`.

    Returns
    -------
    arrays of the shapes and dtypes of `x`, in its structure, or Differences
        Entries that were not chosen are NaN. None stands where `x` holds no floats.

    Raises
    ------
    ParameterError
        If there is no array of floats, or one that is not a writeable NumPy array with memory of
        its own; if `h` is not positive, or too small to change an entry in its dtype (x + h == x);
        if `f` returns anything but one number, changes `x`, returns what it remembers for an array
        that has since been nudged, or is not analytic and the scheme is the complex step; if an
        option does not fit.

    Notes
    -----
    What f raises is raised with a fixed `h`. With ``h="auto"`` it is raised at `x` itself; a point
    beside it counts as one where f is not finite.

    `count_evaluations` says beforehand how many evaluations of f it takes. Sources: *Deep Learning
    from Scratch* (K. Saitoh, 2016), section 4.4; for the other schemes `nudgegrad.differentiate`.

    Examples
    --------
    >>> x = np.array([3.0, 4.0])
    >>> np.round(numerical_gradient(lambda x: np.sum(x**2), x), 6)
    array([6., 8.])
    """
    f = as_called(f, options.pop("args", ()))
    return _differences(f, x, h, jacobian=False, **options)


def numerical_jacobian(
    f: Callable[..., Any], x: Any, h: Any = None, **options: Unpack[DifferenceOptions]
) -> Any:
    """Return the Jacobian of an array-valued function of one or several arrays.

    Parameters are those of `numerical_gradient`, but `f` returns an array of any shape, of real or
    complex numbers; with ``vectorized`` its first axis is the points.

    Returns
    -------
    For each array of `x` an array of the shape of f's value followed by the array's own.
    """
    f = as_called(f, options.pop("args", ()))
    return _differences(f, x, h, jacobian=True, **options)


def count_evaluations(x: Any, h: Any = None, **options: Unpack[DifferenceOptions]) -> int:
    """Return how often `numerical_gradient` would evaluate f, with the same arguments but f.

    Where no nudge of an array changes f, some more evaluations tell whether f remembers. With
    ``h="auto"`` it is the number for arrays whose entries are alike; others may take many more.
    """
    leaves = flatten(x)
    plan = _plan(leaves, h, **options)
    return _count(plan, _parts(leaves, plan, read_bounds(leaves, options.get("bounds"))))


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
    seed: int | None


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
        count = count_auto(leaves, chosen, found, error_bars)
    elif needs_centre:
        count += 1
    return _Plan(found, h, relative, error_bars, chosen, offsets, needs_centre, count, seed)


@dataclass(frozen=True)
class _Part:
    """Entries of an array that one scheme does for."""

    plan: _Plan
    indices: Array


def _parts(leaves: Leaves, plan: _Plan, bounds: Bounds | None) -> list[list[_Part]]:
    """Return for each array which entries are differenced how: on one side near their bounds."""
    if bounds is None or plan.scheme.is_complex or isinstance(plan.h, str):
        return [[_Part(plan, indices)] if len(indices) else [] for indices in plan.chosen]
    parts: list[list[_Part]] = []
    for leaf, (name, array, left) in enumerate(
        zip(leaves.names, leaves.arrays, plan.chosen, strict=True)
    ):
        parts.append([])
        for scheme in (plan.scheme, one_sided(plan.scheme, 1), one_sided(plan.scheme, -1)):
            offsets = scheme.offsets_of_both if plan.error_bars else scheme.offsets
            values = array.flat[left]
            sizes = Step(plan.h, plan.relative, 0.0, "").sizes(values)
            inside = bounds.hold(leaf, left, nudged(values, sizes, offsets)[0]).all(axis=1)
            way = plan
            if scheme is not plan.scheme:
                way = replace(plan, scheme=scheme, offsets=offsets, needs_centre=True)
            if inside.any():
                parts[-1].append(_Part(way, left[inside]))
            left = left[~inside]
        if len(left):
            index = [int(i) for i in np.unravel_index(int(left[0]), array.shape)]
            raise ParameterError(
                f"h must be small enough for the bounds of {name}{index or ''}, got {plan.h!r}: a "
                "nudge would leave them on both sides; mask= leaves out what is fixed"
            )
    return parts


def _count(plan: _Plan, parts: list[list[_Part]]) -> int:
    """Return how many evaluations there will be."""
    count = plan.evaluations
    flat = [part for of_leaf in parts for part in of_leaf]
    if plan.scheme.is_complex:
        count += ANALYTIC_EVALUATIONS * len(flat)
    if not plan.needs_centre and any(part.plan.needs_centre for part in flat):
        count += 1
    return count + sum(
        len(part.indices) * (len(part.plan.offsets) - len(plan.offsets)) for part in flat
    )


@np.errstate(all="ignore")
def _differences(
    f: Callable[[Any], Any], x: Any, h: Any, *, jacobian: bool, vectorized: bool = False,
    workers: int = 1, backend: str = "threads", progress: Callable[[int, int], Any] | None = None,
    cancel: Callable[[], bool] | None = None, max_bytes: int = MAX_BYTES, bounds: Any = None,
    **options: Any,
) -> Any:  # fmt: skip
    from nudgegrad.monitor import Monitor

    leaves = flatten(x)
    plan = _plan(leaves, h, **_known(options))
    limits = read_bounds(leaves, bounds)
    parts = _parts(leaves, plan, limits)
    evaluations = _count(plan, parts)
    plain = evaluate = make_evaluator(
        f, x, leaves, jacobian=jacobian, is_complex=plan.scheme.is_complex,
        vectorized=vectorized, workers=workers, backend=backend, max_bytes=max_bytes,
    )  # fmt: skip
    if plan.h == "auto":
        evaluate = Guarded(plain, limits)
    monitor = Monitor(evaluations, progress, cancel)
    centre: Any = None
    deterministic = True
    found: list[Auto] = []
    if plan.h == "auto":
        centre = evaluate.centre()
        parts_of = TwoParts(evaluate) if centre.dtype.kind == "c" else evaluate
        around = surroundings(parts_of)
        deterministic = around.deterministic
        monitor.advance(around.evaluations + 1)
        found = auto_differences(
            around, plan.chosen, plan.scheme, error_bars=plan.error_bars, seed=plan.seed,
            advance=monitor.advance_beyond,
        )  # fmt: skip
        if parts_of is not evaluate:
            found = [result.joined() for result in found]
        evaluations = monitor.done
        steps = [
            result.step(leaves.arrays[leaf], plan.chosen[leaf]) for leaf, result in enumerate(found)
        ]
    else:
        if any(part.plan.needs_centre for of_leaf in parts for part in of_leaf):
            centre = evaluate.centre()
            monitor.advance(1)
        noise = 0.0 if centre is None else value_noise(centre)
        reason = "relative to each entry" if plan.relative else "as told"
        steps = [Step(float(plan.h), plan.relative, noise, reason)] * len(leaves.names)
    slopes, errors = [], []
    for leaf, step in enumerate(steps):
        array = leaves.arrays[leaf]
        if found:
            where, slope, error = plan.chosen[leaf], found[leaf].slope, found[leaf].error
        else:
            where, slope, error = _leaf(evaluate, leaf, leaves, parts[leaf], step, centre, monitor)
        if len(where) and not slope.any():
            evaluations += check_memory(plain, leaf)
        if len(where) and plan.scheme.is_complex:
            check_analytic(plain, leaf, leaves.names[leaf], where, slope, limits)
            monitor.advance(ANALYTIC_EVALUATIONS)
        dtype = array.dtype
        if jacobian:
            dtype = np.result_type(dtype, slope.dtype if centre is None else centre.dtype)
        slopes.append(_whole(array, where, slope, dtype))
        errors.append(_whole(array, where, np.abs(error), np.real(slopes[-1]).dtype))
    if not plan.error_bars:
        return leaves.results(slopes)
    value = np.real(centre) if plan.scheme.is_complex else np.asarray(centre)
    return Differences(
        gradient=leaves.results(slopes),
        errors=leaves.results(errors),
        steps=dict(zip(leaves.names, steps, strict=True)),
        value=value if value.ndim else value.item(),
        evaluations=evaluations,
        deterministic=deterministic,
    )


def _known(options: dict[str, Any]) -> dict[str, Any]:
    known = ("scheme", "relative", "error_bars", "only", "mask", "sample", "seed")
    for name in options:
        if name not in known:
            raise TypeError(f"numerical_gradient() got an unexpected option {name!r}")
    return options


def _leaf(
    evaluate: Evaluator, leaf: int, leaves: Leaves, parts: list[_Part], step: Step, centre: Any,
    monitor: Monitor,
) -> tuple[Array, Array, Array]:  # fmt: skip
    """Return flat indices of one array's entries, (n,), their slopes and error bars, (n, …)."""
    places, slopes, errors = [], [], []
    for part in parts:
        block = evaluate.block(leaf, len(part.plan.offsets))
        for start in range(0, len(part.indices), block):
            indices = part.indices[start : start + block]
            slope, error = _block(evaluate, leaf, leaves, indices, part.plan, step, centre)
            places.append(indices)
            slopes.append(slope)
            errors.append(error)
            monitor.advance(len(indices) * len(part.plan.offsets))
    if not places:
        nothing = np.empty((0, *np.shape(centre)))
        return np.empty(0, np.intp), nothing, nothing
    return np.concatenate(places), np.concatenate(slopes), np.concatenate(errors)


def _whole(array: Array, indices: Array, values: Array, dtype: Any) -> Array:
    """Return an array with the values of some entries, NaN elsewhere, and the outputs first."""
    outputs = values.shape[1:]
    full = np.full((array.size, *outputs), np.nan, dtype=dtype)
    full[indices] = values
    return np.moveaxis(full, 0, -1).reshape((*outputs, *array.shape))


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
