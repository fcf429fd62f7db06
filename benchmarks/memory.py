"""Peak memory of the default training."""

from __future__ import annotations

import tempfile

from matplotlib.figure import Figure

from benchmarks.figures import linear_bars
from benchmarks.paired import spread
from benchmarks.processes import PYTHON, command_line, run_program
from benchmarks.registry import Document, Say
from benchmarks.tables import Table, spread_cells

__all__ = ["ABOUT", "TITLE", "figure", "measure", "tables"]

TITLE = "Memory"
ABOUT = """\
The largest resident memory (`ru_maxrss`, in millions of bytes) of programs run as from a shell. The
default `nudgegrad train` is the lesson's whole job, with its plots and checkpoint."""

TRAIN = "nudgegrad train"


def measure(*, quick: bool, say: Say) -> Document:
    """Run the programs."""
    short = ["--iterations", "3", "--train-limit", "500"] if quick else []
    programs = {
        "python": [PYTHON, "-c", "pass"],
        "import nudgegrad": [PYTHON, "-c", "import nudgegrad"],
        TRAIN: [*command_line(), "train", *short],
    }
    repeats = 1 if quick else 3
    peaks: dict[str, list[float]] = {name: [] for name in programs}
    with tempfile.TemporaryDirectory() as folder:
        for repeat in range(repeats):
            for name, command in programs.items():
                say(f"repeat {repeat + 1} of {repeats}: {name}")
                peaks[name].append(run_program(command, folder)["peak_mb"])
    return {
        "repeats": repeats,
        "skipped": {},
        "measures": {f"peak of {name}": spread(values) for name, values in peaks.items()},
    }


def tables(document: Document) -> list[Table]:
    """Return the peaks."""
    table = Table(["program", "peak", "lowest", "highest"])
    for name, peak in document["measures"].items():
        table.rows.append([f"`{name.removeprefix('peak of ')}`", *spread_cells(peak, "MB")])
    return [table]


def figure(document: Document) -> Figure:
    """Draw the peaks."""
    bars = {
        name.removeprefix("peak of "): peak["median"] for name, peak in document["measures"].items()
    }
    return linear_bars(bars, xlabel="peak resident memory, MB")
