"""The check itself, for any function that can be evaluated near a point.

Ladders of a sample of every array, a look at the other entries, ladders for those that this leaves
in doubt, and the verdicts.
"""

from __future__ import annotations

import difflib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.checker.cost import FIRST_LOOK, Budget, Cost, announce_cost
from nudgegrad.checker.entries import Claims
from nudgegrad.checker.judge import Tolerances
from nudgegrad.checker.report import Report
from nudgegrad.checker.taylor import HALVINGS, taylor_test
from nudgegrad.checker.ties import wrong_at_ties
from nudgegrad.checker.verdict import Verdict
from nudgegrad.differentiate.bounds import read_bounds
from nudgegrad.differentiate.evaluate import Evaluator
from nudgegrad.differentiate.guarded import Guarded
from nudgegrad.differentiate.leaves import Leaves
from nudgegrad.differentiate.probe import GLANCE
from nudgegrad.differentiate.select import select_entries
from nudgegrad.differentiate.surroundings import surroundings
from nudgegrad.validation import ParameterError, check_boolean, check_choice, check_real

__all__ = ["STOPPED", "Options", "examine"]

Array = NDArray[Any]

NOISY = 100.0
"""A function whose noise is so many times its dtype's rounding is called noisy."""


ONE_SIDED = "the function is finite on one side only of {}, whose slopes are of that side"
"""What a report says at an edge of the function's domain."""

STOPPED = "the check was stopped before its end"
"""What a report says that `cancel` has ended."""


@dataclass(frozen=True)
class Options:
    """How to check. See `nudgegrad.checker.check` for what the fields mean."""

    factor: float = 3.0
    rtol: float | None = None
    atol: float | None = None
    h: float | str = "auto"
    only: str | Sequence[str] | None = None
    mask: Any = None
    sample: int | None = None
    seed: int | None = 0
    max_seconds: float | None = None
    bounds: Any = None
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

    @classmethod
    def named(cls, options: dict[str, Any]) -> Options:
        """Return options from keywords; one that there is not is named, with the nearest."""
        known = [field.name for field in fields(cls)]
        for name in options:
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(known)}"
                raise TypeError(f"check() got an unexpected option {name!r}; {hint}")
        return cls(**options)

    @property
    def tolerances(self) -> Tolerances:
        """How far an entry may be off."""
        return Tolerances(self.factor, self.rtol, self.atol)


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
        The function near a point.
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
    with np.errstate(all="ignore"):  # of our own arithmetic: values near an edge are not finite
        return _examine(evaluate, leaves, analytic, options, method, again, spent, notes)


def _examine(
    evaluate: Evaluator, leaves: Leaves, analytic: Sequence[Array], options: Options, method: str,
    again: Sequence[Array] | None, spent: int, notes: Sequence[str],
) -> Report:  # fmt: skip
    chosen = select_entries(
        leaves, only=options.only, mask=options.mask, sample=options.sample, seed=options.seed
    )
    sizes = [len(indices) for indices in chosen]
    budget = Budget(
        GLANCE * sum(sizes), options.max_seconds, options.progress, options.cancel,
        options.announce,
    )  # fmt: skip
    evaluate = guarded = Guarded(evaluate, read_bounds(leaves, options.bounds))
    around = surroundings(evaluate)
    deterministic = around.deterministic
    centre = float(around.centre)
    if not np.isfinite(centre):
        raise ParameterError(f"the function must be finite where it is checked, got {centre}")
    h = None if isinstance(options.h, str) else float(options.h)
    entries = [
        Claims(around, leaf, indices, claimed, h)
        for leaf, (indices, claimed) in enumerate(zip(chosen, analytic, strict=True))
    ]
    used = around.evaluations
    budget.begin()
    with budget.stoppable():
        for part in entries:
            if not budget.over(FIRST_LOOK):
                part.survey(0, partial(budget.spend, planned=0))
        for part in entries:
            part.shown = max(around.noise.roundoff * abs(centre), *(e.loudest for e in entries))
        _first_look(entries, budget, options)
        for part in entries:
            part.settle(options.tolerances, budget)
    most = max(part.moves() for part in entries)
    resolution = NOISY * around.noise.coarsest * (max(abs(centre), most) or 1.0)
    for part in entries:
        noisy = not deterministic or part.noise > resolution
        part.judge(options.tolerances, most, noisy=noisy, random=not deterministic)
    remarks, more = wrong_at_ties(around, entries)
    used += more
    remarks += guarded.remarks()
    sided = sum(int(np.count_nonzero(part.seen.one_sided & part.looked)) for part in entries)
    if sided:
        remarks.append(ONE_SIDED.format(f"{sided:,} entries" if sided > 1 else "1 entry"))
    if again is not None and _changed(entries, again):
        remarks.append("the gradient differs from call to call at one point")
    taylor = None
    if options.taylor:
        moves = [(part.indices, part.typical_h) for part in entries]
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
    once = sum(part.looked_at_once for part in entries)
    if once:
        remarks.append(
            f"{once:,} entries in doubt were looked at only once, for want of time or because they "
            "were too many; only= or mask= checks some of them by themselves"
        )
    if budget.cancelled:
        remarks.append(STOPPED)
    return Report(
        parameters={
            name: part.result(name, array, claimed)
            for name, array, claimed, part in zip(
                leaves.names, leaves.arrays, analytic, entries, strict=True
            )
        },
        method=method,
        loss=centre,
        evaluations=spent + budget.evaluations + used,
        seconds=time.perf_counter() - budget.started,
        noise=max(part.noise for part in entries),
        deterministic=deterministic,
        factor=options.factor,
        rtol=options.rtol,
        atol=options.atol,
        notes=(*notes, *remarks),
        taylor=taylor,
    )


def _first_look(entries: list[Claims], budget: Budget, options: Options) -> None:
    """Look at every entry once; with a budget at a growing share of every array, until it ends."""
    shares = [1.0] if budget.max_seconds is None else [2.0**k for k in range(-7, 1)]
    rng = np.random.default_rng(options.seed)
    orders = [
        np.arange(len(part.indices)) if len(shares) == 1 else rng.permutation(len(part.indices))
        for part in entries
    ]
    done = [0] * len(entries)
    for share in shares:
        for k, part in enumerate(entries):
            upto = int(np.ceil(share * len(orders[k])))
            block = part.block() if upto else 1
            while done[k] < upto:
                if budget.over(FIRST_LOOK):
                    return
                chosen = orders[k][done[k] : min(done[k] + block, upto)]
                used = part.look(chosen)
                done[k] += len(chosen)
                doubt = int(np.count_nonzero(part.in_doubt(options.tolerances, chosen)))
                budget.spend(used, planned=GLANCE * len(chosen), later=doubt * part.ladder)


def _changed(entries: list[Claims], again: Sequence[Array]) -> bool:
    """Mark entries wrong that were claimed differently the second time; tell if there are any."""
    found = False
    for part, second in zip(entries, again, strict=True):
        claimed = np.asarray(second, np.float64).reshape(-1)[part.indices]
        with np.errstate(invalid="ignore"):
            same = np.abs(claimed - part.analytic) <= part.allowed
        lost = ~np.isfinite(claimed) | ~np.isfinite(part.analytic)
        twice = (claimed == part.analytic) | (np.isnan(claimed) & np.isnan(part.analytic))
        changed = part.looked & ~np.where(lost, twice, same)
        part.verdict[changed] = Verdict.WRONG
        found = found or bool(changed.any())
    return found
