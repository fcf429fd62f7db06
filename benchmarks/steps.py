"""One training step of nudgegrad against one of its peers."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Any

from matplotlib.figure import Figure

from benchmarks.contenders.task import BATCH_SIZE, DEEP, LEARNING_RATE, SHALLOW, Task
from benchmarks.figures import linear_bars
from benchmarks.paired import TURN, Contender, best, paired_ratio, spread, take_turns
from benchmarks.registry import Document, Say
from benchmarks.tables import Table, format_value, spread_cells
from nudgegrad.data import load

__all__ = ["ABOUT", "TITLE", "figure", "measure", "tables"]

TITLE = "One training step"
ABOUT = f"""\
A step draws a mini-batch of {BATCH_SIZE}, gathers it, takes its gradient and updates the weights
({SHALLOW}, sigmoid, softmax and cross-entropy, learning rate {LEARNING_RATE}; and {DEEP}). All
contenders start from the same weights, but for scikit-learn, which draws its own, and take turns in
one process. A ratio is formed within each repeat; its median, lowest and highest value over the
repeats are told. Of a peer's variants the one with the lowest median counts. The thread pool of
each is set before its turn, and a pause and some untimed steps stand between the turns. The test
accuracy after all these steps shows that a contender really learns.

`scikit-learn` runs by `partial_fit` on one batch and by `fit` over many, divided by their number.
The *floor* gathers the batch's bytes, makes floats of them and takes the two large matrix products,
nothing else."""

PEERS = {
    "nudgegrad": "ours",
    "PyTorch": "pytorch",
    "scikit-learn": "scikit_learn",
    "JAX": "jax_scan",
    "lesson": "lesson_numpy",
    "floor": "floor",
}
"""Whose contenders are in which module of `benchmarks.contenders`."""

RATIOS = {
    "node float32 / PyTorch": ("node float32", "PyTorch, ", ""),
    "node float32 / scikit-learn": ("node float32", "scikit-learn, ", ""),
    "node float32 / JAX": ("node float32", "JAX, ", ""),
    "node float64 / lesson's NumPy backprop": ("node float64", "lesson's NumPy backprop", ""),
    "node float32 / floor": ("node float32", "floor float32", ""),
    "node float64 / floor": ("node float64", "floor float64", ""),
    "node float32 / PyTorch, deep": ("node float32 deep", "PyTorch, ", "deep"),
    "node float32 / backprop float32": ("node float32", "backprop float32", ""),
    "node float64 / backprop float64": ("node float64", "backprop float64", ""),
}
"""Measure → the contender above, what the names of those below start with, and how they end."""


def measure(*, quick: bool, say: Say) -> Document:
    """Time everybody who is installed."""
    dataset = load("mnist")
    if quick:
        few = slice(1000)
        dataset = replace(
            dataset, x_train=dataset.x_train[few], t_train=dataset.t_train[few],
            x_test=dataset.x_test[few], t_test=dataset.t_test[few],
        )  # fmt: skip
    task = Task(dataset, steps=4 if quick else 50, deep_steps=1 if quick else 5)
    skipped: dict[str, str] = {}
    contenders: list[Contender] = []
    for peer, module in PEERS.items():
        say(f"preparing {peer}")
        try:
            peers: Any = importlib.import_module(f"benchmarks.contenders.{module}")
            contenders += peers.contenders(task)
        except ImportError as error:
            skipped[peer] = f"not installed ({error.name})"
    repeats = 2 if quick else 25
    times = take_turns(contenders, repeats=repeats, say=say, turn=0 if quick else TURN)
    return {
        "batch_size": BATCH_SIZE,
        "repeats": repeats,
        "contenders": {
            contender.name: _describe(task, contender, times[contender.name])
            for contender in contenders
        },
        "skipped": skipped,
        "measures": _ratios(times),
    }


def _describe(task: Task, contender: Contender, seconds: list[float]) -> dict[str, Any]:
    network = DEEP if contender.name.endswith("deep") else SHALLOW
    accuracy = None
    if contender.weights is not None:
        accuracy = task.test_accuracy(network, list(contender.weights()))
    return {
        "network": network,
        "seconds": spread(seconds),
        "all_seconds": seconds,
        "steps_a_turn": contender.steps,
        "threads": contender.threads,
        "test_accuracy": accuracy,
        "note": contender.note,
    }


def _ratios(times: dict[str, list[float]]) -> dict[str, Any]:
    ratios = {}
    for measure_name, (over, starts, ends) in RATIOS.items():
        under = [
            name
            for name in times
            if name.startswith(starts) and name.endswith("deep") == (ends == "deep")
        ]
        ratio = paired_ratio(times, [over], under)
        if ratio is not None:
            ratios[measure_name] = ratio
    return ratios


def tables(document: Document) -> list[Table]:
    """Return the ratios, and every contender's time."""
    ratios = Table(["ratio", "median", "lowest", "highest", "over its"], title="Ratios")
    for name, ratio in document["measures"].items():
        ratios.rows.append([name, *spread_cells(ratio), ratio["under"]])
    seconds = Table(
        ["contender", "threads", "a step", "lowest", "highest", "test accuracy"],
        title=f"Seconds a step, {document['repeats']} repeats",
    )
    for name, facts in document["contenders"].items():
        seconds.rows.append(
            [
                name,
                str(facts["threads"] or ""),
                *spread_cells(facts["seconds"], "s"),
                format_value(facts["test_accuracy"]),
            ]
        )
    for name, reason in document["skipped"].items():
        seconds.rows.append([name, "", "skipped", "", "", reason])
    return [ratios, seconds]


def figure(document: Document) -> Figure:
    """Draw the small network's times, the best of each peer's variants."""
    times = {name: facts["all_seconds"] for name, facts in document["contenders"].items()}
    small = [name for name in times if not name.endswith("deep")]
    bars = {}
    for start in dict.fromkeys(name.partition(",")[0] for name in small):
        name = best(times, [name for name in small if name.partition(",")[0] == start])
        if name is not None:
            bars[start] = document["contenders"][name]["seconds"]["median"] * 1e3
    return linear_bars(bars, xlabel="ms a step")
