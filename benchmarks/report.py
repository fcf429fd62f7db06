"""The page of all benchmarks, made from the JSON files alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.bars import bars_table
from benchmarks.blocks import find_block, replace_block
from benchmarks.checkers import page_tables
from benchmarks.registry import NAMES, Document, load
from benchmarks.result import read_result, run_apart
from benchmarks.tables import Table
from nudgegrad.files import write_atomically
from nudgegrad.plotting import save_figure

__all__ = ["make_report", "write_report"]

CHECKER_PAGE, ZOO_BLOCK = "checker.md", "zoo table"

HEAD = """\
# Benchmarks

Made by `python -m benchmarks report` from what `python -m benchmarks all` measured; no number here
was written by hand. `pip install -e ".[bench]"` brings the peers; whoever is not installed is
skipped by name. `python -m benchmarks --help` lists the benchmarks."""

QUICK = """
> **Some of these are from a quick run, a trial whose figures mean nothing: {names}.**"""


def write_report(out: Path, docs: Path, *, quick: bool) -> Path:
    """Write benchmarks.md, its images, and the checker's page's table.

    What was not measured yet is measured first.

    Parameters
    ----------
    out
        The folder of the JSON files.
    docs
        The folder of the pages.
    quick
        How to measure what is missing.
    """
    find_block(docs / CHECKER_PAGE, ZOO_BLOCK)  # before hours of measuring
    documents = {}
    for name in NAMES:
        document = read_result(name, out)
        if document is None:
            run_apart(name, out, quick=quick)
            document = read_result(name, out)
        assert document is not None
        documents[name] = document
    images = docs / "images"
    images.mkdir(parents=True, exist_ok=True)
    for name, document in documents.items():
        save_figure(load(name).figure(document), images / f"bench-{name}.png")
    page = docs / "benchmarks.md"
    with write_atomically(page) as stream:
        stream.write(make_report(documents).encode())
    replace_block(docs / CHECKER_PAGE, ZOO_BLOCK, _zoo_block(documents["checkers"]))
    return page


def make_report(documents: Mapping[str, Document]) -> str:
    """Return the page as Markdown."""
    parts = [HEAD]
    quick = [name for name, document in documents.items() if document["quick"]]
    if quick:
        parts.append(QUICK.format(names=", ".join(quick)))
    parts += ["\n## What must be reached\n", bars_table(documents).to_markdown()]
    parts += ["\n## Where it was measured\n", _machines(documents)]
    for name, document in documents.items():
        benchmark = load(name)
        parts += [f"\n## {benchmark.TITLE}\n", f"`python -m benchmarks {name}`\n", benchmark.ABOUT]
        parts += [f"\n{table.to_markdown()}" for table in benchmark.tables(document)]
        parts.append(f"\n![{benchmark.TITLE}](images/bench-{name}.png)")
    return "\n".join(parts) + "\n"


def _zoo_block(document: Document) -> str:
    parts = [QUICK.strip().format(names="checkers")] if document["quick"] else []
    return "\n\n".join([*parts, *(table.to_markdown() for table in page_tables(document))])


def _machines(documents: Mapping[str, Document]) -> str:
    """Return what the machine was; once where all benchmarks ran on the same."""
    machines: list[tuple[dict[str, Any], list[str]]] = []
    for name, document in documents.items():
        run = f"{name} ({document['date'][:10]})"
        for machine, runs in machines:
            if _facts(machine) == _facts(document["machine"]):
                runs.append(run)
                break
        else:
            machines.append((document["machine"], [run]))
    tables = []
    for machine, runs in machines:
        rows: list[Sequence[str]] = [["benchmarks", ", ".join(runs)], *_facts(machine)]
        tables.append(Table(["", ""], rows).to_markdown())
    return "\n\n".join(tables)


def _facts(machine: dict[str, Any]) -> list[list[str]]:
    packages = ", ".join(f"{name} {version}" for name, version in machine["packages"].items())
    facts = [
        ["processor", machine["processor"]],
        ["cores", f"{machine['cores_available']} of {machine['cores']}"],
        ["system", machine["system"]],
        ["Python", machine["python"]],
        ["packages", packages],
    ]
    libraries = sorted(machine["blas"], key=lambda blas: blas["of"] != "numpy")
    if libraries:
        blas = libraries[0]
        version = f"{blas['internal_api']} {blas['version']} ({blas['architecture']})"
        facts.append(["NumPy's BLAS", f"{version}, {blas['num_threads']} threads unless limited"])
    if machine["thread_settings"]:
        settings = ", ".join(f"{key}={value}" for key, value in machine["thread_settings"].items())
        facts.append(["environment", settings])
    return facts
