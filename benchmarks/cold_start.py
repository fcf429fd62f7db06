"""How long programs take from the shell, starting from nothing."""

from __future__ import annotations

import tempfile

from matplotlib.figure import Figure

from benchmarks.figures import linear_bars
from benchmarks.paired import spread
from benchmarks.processes import PYTHON, command_line, run_program
from benchmarks.registry import Document, Say
from benchmarks.tables import Table, spread_cells

__all__ = ["ABOUT", "TITLE", "figure", "measure", "tables"]

TITLE = "From the shell"
ABOUT = """\
Seconds from the start of a process to its end. The programs take turns, after one round that is
not counted, so that files are in the system's cache and compiled kernels on the disk. *import,
beyond bare Python* is the difference from `python -c pass` within each repeat. The default
`nudgegrad train` is the lesson's whole job, with accuracies every epoch, its plots and
checkpoint."""

BARE, IMPORT, HELP, TRAIN = "python", "import nudgegrad", "nudgegrad --help", "nudgegrad train"
BEYOND = "import nudgegrad, beyond bare Python"


def measure(*, quick: bool, say: Say) -> Document:
    """Run the programs; the training fewer times than the others."""
    short = ["--iterations", "3", "--train-limit", "500"] if quick else []
    programs = {
        BARE: [PYTHON, "-c", "pass"],
        IMPORT: [PYTHON, "-c", "import nudgegrad"],
        HELP: [*command_line(), "--help"],
        TRAIN: [*command_line(), "train", *short],
    }
    repeats, trainings = (1, 1) if quick else (20, 5)
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    with tempfile.TemporaryDirectory() as folder:
        for repeat in range(1 if quick else 0, repeats + 1):
            say(f"repeat {repeat} of {repeats}" if repeat else "warming up")
            for name, command in programs.items():
                if name == TRAIN and repeat > trainings:
                    continue
                facts = run_program(command, folder)
                if repeat:
                    seconds[name].append(facts["seconds"])
    pairs = zip(seconds[IMPORT], seconds[BARE], strict=True)
    return {
        "repeats": repeats,
        "trainings": trainings,
        "skipped": {},
        "measures": {
            **{name: spread(values) for name, values in seconds.items()},
            BEYOND: spread(whole - bare for whole, bare in pairs),
        },
    }


def tables(document: Document) -> list[Table]:
    """Return the seconds."""
    table = Table(["program", "median", "lowest", "highest"])
    for name, values in document["measures"].items():
        label = name if name == BEYOND else f"`{name}`"
        table.rows.append([label, *spread_cells(values, "s")])
    return [table]


def figure(document: Document) -> Figure:
    """Draw the seconds."""
    bars = {
        name: values["median"] for name, values in document["measures"].items() if name != BEYOND
    }
    return linear_bars(bars, xlabel="seconds")
