"""How long checks take, ours and others'."""

from __future__ import annotations

import importlib
from typing import Any

from matplotlib.figure import Figure

from benchmarks.checks import PARTS, Part
from benchmarks.paired import TURN, Times, paired_ratio, spread, take_turns
from benchmarks.registry import Document, Say
from benchmarks.tables import Table, spread_cells
from nudgegrad.plotting import plot_bars

__all__ = ["ABOUT", "TITLE", "figure", "measure", "tables"]

TITLE = "Seconds of a check"
ABOUT = """\
The contenders of a table take turns in one process, and a ratio is formed within each repeat. Of
several variants on either side the one with the lowest median counts. PyTorch's contenders run on
one thread and on all.

`gradcheck` in slow mode nudges every entry twice and calls the module for each, so that its time
for all 79,510 weights is told from a few: with the median time a of the 10 output biases and a
repeat's time b of the 100 hidden ones, an entry takes (b − a)/90, and all a + 79,500·(b − a)/90.
It is called in the way that is fastest, which writes into the module's own parameters and copies
nothing; of the residual network also through `functional_call`. Its fast mode takes a random
direction a parameter, and tells nothing of single entries.

nudgegrad's checks come with an error bar for each entry, for which plain functions are evaluated
four times an entry and more; SciPy's `check_grad` evaluates them once, and `approx_derivative`
once or twice."""


def measure(*, quick: bool, say: Say) -> Document:
    """Time what is installed."""
    parts: list[Part] = []
    skipped: dict[str, str] = {}
    for name in PARTS:
        try:
            module: Any = importlib.import_module(f"benchmarks.checks.{name}")
            parts += module.parts(quick)
        except ImportError as error:
            skipped[name] = f"not installed ({error.name or error})"
    described, measures = [], {}
    for part in parts:
        times = take_turns(
            part.contenders, repeats=part.repeats, say=lambda text, part=part: say(  # type: ignore[misc]
                f"{part.title}: {text}"
            ), turn=0 if quick else TURN,
        )  # fmt: skip
        if part.derive is not None:
            times |= part.derive(times)
        described.append(_describe(part, times))
        for measure_name, sides in part.ratios.items():
            over, under = ([name for name in times if name.startswith(side)] for side in sides)
            ratio = paired_ratio(times, over, under)
            if ratio is not None:
                measures[measure_name] = ratio
        measures |= {told: spread(times[name]) for told, name in part.seconds.items()}
    return {"parts": described, "skipped": skipped, "measures": measures}


def _describe(part: Part, times: Times) -> dict[str, Any]:
    notes = {contender.name: contender.note for contender in part.contenders} | part.derived
    return {
        "title": part.title,
        "repeats": part.repeats,
        "contenders": {
            name: {"seconds": spread(seconds), "all_seconds": seconds, "note": notes[name]}
            for name, seconds in times.items()
        },
    }


def tables(document: Document) -> list[Table]:
    """Return the ratios, and a table a part."""
    ratios = Table(
        ["ratio", "median", "lowest", "highest", "above", "below"], title="Ratios of seconds"
    )
    for name, ratio in _ratios(document).items():
        ratios.rows.append([name, *spread_cells(ratio), ratio["over"], ratio["under"]])
    for name, reason in document["skipped"].items():
        ratios.rows.append([name, "skipped", "", "", reason, ""])
    return [ratios, *map(_part_table, document["parts"])]


def _part_table(part: dict[str, Any]) -> Table:
    return Table(
        ["contender", "a check", "lowest", "highest", "of"],
        [
            [name, *spread_cells(facts["seconds"], "s"), facts["note"]]
            for name, facts in part["contenders"].items()
        ],
        f"{part['title']}; {part['repeats']} repeats",
    )


def figure(document: Document) -> Figure:
    """Draw how many times as fast as others we are; seconds where nobody else is installed."""
    ratios = _ratios(document)
    if not ratios:
        seconds = {name: facts["median"] for name, facts in document["measures"].items()}
        return plot_bars(seconds, xlabel="seconds (log scale)")
    bars = dict(_times_as_fast(name, facts["median"]) for name, facts in ratios.items())
    drawn = plot_bars(bars, xlabel="nudgegrad is so many times as fast (log scale)")
    drawn.axes[0].set_xlim(right=100 * max(bars.values()))  # room for the longest bar's number
    return drawn


def _times_as_fast(name: str, ratio: float) -> tuple[str, float]:
    """Return who is compared with, and how many times as long it takes."""
    above, _, rest = name.partition(" / ")
    below, _, what = rest.partition(", ")
    return (f"{below}, {what}", 1 / ratio) if above == "nudgegrad" else (f"{above}, {what}", ratio)


def _ratios(document: Document) -> dict[str, Any]:
    return {name: facts for name, facts in document["measures"].items() if "over" in facts}
