"""Make the README's pictures and its tables: ``python docs/pictures.py [RUN RESULTS]``.

Without arguments only the picture of the checker. RUN is the folder of a finished default run,
RESULTS that of the benchmarks' JSON files. The accuracies are drawn from the run's history, the
terminal picture is what ``nudgegrad train`` prints of it, and the tables are printed.
"""

from __future__ import annotations

import io
import json
import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from nudgegrad.cli.check_demo import demo_targets
from nudgegrad.cli.durations import format_duration
from nudgegrad.cli.train_report import epoch_line, summary_table
from nudgegrad.training.history import History
from nudgegrad.training.run_folder import RunFolder

HERE = Path(__file__).parent
PEERS = (
    "node float32 / PyTorch",
    "node float32 / scikit-learn",
    "node float32 / JAX",
    "node float64 / lesson's NumPy backprop",
)
"""Ratios of the benchmark of steps that the README shows.

The last one is of `node` in float64.
"""

# Rich's own frame loads a font from the network; this one takes what the reader has.
FRAME = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">
<style>
.{unique_id}-matrix {{ font: {char_height}px ui-monospace, Menlo, Consolas, monospace; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect width="{terminal_width}" height="{terminal_height}"/></clipPath>{lines}</defs>
<rect fill="#16181d" width="{width}" height="{height}" rx="8"/>
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">{matrix}</g></g>
</svg>
"""


def ladder(results: Path) -> str:
    """Return the ladder as a Markdown table, a row a method."""
    rows = [
        "| method | float64 | speed-up | from backprop | float32 | speed-up | from backprop |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    document = json.loads((results / "ladder.json").read_text())["ladder"]
    for rungs in zip(document["float64"], document["float32"], strict=True):
        cells = [f"`{rungs[0]['method']}`"]
        for rung in rungs:
            exact = rung["method"] == "backprop"
            cells += [
                ("≈ " if rung["estimated"] else "") + format_duration(rung["seconds"]["median"]),
                f"{rung['speedup']['median']:,.0f}×",
                "" if exact else f"{rung['from_backprop']:.0e}",
            ]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def peers(results: Path) -> str:
    """Return a step's time against other libraries' backpropagation."""
    document = json.loads((results / "steps.json").read_text())
    seconds = {name: facts["seconds"]["median"] for name, facts in document["contenders"].items()}
    rows = ["| one training step | time | `node`'s over it |", "|---|--:|--:|"]
    rows.append(f"| `node`, float32 | {format_duration(seconds['node float32'])} | |")
    rows.append(f"| `node`, float64 | {format_duration(seconds['node float64'])} | |")
    for measure in PEERS:
        ratio = document["measures"][measure]
        rows.append(
            f"| {ratio['under']} | {format_duration(seconds[ratio['under']])} | "
            f"{ratio['median']:.2f} |"
        )
    return "\n".join(rows)


def accuracies(results: Path) -> str:
    """Return the test accuracies for seconds of training."""
    document = json.loads((results / "accuracy-for-time.json").read_text())
    marks = [f"{mark:g}" for mark in document["marks"]]
    rows = [f"| | {' | '.join(f'{mark} s' for mark in marks)} |", "|---|" + "--:|" * len(marks)]
    last = marks[-1]
    for one in sorted(document["contenders"], key=lambda one: -one["accuracy"][last]):
        cells = [f"{one['accuracy'][mark]:.1%}" for mark in marks]
        rows.append(f"| {one['name']} | {' | '.join(cells)} |")
    return "\n".join(rows)


def pictures(run: str) -> None:
    """Write accuracy.png and terminal.svg beside this file."""
    folder = RunFolder.open(run)
    history = History.load(folder.history_file)
    history.plot(HERE / "accuracy.png")
    console = Console(record=True, width=86, file=io.StringIO(), highlight=False)
    console.print("[bold]$ nudgegrad train[/bold]")
    for record in history.epochs:
        console.print(epoch_line(record))
    console.print(summary_table(json.loads(folder.summary_file.read_text())))
    console.save_svg(str(HERE / "terminal.svg"), code_format=FRAME)


def checker() -> None:
    """Write check.svg beside this file: what ``nudgegrad check --demo`` prints."""
    console = Console(record=True, width=88, file=io.StringIO(), highlight=False, markup=False)
    console.print("$ nudgegrad check --demo", style="bold")
    for target, _ in demo_targets():
        console.print(f"\n{target.name}\n", style="bold")
        console.print(replace(target.make().run(), target=target.name))
    console.save_svg(str(HERE / "check.svg"), code_format=FRAME)


if __name__ == "__main__":
    checker()
    if sys.argv[1:]:
        run, results = sys.argv[1:]
        pictures(run)
        for table in (ladder, peers, accuracies):
            print(table(Path(results)), end="\n\n")
