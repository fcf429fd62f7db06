"""The check itself, for any function that can be evaluated beside a point.

A first look at every entry, a second at those that it leaves in doubt, and the verdicts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.check.cost import FIRST_LOOK, Budget, Cost, announce_cost
from nudgegrad.check.judge import Tolerances, judge
from nudgegrad.check.probe import EVALUATIONS, Probe, probe
from nudgegrad.check.report import ParameterCheck, Report
from nudgegrad.check.second_look import Look, doubtful, second_look
from nudgegrad.check.taylor import HALVINGS, taylor_test
from nudgegrad.check.ties import wrong_at_ties
from nudgegrad.check.verdict import Verdict
from nudgegrad.differentiate.evaluate import Evaluator
from nudgegrad.differentiate.leaves import Leaves
from nudgegrad.differentiate.select import select_entries
from nudgegrad.differentiate.step import Step, choose_steps, tuning_evaluations, value_noise
from nudgegrad.validation import ParameterError, check_boolean, check_choice, check_real

__all__ = ["Options", "examine"]

Array = NDArray[Any]

MOST_SECOND_LOOKS = 4096
"""Entries of an array that are looked at twice. Where more are in doubt, the others are judged by
the first look."""

NOISY = 100.0
"""A function whose noise is so many times its dtype's rounding is called noisy."""


@dataclass(frozen=True)
class Options:
    """How to check. See `nudgegrad.check.check` for what the fields mean."""

    factor: float = 3.0
    rtol: float | None = None
    atol: float | None = None
    h: float | str = "auto"
    only: str | Sequence[str] | None = None
    mask: Any = None
    sample: int | None = None
    seed: int | None = 0
    max_seconds: float | None = None
    taylor: bool = False
    progress: Callable[[int, int], Any] | None = None
    cancel: Callable[[], bool] | None = None
    announce: Callable[[Cost], Any] | None = announce_cost

    def __post_init__(self) -> None:
        check_real("factor", self.factor, low=1)
        for name in ("rtol", "atol"):
            if getattr(self, name) is not None:
                check_real(name, getattr(self, name), low=0)
        if isinstance(self.h, str):
            check_choice("h", self.h, ("auto",))
        else:
            check_real("h", self.h, above=0)
        if self.max_seconds is not None:
            check_real("max_seconds", self.max_seconds, above=0)
        check_boolean("taylor", self.taylor)

    @property
    def tolerances(self) -> Tolerances:
        """How far an entry may be off."""
        return Tolerances(self.factor, self.rtol, self.atol)


class Entries:
    """One array's chosen entries, and what has been found out of them.

    Attributes
    ----------
    leaf : int
        Which array.
    indices : (n,) int array
        Flat indices into it.
    analytic : (n,) array
        What was claimed.
    h, noise : float
        Nudge and the function's noise.
    roundoff : float
        Of the claimed gradient's dtype.
    seen : Probe
        The best that was measured of each entry.
    checked : (n,) bool array
        Which entries were looked at.
    verdict, allowed : (n,) arrays
    """

    def __init__(self, leaf: int, indices: Array, claimed: Array, step: Step) -> None:
        self.leaf, self.indices = leaf, indices
        self.analytic = np.asarray(claimed, np.float64).reshape(-1)[indices]
        self.h, self.noise = step.h, step.noise
        kind = claimed.dtype if claimed.dtype.kind == "f" else np.dtype(np.float64)
        self.roundoff = float(np.finfo(kind).eps) / 2
        size = len(indices)
        nothing = np.full(size, np.nan)
        self.seen = Probe._make([*[nothing] * 7, np.full(size, step.h)])
        self.checked = np.zeros(size, dtype=bool)
        self.verdict = np.zeros(size, dtype=np.int8)
        self.allowed = nothing

    @property
    def nudge(self) -> Array:
        """The nudge that each entry's numbers come from."""
        return self.seen.h


def examine(
    evaluate: Evaluator,
    leaves: Leaves,
    analytic: Sequence[Array],
    options: Options,
    *,
    method: str,
    again: Sequence[Array] | None = None,
    spent: int = 0,
    notes: Sequence[str] = (),
) -> Report:
    """Check claimed gradients against differences of a function.

    Parameters
    ----------
    evaluate
        The function beside a point.
    leaves
        The point's arrays, with their names.
    analytic
        For each of them its claimed gradient, of its shape.
    options
        How to check.
    method
        How `evaluate` works and why so, for the report.
    again
        The gradients claimed when asked a second time. Where they differ from the first, which
        cannot both be right, an entry is wrong.
    spent
        Evaluations that were made before.
    notes
        What else the report should say.
    """
    chosen = select_entries(
        leaves, only=options.only, mask=options.mask, sample=options.sample, seed=options.seed
    )
    sizes = [len(indices) for indices in chosen]
    budget = Budget(
        EVALUATIONS * sum(sizes), options.max_seconds, options.progress, options.cancel,
        options.announce,
    )  # fmt: skip
    steps, value, deterministic = choose_steps(evaluate, chosen)
    centre = float(value)
    if not np.isfinite(centre):
        raise ParameterError(f"the function must be finite where it is checked, got {centre}")
    if not isinstance(options.h, str):
        steps = [Step(options.h, False, step.noise, "as told") for step in steps]
    entries = [
        Entries(leaf, indices, claimed, step)
        for leaf, (indices, claimed, step) in enumerate(zip(chosen, analytic, steps, strict=True))
    ]
    budget.begin()
    _first_look(evaluate, entries, centre, budget, options.seed)
    resolution = NOISY * _resolution(evaluate, value)
    for part in entries:
        noisy = not deterministic or part.noise > resolution
        _settle(evaluate, part, centre, options.tolerances, noisy, budget)
    remarks, used = wrong_at_ties(evaluate, entries, centre)
    if again is not None and _changed(entries, again):
        remarks.append("the gradient differs from call to call at one point")
    taylor = None
    if options.taylor:
        moves = [(part.indices, part.h) for part in entries]
        noise = max(part.noise for part in entries)
        taylor = taylor_test(evaluate, analytic, moves, centre, noise)
    used += HALVINGS if taylor is not None else 0
    if deterministic:
        used += 1
        deterministic = float(evaluate.centre()) == centre
    if not deterministic:
        remarks.append(
            "two evaluations at one point differ: seed the function, or switch its randomness off"
        )
    if budget.cancelled:
        remarks.append("the check was stopped before its end")
    return Report(
        parameters={
            name: _parameter_check(name, array, claimed, part)
            for name, array, claimed, part in zip(
                leaves.names, leaves.arrays, analytic, entries, strict=True
            )
        },
        method=method,
        loss=centre,
        evaluations=spent + tuning_evaluations(sizes) + budget.evaluations + used,
        seconds=time.perf_counter() - budget.started,
        noise=max(part.noise for part in entries),
        deterministic=deterministic,
        factor=options.factor,
        rtol=options.rtol,
        atol=options.atol,
        notes=(*notes, *remarks),
        taylor=taylor,
    )


def _resolution(evaluate: Evaluator, value: Array) -> float:
    """Return the rounding of a value in the coarsest dtype that is in play."""
    kinds = {array.dtype for array in (*evaluate.arrays, np.asarray(value))}
    eps = max(float(np.finfo(kind).eps) for kind in kinds if kind.kind == "f")
    return max(0.3 * eps * float(np.abs(value)), value_noise(np.asarray(value)))


def _first_look(
    evaluate: Evaluator, entries: list[Entries], centre: float, budget: Budget, seed: int | None
) -> None:
    """Look at every entry once; with a budget at a growing share of every array, until it ends."""
    shares = [1.0] if budget.max_seconds is None else [2.0**k for k in range(-7, 1)]
    rng = np.random.default_rng(seed)
    orders = [
        np.arange(len(part.indices)) if len(shares) == 1 else rng.permutation(len(part.indices))
        for part in entries
    ]
    done = [0] * len(entries)
    for share in shares:
        for k, part in enumerate(entries):
            upto = int(np.ceil(share * len(orders[k])))
            block = evaluate.block(part.leaf, EVALUATIONS)
            while done[k] < upto:
                if budget.over(FIRST_LOOK):
                    return
                chosen = orders[k][done[k] : min(done[k] + block, upto)]
                _look(evaluate, part, chosen, centre)
                done[k] += len(chosen)
                budget.spend(EVALUATIONS * len(chosen))


def _look(evaluate: Evaluator, part: Entries, chosen: Array, centre: float) -> None:
    h = np.full(len(chosen), part.h)
    seen = probe(evaluate, part.leaf, part.indices[chosen], h, centre, part.noise)
    part.seen = part.seen.put(chosen, seen)
    part.checked[chosen] = True


def _settle(
    evaluate: Evaluator, part: Entries, centre: float, tolerances: Tolerances, noisy: bool,
    budget: Budget,
) -> None:  # fmt: skip
    """Give each entry of an array its verdict, after a second look at those in doubt."""
    here = np.flatnonzero(part.checked)
    if not len(here):
        return
    part.noise = max(part.noise, _scatter(part.seen.scatter[here]))
    analytic, seen = part.analytic[here], part.seen.take(here).with_noise(part.noise)

    def allowed(claimed: Array, error: Array) -> Array:
        return tolerances.bars(claimed, error, part.roundoff)

    kink = np.zeros(len(here), dtype=bool)
    doubt = np.flatnonzero(doubtful(analytic, seen, allowed(analytic, seen.error)))
    if len(doubt) > MOST_SECOND_LOOKS:
        doubt = doubt[np.linspace(0, len(doubt) - 1, MOST_SECOND_LOOKS).astype(int)]
    block = evaluate.block(part.leaf, EVALUATIONS)
    for start in range(0, len(doubt), block):
        if budget.over():
            break
        again = doubt[start : start + block]
        look = second_look(
            evaluate, part.leaf, part.indices[here[again]], analytic[again], seen.take(again),
            allowed, centre, part.noise,
        )  # fmt: skip
        seen = seen.put(again, look.best)
        kink[again] = look.kink
        budget.spend(look.evaluations)
    low, high = Look(seen, kink, 0).bounds
    verdict, bars = judge(
        analytic, seen.numeric, seen.error, tolerances, roundoff=part.roundoff, noisy=noisy,
        still=seen.still, reach=seen.reach, kink=kink, low=low, high=high,
    )  # fmt: skip
    part.seen = part.seen.put(here, seen)
    part.verdict[here] = verdict
    part.allowed = np.full(len(part.indices), np.nan)
    part.allowed[here] = bars


def _changed(entries: list[Entries], again: Sequence[Array]) -> bool:
    """Mark entries wrong that were claimed differently the second time; tell if there are any."""
    found = False
    for part, second in zip(entries, again, strict=True):
        claimed = np.asarray(second, np.float64).reshape(-1)[part.indices]
        with np.errstate(invalid="ignore"):
            changed = part.checked & ~(np.abs(claimed - part.analytic) <= part.allowed)
        part.verdict[changed] = Verdict.WRONG
        found = found or bool(changed.any())
    return found


def _scatter(samples: Array) -> float:
    """Return the noise that many entries' samples of it amount to, where they show any."""
    some = samples[samples > 0]
    return float(np.median(some) / 0.6745) if len(some) >= 8 else 0.0  # of a normal deviate


def _parameter_check(name: str, array: Array, claimed: Array, part: Entries) -> ParameterCheck:
    """Put the chosen entries' numbers in their places."""

    def full(values: Array, rest: Any, dtype: Any = np.float64) -> Array:
        whole = np.full(array.size, rest, dtype=dtype)
        whole[part.indices] = values
        return whole.reshape(array.shape)

    unseen = ~part.checked
    return ParameterCheck(
        name=name,
        value=np.asarray(array, np.float64),
        analytic=np.asarray(claimed, np.float64),
        numeric=full(np.where(unseen, np.nan, part.seen.numeric), np.nan),
        error=full(np.where(unseen, np.nan, part.seen.error), np.nan),
        tolerance=full(part.allowed, np.nan),
        verdict=full(part.verdict, Verdict.UNCHECKED, np.int8),
        h=part.h,
    )
