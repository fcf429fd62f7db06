"""Make the README's pictures from a real run: ``python docs/pictures.py RUN``.

RUN is the folder of a finished default run. The accuracies are drawn from its history, and the
terminal picture is what ``nudgegrad train`` prints of it.
"""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

from rich.console import Console

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


def main(run: str) -> None:
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
    main(sys.argv[1])
