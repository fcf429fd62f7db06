"""The corpus of vectors: the checker's verdicts, and gradients against those of others."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

import nudgegrad as ng
from benchmarks.registry import Document, Say
from benchmarks.tables import Table, format_value
from nudgegrad.plotting import plot_bars
from tests.vectors import VECTORS
from tests.vectors.mistakes import mistaken
from tests.vectors.settings import SETTINGS, Case, cases

__all__ = ["ABOUT", "TITLE", "figure", "measure", "tables"]

Array = NDArray[Any]
Function = Callable[[Array], Any]
Way = Callable[[Function, Array], Array]

TITLE = "Vectors whose entries differ"
ABOUT = f"""\
The corpus (`tests/vectors`) holds {len(VECTORS)} scalar functions of one vector each:
pharmacology, circuits, orbits, chemistry, physics, likelihoods, money and epidemics in their own
units, from 1e-34 to 1e30, the problems of Moré, Garbow and Hillstrom, and regressions of NIST's
reference datasets at both published starts and at the solution. True gradients come from
differences of numbers with 80 digits (mpmath), at the floats that x holds. Every function is
evaluated in float64, in float32 all through, and in float64 with a relative noise of 1e-6 (normal,
the same at the same x). An entry *matters* if a change of it moves f by at least 1e-3 of what the
most effective entry does, and by 1e4 times the noise of f (300 times in float32 and with noise).

The checker gets every right gradient, and wrong ones with one entry that matters set to zero,
doubled, negated or a tenth too large, or with a slope invented where there is none; a tenth only
where the effect is 1e4 times the noise. A mistake is found if the report has not passed and that
entry's verdict is wrong. A right gradient is asked to pass in float64; else where every important
entry stands out of the noise.

The gradients are those of `numerical_gradient(h="auto")`, SciPy's `approx_derivative` and
numdifftools' `Gradient`, each at its default settings, at all entries that matter. What is not
finite counts as infinitely wrong."""

OURS = ("central", "five-point", "richardson", "forward")
SAME_ORDER = {
    "SciPy 3-point": "nudgegrad central",
    "SciPy 2-point": "nudgegrad forward",
    "numdifftools": "nudgegrad richardson",
}
"""Which of our schemes does what another library does."""


def measure(*, quick: bool, say: Say) -> Document:
    """Check everything, and take every gradient in every way that is installed."""
    ways, skipped = _ways()
    every = 20 if quick else 1
    parts = {}
    for setting in SETTINGS:
        say(f"checks, {setting}")
        chosen = cases(setting)[::every]
        verdicts = _verdicts(chosen)
        gradients = {}
        for name, way in ways.items():
            say(f"gradients by {name}, {setting}")
            gradients[name] = _gradients(way, chosen)
        parts[str(setting)] = {"verdicts": verdicts, "gradients": gradients}
    return {"parts": parts, "skipped": skipped, "measures": _measures(parts)}


def _ways() -> tuple[dict[str, Way], dict[str, str]]:
    """Return what takes gradients, and who is not installed."""
    ways: dict[str, Way] = {f"nudgegrad {scheme}": _ours(scheme) for scheme in OURS}
    skipped = {}
    try:
        from scipy.optimize._numdiff import approx_derivative
    except ImportError as error:
        skipped["SciPy"] = f"not installed ({error.name})"
    else:

        def scipys(f: Function, x: Array, method: str) -> Array:
            gradient = approx_derivative(lambda p: f(np.asarray(p, x.dtype)), x, method=method)
            return np.asarray(gradient)

        for method in ("2-point", "3-point"):
            ways[f"SciPy {method}"] = partial(scipys, method=method)
    try:
        import numdifftools
    except ImportError as error:
        skipped["numdifftools"] = f"not installed ({error.name})"
    else:
        ways["numdifftools"] = lambda f, x: numdifftools.Gradient(
            lambda point: float(f(np.asarray(point, x.dtype)))
        )(x.astype(np.float64))
    return ways, skipped


def _ours(scheme: str) -> Way:
    def way(f: Function, x: Array) -> Array:
        return np.asarray(ng.numerical_gradient(f, x, h="auto", scheme=scheme))

    return way


class Counter:
    """A function that counts its calls."""

    def __init__(self, f: Function) -> None:
        self.f, self.calls = f, 0

    def __call__(self, x: Array) -> Any:
        """Return f(x)."""
        self.calls += 1
        return self.f(x)


def _verdicts(chosen: tuple[Case, ...]) -> dict[str, Any]:
    counts = dict.fromkeys(("asked", "passed", "called wrong", "mistakes", "found"), 0)
    counts |= {"entries": 0, "evaluations": 0, "covered": 0}
    widths: list[float] = []
    for case in chosen:
        true = case.truth
        report = ng.check(case.f, case.x, true.gradient.copy(), announce=None)
        asked = true.asked(case.noise)
        counts["asked"] += asked
        counts["passed"] += asked and report.passed
        counts["called wrong"] += report.counts["wrong"] > 0
        counts["evaluations"] += report.evaluations
        for bar, off, matters in _bars(case, report):
            counts["entries"] += 1
            counts["covered"] += off <= bar
            if matters:
                widths.append(bar / off if off > 0 else np.inf)
        for place, _, claim in mistaken(true, case.noise):
            counts["mistakes"] += 1
            report = ng.check(case.f, case.x, claim, announce=None)
            (checked,) = report.parameters.values()
            counts["found"] += not report.passed and checked.entry(place).verdict == "wrong"
    return {**counts, "width": float(np.median(widths))}


def _bars(case: Case, report: ng.Report) -> Iterator[tuple[float, float, bool]]:
    """Yield each entry's error bar, how far it is off beyond its rounding, and if it matters."""
    (checked,) = report.parameters.values()
    true = case.truth.gradient
    off = np.abs(checked.numeric - true) - np.finfo(np.float64).eps * np.abs(true)
    matters = case.truth.matters(case.noise)
    yield from zip(checked.error.tolist(), off.tolist(), matters.tolist(), strict=True)


def _gradients(way: Way, chosen: tuple[Case, ...]) -> dict[str, float]:
    off: list[float] = []
    calls = entries = 0
    for case in chosen:
        counter = Counter(case.f)
        true, matters = case.truth.gradient, case.truth.matters(case.noise)
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                found = np.ravel(way(counter, case.x)).astype(np.float64)
        except (ArithmeticError, ValueError):
            found = np.full(len(true), np.nan)
        error = np.abs(found[matters] - true[matters]) / np.abs(true[matters])
        off += np.nan_to_num(error, nan=np.inf).tolist()
        calls += counter.calls
        entries += len(true)
    return {
        "median": float(np.median(off)),
        "within a percent": float(np.mean(np.array(off) <= 0.01)),
        "within a millionth": float(np.mean(np.array(off) <= 1e-6)),
        "calls": calls / entries,
    }


def _measures(parts: dict[str, Any]) -> dict[str, Any]:
    """Return shares over everything, and our median over that of others."""
    verdicts = [part["verdicts"] for part in parts.values()]

    def share(of: str, among: str) -> float:
        return float(sum(v[of] for v in verdicts) / sum(v[among] for v in verdicts))

    found = {
        "mistakes found": share("found", "mistakes"),
        "right gradients passed": share("passed", "asked"),
        "entries within their error bars": share("covered", "entries"),
        "error bar over error": max(v["width"] for v in verdicts),
    }
    double = parts[str(SETTINGS[0])]["gradients"]
    found["entries within 1 %, central"] = double["nudgegrad central"]["within a percent"]
    for other, ours in SAME_ORDER.items():
        if other in double:
            ratio = double[ours]["median"] / double[other]["median"]
            found[f"{ours} / {other}"] = ratio
    return {name: dict.fromkeys(("median", "min", "max"), value) for name, value in found.items()}


def tables(document: Document) -> list[Table]:
    """Return the verdicts, and the gradients' errors."""
    verdicts = Table(
        ["evaluated in", "mistakes found", "right ones passed", "right ones called wrong",
         "entries within their bars", "bar over error", "evaluations an entry"],
        title="The checker's verdicts",
    )  # fmt: skip
    gradients = Table(
        ["way", "evaluated in", "median error", "within 1e-2", "within 1e-6",
         "evaluations an entry"],
        title="Relative errors of the entries that matter",
        words=2,
    )  # fmt: skip
    for setting, part in document["parts"].items():
        v = part["verdicts"]
        verdicts.rows.append([
            _describe(setting), f"{v['found']:,} of {v['mistakes']:,}",
            f"{v['passed']} of {v['asked']}", str(v["called wrong"]),
            f"{v['covered'] / v['entries']:.2%}", format_value(v["width"]),
            format_value(v["evaluations"] / v["entries"]),
        ])  # fmt: skip
        for name, g in part["gradients"].items():
            gradients.rows.append([
                name, _describe(setting), f"{g['median']:.1e}", f"{g['within a percent']:.1%}",
                f"{g['within a millionth']:.1%}", format_value(g["calls"]),
            ])  # fmt: skip
    for name, reason in document["skipped"].items():
        gradients.rows.append([name, "skipped", reason, "", "", ""])
    return [verdicts, gradients]


def _describe(setting: str) -> str:
    return setting.replace("-noisy", ", noise of 1e-6")


def figure(document: Document) -> Figure:
    """Draw the median errors in float64."""
    gradients = document["parts"][str(SETTINGS[0])]["gradients"]
    return plot_bars(
        {name: facts["median"] for name, facts in gradients.items()},
        xlabel="median relative error, float64",
    )
