"""Accuracy for time in the form that the report asks for."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

from benchmarks import accuracy_for_time
from benchmarks.registry import Document, Say
from benchmarks.tables import Table

__all__ = ["ABOUT", "TITLE", "figure", "measure", "tables"]

TITLE = "Accuracy for time"
ABOUT = "\n".join((accuracy_for_time.__doc__ or "").splitlines()[2:]).strip()
OURS = "nudgegrad"


def measure(*, quick: bool, say: Say) -> Document:
    """Train by every contender."""
    marks = accuracy_for_time.QUICK_MARKS if quick else accuracy_for_time.MARKS
    document = accuracy_for_time.measure(marks, quick, on_contender=say)
    best: dict[str, dict[str, Any]] = {}
    for contender in document["contenders"]:
        if contender["library"] != OURS:
            continue
        for mark, accuracy in contender["accuracy"].items():
            name = f"test accuracy after {mark} s"
            if name not in best or accuracy > best[name]["median"]:
                best[name] = {
                    "median": accuracy, "min": accuracy, "max": accuracy, "over": contender["name"],
                }  # fmt: skip
    return {**document, "measures": best}


def tables(document: Document) -> list[Table]:
    """Return accuracies at the marks, the best at the last one on top."""
    marks = [f"{mark:g}" for mark in document["marks"]]
    table = Table(["contender", "learns from", *[f"{mark} s" for mark in marks], "updates"])
    for contender in accuracy_for_time.ordered(document):
        table.rows.append(
            [
                contender["name"],
                contender["kind"],
                *[f"{contender['accuracy'][mark]:.2%}" for mark in marks],
                f"{contender['steps']:,}",
            ]
        )
    for name, reason in document["skipped"].items():
        table.rows.append([name, f"skipped: {reason}", *[""] * (len(marks) + 1)])
    return [table]


def figure(document: Document) -> Figure:
    """Draw accuracies over seconds."""
    return accuracy_for_time.figure(document)
