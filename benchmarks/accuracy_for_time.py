"""Test accuracy for seconds of training, against other ways of training without backpropagation.

The same network, data, seed and cores; one contender after the other, each in a process of its own.

The rules, the same for all:

- The clock runs while a contender trains, and stands still while its accuracy is measured, its data
  are prepared and its weights are made.
- Before the clock starts, each contender is warmed up and then starts anew: what it compiles is
  compiled. PyTorch's peers are warmed up with one thread and with all, and keep what is faster.
- A step that is under way at a mark is finished and counts; `curve` has the seconds it took.
- Where settings change over the run, there is a run for each mark, planned for that length.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from benchmarks.peers import Peer, Task
from nudgegrad import data

__all__ = ["CONTENDERS", "MARKS", "figure", "measure", "table"]

MARKS = (10.0, 30.0, 120.0)
QUICK_MARKS = (0.5, 1.0)
QUICK_HIDDEN = 4
POINTS_A_DECADE = 8
WARM_UP_STEPS, WARM_UP_SECONDS = 10, 2.0

CONTENDERS: dict[str, tuple[str, str]] = {
    "node, SGD": ("nudgegrad_peer", "nudgegrad"),
    "node, Adam": ("nudgegrad_peer", "nudgegrad"),
    "node, Adam with decay": ("nudgegrad_peer", "nudgegrad"),
    "weight, SGD": ("nudgegrad_peer", "nudgegrad"),
    "weight, Adam": ("nudgegrad_peer", "nudgegrad"),
    "torchzero FDM, Adam": ("torchzero_peer", "torchzero"),
    "torchzero SPSA, Adam": ("torchzero_peer", "torchzero"),
    "evosax OpenES, Adam": ("evosax_peer", "evosax"),
    "PolyStep": ("polystep_peer", "polystep"),
    "zeroth-learn, Adam": ("zeroth_peer", "zeroth-learn"),
    "scikit-learn MLPClassifier": ("sklearn_peer", "scikit-learn"),
    "PyTorch backprop, Adam": ("torch_peer", "torch"),
}
"""Name → (module in `benchmarks.peers`, what to install)."""


def measure(
    marks: Sequence[float] = MARKS,
    quick: bool = False,
    contenders: Sequence[str] | None = None,
    on_contender: Callable[[str], Any] | None = None,
) -> dict[str, Any]:
    """Train by each contender and measure test accuracies.

    Parameters
    ----------
    marks
        Seconds of training after which the accuracy is taken.
    quick
        A tiny network: to see that everything runs, not how well.
    contenders
        Names from `CONTENDERS`; None takes all.
    on_contender
        Called with a contender's name before its turn.

    Returns
    -------
    dict
        What JSON holds: ``benchmark``, ``marks``, ``contenders`` and ``skipped``, a reason a name.
    """
    marks = sorted({float(mark) for mark in marks})
    if not marks or marks[0] <= 0:
        raise ValueError(f"marks must be seconds above 0, got {marks}")
    document: dict[str, Any] = {
        "benchmark": "accuracy-for-time",
        "marks": marks,
        "quick": quick,
        "contenders": [],
        "skipped": {},
    }
    # A new process a contender: no pool of idle threads, no memory, no compiled code of another.
    context = multiprocessing.get_context("spawn")
    for name in CONTENDERS if contenders is None else contenders:
        package = CONTENDERS[name][1]
        if on_contender is not None:
            on_contender(name)
        with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
            try:
                document["contenders"].append(pool.submit(run, name, marks, quick).result())
            except ImportError as error:
                document["skipped"][name] = f"{package} is not installed ({error})"
            except Exception as error:  # one that fails must not take the others with it
                document["skipped"][name] = f"failed: {type(error).__name__}: {error}"
    return document


def run(name: str, marks: Sequence[float], quick: bool) -> dict[str, Any]:
    """Train by one contender, in the process that this is called in."""
    module = import_module(f"benchmarks.peers.{CONTENDERS[name][0]}")
    (make,) = (peer for peer in module.PEERS if peer.name == name)
    task = Task(data.load("mnist"), **({"hidden": QUICK_HIDDEN} if quick else {}))
    peer: Peer = make(task)
    threads = warm_up(peer)
    runs = [[mark] for mark in marks] if peer.scheduled else [list(marks)]
    accuracy: dict[str, float] = {}
    curve: list[tuple[float, float]] = []
    for run_marks in runs:
        peer.reset()
        steps, points = train(peer, run_marks, record=not peer.scheduled)
        for mark in run_marks:
            accuracy[f"{mark:g}"] = next(value for at, value in points if at >= mark)
        curve.extend(points)
    return {
        "name": name,
        "library": peer.library,
        "version": peer.version,
        "kind": peer.kind,
        "network": task.network,
        "settings": peer.settings() | ({"threads": threads} if threads is not None else {}),
        "accuracy": accuracy,
        "steps": steps,
        "seconds": curve[-1][0],
        "curve": [list(point) for point in curve],
    }


def train(
    peer: Peer, marks: Sequence[float], *, record: bool
) -> tuple[int, list[tuple[float, float]]]:
    """Train until the last mark.

    Parameters
    ----------
    peer
        Just reset.
    marks
        Seconds, ascending.
    record
        Take accuracies between the marks too.

    Returns
    -------
    (int, list)
        Updates done; and (seconds of training, test accuracy), one a mark or more.
    """
    end = marks[-1]
    pending = sorted({*marks, *(grid(end) if record else ())})
    seconds, updates = 0.0, 0
    points: list[tuple[float, float]] = []
    while pending:
        started = time.perf_counter()
        updates += peer.step(seconds / end)
        seconds += time.perf_counter() - started
        if seconds >= pending[0]:
            points.append((seconds, peer.accuracy()))
            pending = [at for at in pending if at > seconds]
    return updates, points


def grid(end: float) -> list[float]:
    """Return times from a hundredth of the end to the end, evenly on a logarithmic scale."""
    count = 2 * POINTS_A_DECADE
    return [end * 10 ** (k / POINTS_A_DECADE - 2) for k in range(count)]


def warm_up(peer: Peer) -> int | None:
    """Compile what is compiled and return the count of threads that is faster, None if not asked.

    The peer is left trained a little: reset it.
    """
    paces: dict[int, float] = {}
    for threads in peer.threads or (0,):
        if threads:
            peer.set_threads(threads)
        peer.reset()
        peer.step(0.0)
        peer.accuracy()
        started, steps = time.perf_counter(), 0
        while steps < WARM_UP_STEPS and time.perf_counter() - started < WARM_UP_SECONDS:
            peer.step(0.0)
            steps += 1
        paces[threads] = (time.perf_counter() - started) / steps
    best = min(paces, key=lambda threads: paces[threads])
    if not best:
        return None
    peer.set_threads(best)
    return best


def table(document: dict[str, Any]) -> Table:
    """Return the accuracies as a table for a terminal, the best at the last mark on top."""
    marks = [f"{mark:g}" for mark in document["marks"]]
    result = Table(title="Test accuracy for seconds of training")
    result.add_column("contender")
    result.add_column("learns from")
    for mark in marks:
        result.add_column(f"{mark} s", justify="right")
    result.add_column("updates", justify="right")
    for contender in ordered(document):
        result.add_row(
            contender["name"],
            contender["kind"],
            *(f"{contender['accuracy'][mark]:.2%}" for mark in marks),
            f"{contender['steps']:,}",
        )
    for name, reason in document["skipped"].items():
        result.add_row(name, f"skipped: {reason}", *[""] * (len(marks) + 1), style="dim")
    return result


def figure(document: dict[str, Any]) -> Figure:
    """Return test accuracy against seconds of training, which are on a logarithmic scale."""
    result = Figure(figsize=(7.6, 5.0), layout="constrained")
    FigureCanvasAgg(result)
    axes = result.add_subplot()
    colors = colormaps["tab20"].colors  # type: ignore[attr-defined]
    styles = {"numerical gradient": "-", "backprop": "--"}
    for place, contender in enumerate(ordered(document)):
        seconds, accuracies = zip(*contender["curve"], strict=True)
        axes.plot(
            seconds,
            accuracies,
            label=contender["name"],
            color=colors[place % len(colors)],
            linestyle=styles.get(contender["kind"], ":"),
            marker="o" if gaps(seconds) else None,
            markersize=3,
        )
    axes.set(xscale="log", xlabel="seconds of training", ylabel="test accuracy", ylim=(0, 1))
    axes.grid(alpha=0.25)
    result.legend(loc="outside right upper", fontsize="small", frameon=False)
    return result


def gaps(seconds: Sequence[float]) -> bool:
    """Tell whether points are so far apart that a line alone would hide where they are."""
    return len(seconds) < 2 or max(later / at for at, later in pairwise(seconds)) > math.sqrt(10)


def ordered(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the contenders, the one with the highest accuracy at the last mark first."""
    last = f"{document['marks'][-1]:g}"
    contenders: list[dict[str, Any]] = document["contenders"]
    return sorted(contenders, key=lambda contender: -contender["accuracy"][last])


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and write the document and the figure if told where."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--seconds", type=float, nargs="+", help="marks; 10 30 120, or 0.5 1 with --quick"
    )
    parser.add_argument("--quick", action="store_true", help="a tiny network, to see that it runs")
    parser.add_argument("--only", nargs="+", choices=list(CONTENDERS), metavar="NAME", help="some")
    parser.add_argument("--json", type=Path, help="file for the document")
    parser.add_argument("--figure", type=Path, help="file for the figure")
    options = parser.parse_args(arguments)
    console = Console()
    marks = options.seconds or (QUICK_MARKS if options.quick else MARKS)
    document = measure(marks, options.quick, options.only, lambda name: console.print(f"{name} …"))
    console.print(table(document))
    if options.json is not None:
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if options.figure is not None:
        figure(document).savefig(options.figure, dpi=120)


if __name__ == "__main__":
    main()
