"""Make the README's pictures and its table: ``python docs/pictures.py RUN FLOAT64 FLOAT32``.

RUN is the folder of a finished default run, FLOAT64 and FLOAT32 are files ``compare.json`` that
``nudgegrad compare --out`` wrote with either dtype. The accuracies are drawn from the run's
history, the terminal picture is what ``nudgegrad train`` prints of it, and the table is printed.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

from rich.console import Console

from nudgegrad.cli.durations import format_duration
from nudgegrad.cli.train_report import epoch_line, summary_table
from nudgegrad.training.history import History
from nudgegrad.training.run_folder import RunFolder

HERE = Path(__file__).parent

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


def ladder(double: str, single: str) -> str:
    """Return the ladder as a Markdown table, a row a method."""
    rows = [
        "| method | float64 | speed-up | from backprop | float32 | speed-up | from backprop |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    both = [json.loads(Path(file).read_text())["ladder"] for file in (double, single)]
    for rungs in zip(*both, strict=True):
        cells = [f"`{rungs[0]['method']}`"]
        for rung in rungs:
            exact = rung["method"] == "backprop"
            cells += [
                ("≈ " if rung["estimated"] else "") + format_duration(rung["seconds"]),
                f"{rung['speedup']:,.0f}×",
                "" if exact else f"{rung['from_backprop']:.0e}",
            ]
        rows.append(f"| {' | '.join(cells)} |")
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


if __name__ == "__main__":
    pictures(sys.argv[1])
    print(ladder(sys.argv[2], sys.argv[3]))
