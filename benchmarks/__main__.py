"""``python -m benchmarks NAME``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from benchmarks.registry import NAMES

SUMMARIES = {
    "steps": "One training step, against other libraries'.",
    "ladder": "One gradient by naive, weight, node and backprop.",
    "scaling": "A step's growth with width, batch, inputs and depth.",
    "memory": "Peak memory of the default training.",
    "cold-start": "Seconds of --help, import and train, from the shell.",
    "dtypes": "float32 and float64 over five seeds.",
    "checkers": "The bug zoo through our gradient checker and others.",
    "vectors": "Functions of vectors whose entries differ, checked and differentiated.",
    "check-speed": "How long gradient checks take, ours and others'.",
    "accuracy-for-time": "Test accuracy after so many seconds of training.",
    "models": "The book's networks, trained, and naive beside node for the last.",
    "page": "What the page costs a training, and how soon it answers.",
}


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that every command takes."""
    out = click.option(
        "--out",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path(__file__).parent / "results",
        show_default="benchmarks/results",
        metavar="DIR",
        help="The folder of the JSON files and figures.",
    )
    quick = click.option(
        "--quick", is_flag=True, help="Tiny sizes, few repeats: to see that it runs."
    )
    return out(quick(command))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Measure what nudgegrad claims.

    Each benchmark prints tables and writes NAME.json and NAME.png. Nothing else should run on the
    machine meanwhile. Peers that are not installed are skipped by name.

    \b
    Examples:
      python -m benchmarks steps
      python -m benchmarks ladder --quick --out /tmp/results
      python -m benchmarks all         every benchmark, then the report
      python -m benchmarks report      docs/benchmarks.md and docs/checker.md's table, from these
    """


def _add(name: str) -> None:
    @cli.command(name, help=SUMMARIES[name])
    @options
    def run(out: Path, quick: bool) -> None:
        from benchmarks.result import run_benchmark

        run_benchmark(name, out, quick=quick)


for _name in NAMES:
    _add(_name)

docs_option = click.option(
    "--docs",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(__file__).parents[1] / "docs",
    show_default="docs",
    metavar="DIR",
    help="Where benchmarks.md and images/ go, and checker.md is.",
)


@cli.command()
@options
@docs_option
def report(out: Path, quick: bool, docs: Path) -> None:
    """Make docs/benchmarks.md, and the table in docs/checker.md, from the JSON files.

    What is missing is measured first.
    """
    from benchmarks.report import write_report

    click.echo(f"written to {write_report(out, docs, quick=quick)}")


@cli.command(name="all")
@options
@docs_option
def everything(out: Path, quick: bool, docs: Path) -> None:
    """Run every benchmark anew, then make the report.

    Each benchmark has a process of its own.
    """
    from benchmarks.report import write_report
    from benchmarks.result import run_apart

    for name in NAMES:
        run_apart(name, out, quick=quick)
    click.echo(f"written to {write_report(out, docs, quick=quick)}")


if __name__ == "__main__":
    cli(prog_name="python -m benchmarks")
