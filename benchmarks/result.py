"""A benchmark's results: run, written as JSON and as a figure, read back, printed."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from benchmarks.machine import describe_machine
from benchmarks.registry import Document, load
from nudgegrad.cli.console import make_console
from nudgegrad.files import write_json
from nudgegrad.plotting import save_figure

__all__ = ["read_result", "run_apart", "run_benchmark"]


def run_benchmark(name: str, out: Path, *, quick: bool) -> Document:
    """Measure, write NAME.json and NAME.png into a folder, and print the tables."""
    benchmark = load(name)
    started = datetime.now(UTC)
    measured = benchmark.measure(
        quick=quick, say=lambda text: click.echo(f"{name}: {text}", err=True)
    )
    document: Document = {
        "benchmark": name,
        "quick": quick,
        "date": started.isoformat(timespec="seconds"),
        "minutes": (datetime.now(UTC) - started).total_seconds() / 60,
        "machine": describe_machine(),
        **measured,
    }
    out.mkdir(parents=True, exist_ok=True)
    write_json(out / f"{name}.json", document)
    # Tables and figure are made of what JSON holds, as the report does.
    document = json.loads((out / f"{name}.json").read_text(encoding="utf-8"))
    save_figure(benchmark.figure(document), out / f"{name}.png")
    console = make_console()
    for table in benchmark.tables(document):
        console.print(table.to_rich())
    click.echo(f"written to {out / name}.json and {out / name}.png")
    return document


def run_apart(name: str, out: Path, *, quick: bool) -> None:
    """Run a benchmark in a process of its own, undisturbed by what others left running.

    Raises
    ------
    click.ClickException
        If it fails.
    """
    command = [sys.executable, "-m", "benchmarks", name, "--out", str(out)]
    done = subprocess.run([*command, *(["--quick"] if quick else [])], check=False)
    if done.returncode != 0:
        raise click.ClickException(f"benchmark {name} failed with exit code {done.returncode}")


def read_result(name: str, out: Path) -> Document | None:
    """Return what a benchmark wrote into a folder, or None."""
    path = out / f"{name}.json"
    if not path.exists():
        return None
    document: Document = json.loads(path.read_text(encoding="utf-8"))
    return document
