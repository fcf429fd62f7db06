"""The bug zoo through our checker and its rivals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.registry import Document, Say
from benchmarks.rivals import RIVALS
from benchmarks.rivals.tally import Tally, best_threshold, examples, mistakes, tally
from benchmarks.rivals.worker import Worker
from benchmarks.tables import Table, format_value

__all__ = ["ABOUT", "TITLE", "figure", "measure", "measure_cases", "page_tables", "tables"]

Chooser = Callable[[dict[str, Any]], bool]

TITLE = "Checkers on the bug zoo"
LIMIT = 120.0  # seconds a case
LARGE = ("large/one-sign", "large/one-row", "large/float32", "large/total-right")
NAMED = 3  # mistakes of each checker that a table names
QUICK_FAMILIES = ("dense", "softmax", "state", "torch", "jax")
ABOUT = f"""\
The zoo (`tests/zoo`) holds hand-written gradients, wrong and right, most in NumPy, some as PyTorch
modules and JAX functions. It was written for this library, from bugs that are made in practice, and
its own tests hold every label against differences in long double or against automatic
differentiation. Every checker gets every case at its default settings:

- nudgegrad: `nudgegrad.check`, `nudgegrad.torch.check` and `nudgegrad.jax.check`.
- PyTorch's `gradcheck`, slow and fast mode: a gradient in NumPy is wrapped as a
  `torch.autograd.Function` in the dtype that it has, a module is called with its parameters and
  inputs, the seed set before every call. Its tolerances are meant for float64.
- JAX's `check_grads(order=1, modes=["rev"])`: a gradient in NumPy is wrapped as a `custom_vjp` by
  `pure_callback`, with 64-bit floats switched on; the JAX functions run without them, as is JAX's
  default.
- HIPS Autograd's `check_grads(order=1, modes=["rev"])`: wrapped as a primitive.
- SciPy's `check_grad` returns the norm of the error and leaves the verdict to its user. n entries
  pass up to 1e-6·√n, since SciPy's documentation says "on the order of 1e-6 or lower" of an entry's
  error (of `check_derivative`; it names no bound for `check_grad`). A row tells what the best of
  all single thresholds would give, which nobody knows beforehand.

Of the cases with 100,000 entries, which take slow mode a minute or more each, {len(LARGE)} are run.
Random directions are drawn once, from seed 0. A case may take {LIMIT:g} s. Each checker has a
process of its own and sees each case anew; seconds are of all cases together, timed once, without
imports."""


def measure(*, quick: bool, say: Say) -> Document:
    """Let every checker that is installed look at every case."""
    if not quick:
        return measure_cases(lambda case: case["family"] != "large" or case["name"] in LARGE, say)
    seen: set[tuple[str, bool]] = set()
    names: set[str] = set()

    def first(case: dict[str, Any]) -> bool:
        kind = case["family"], case["right"]
        if case["family"] in QUICK_FAMILIES and kind not in seen:
            seen.add(kind)
            names.add(case["name"])
        return case["name"] in names

    return measure_cases(first, say)


def measure_cases(chosen: Chooser, say: Say, limit: float = LIMIT) -> Document:
    """Let every checker that is installed look at the chosen cases."""
    zoos: dict[str, Any] = {}
    skipped: dict[str, str] = {}
    for rival in RIVALS:
        try:
            worker = Worker(rival, limit)
        except ImportError as error:
            skipped[f"{rival.name}, {rival.zoo}"] = str(error)
            continue
        cases = [case for case in worker.cases if chosen(case)]
        outcomes = {}
        for place, case in enumerate(cases):
            if place % 25 == 0:
                say(f"{rival.name}, {rival.zoo}: case {place + 1} of {len(cases)}")
            outcomes[case["name"]] = worker.check(case["name"])
        worker.stop()
        zoo = zoos.setdefault(rival.zoo, {"cases": cases, "checkers": {}})
        zoo["checkers"][rival.name] = outcomes
    return {
        "limit_seconds": limit,
        "zoos": zoos,
        "skipped": skipped,
        "measures": _measures(zoos),
    }


def _measures(zoos: Mapping[str, Any]) -> dict[str, Any]:
    ours = [counts for name, _, counts in _tallies(zoos) if name.startswith("nudgegrad")]
    shares = {
        "bugs found by nudgegrad": (sum(t.found for t in ours), sum(t.bugs for t in ours)),
        "right gradients passed by nudgegrad": (
            sum(t.passed for t in ours), sum(t.right for t in ours)
        ),
    }  # fmt: skip
    return {
        name: dict.fromkeys(("median", "min", "max"), part / whole)
        for name, (part, whole) in shares.items()
        if whole
    }


def _tallies(zoos: Mapping[str, Any]) -> Iterator[tuple[str, str, Tally]]:
    for zoo, facts in zoos.items():
        for name, outcomes in facts["checkers"].items():
            yield name, zoo, tally(facts["cases"], outcomes)


def tables(document: Document) -> list[Table]:
    """Return counts, counts a family, and names of mistakes."""
    counts, mistaken = page_tables(document)
    return [counts, *_families(document["zoos"]), mistaken]


def page_tables(document: Document) -> tuple[Table, Table]:
    """Return the counts, and names of mistakes."""
    zoos = document["zoos"]
    counts = Table(
        ["checker", "gradients in", "bugs found", "right ones passed", "false alarms", "not run",
         "seconds"],
        title="Bugs found and right gradients passed",
    )  # fmt: skip
    for name, zoo, found in _tallies(zoos):
        counts.rows.append(_count_row(name, zoo, found))
        best = best_threshold(zoos[zoo]["cases"], zoos[zoo]["checkers"][name])
        if best is not None:
            threshold, outcomes = best
            hindsight = f"{name}, the best threshold in hindsight ({threshold:.2g})"
            row = _count_row(hindsight, zoo, tally(zoos[zoo]["cases"], outcomes))
            counts.rows.append([*row[:-1], ""])
    for name, reason in document["skipped"].items():
        checker, _, zoo = name.rpartition(", ")
        counts.rows.append([checker, zoo, "skipped", reason, "", "", ""])
    return counts, _named(zoos)


def _count_row(name: str, zoo: str, found: Tally) -> list[str]:
    return [
        name,
        zoo,
        f"{found.found} of {found.bugs}",
        f"{found.passed} of {found.right}",
        str(found.false_alarms),
        str(found.not_run),
        f"{format_value(found.seconds)} s",
    ]


def _families(zoos: Mapping[str, Any]) -> list[Table]:
    """Return a table of the gradients in NumPy: rows of families, columns of checkers."""
    if "NumPy" not in zoos:
        return []
    cases, checkers = zoos["NumPy"]["cases"], zoos["NumPy"]["checkers"]
    groups: dict[str, list[dict[str, Any]]] = {}
    for case in cases:
        groups.setdefault(case["family"], []).append(case)
    for dtype in ("float64", "float32"):
        groups[f"all in {dtype}"] = [case for case in cases if case["dtype"] == dtype]
    groups["all at a kink"] = [case for case in cases if case["kink"]]
    table = Table(
        ["family", *checkers],
        title="Gradients in NumPy by family: bugs found of all bugs / right ones passed of all",
    )
    for group, members in groups.items():
        cells = []
        for outcomes in checkers.values():
            t = tally(members, outcomes)
            cells.append(f"{t.found} of {t.bugs} / {t.passed} of {t.right}")
        table.rows.append([group, *cells])
    return [table]


def _named(zoos: Mapping[str, Any]) -> Table:
    table = Table(
        ["checker", "gradients in", "bugs that it passes", "right ones that it fails"],
        title=f"Up to {NAMED} mistakes of each",
        words=4,
    )
    for zoo, facts in zoos.items():
        for name, outcomes in facts["checkers"].items():
            cells = [
                "; ".join(
                    f"`{case['name']}` ({case['what']})"
                    for case in examples(mistakes(facts["cases"], outcomes, right=right), NAMED)
                )
                for right in (False, True)
            ]
            table.rows.append([name, zoo, *(cell or "none" for cell in cells)])
    return table


def figure(document: Document) -> Figure:
    """Draw the shares of bugs that were found and of right gradients that were failed."""
    rows = list(_tallies(document["zoos"]))
    names = [f"{name} ({zoo})" for name, zoo, _ in rows]
    found = [100 * t.found / max(1, t.bugs) for _, _, t in rows]
    alarms = [100 * t.false_alarms / max(1, t.right) for _, _, t in rows]
    result = Figure(figsize=(8.4, 1.2 + 0.32 * len(rows)), layout="constrained")
    FigureCanvasAgg(result)
    for axes, values, label, color in zip(
        result.subplots(1, 2, sharey=True),
        (found, alarms),
        ("bugs found, %", "right gradients failed, %"),
        ("tab:blue", "tab:red"),
        strict=True,
    ):
        bars = axes.barh(names, values, color=color)
        axes.bar_label(bars, fmt="{:.3g}", padding=4)
        axes.set(xlabel=label, xlim=(0, 119))
        axes.grid(alpha=0.25)
    result.axes[0].invert_yaxis()
    return result
