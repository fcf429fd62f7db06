"""Whether float32 ends where float64 does: the lesson's training over several seeds."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from benchmarks.figures import linear_bars
from benchmarks.paired import spread
from benchmarks.registry import Document, Say
from benchmarks.tables import Table, format_value
from nudgegrad.training.configuration import Configuration

__all__ = ["ABOUT", "TITLE", "figure", "measure", "tables"]

TITLE = "float32 and float64"
ABOUT = """\
The default training by `node`, once in either dtype for each seed; both start from the same
weights, rounded, and see the same batches. What the dtype changes is to be held against what the
seed changes. *difference over scatter* is the largest difference of the two test accuracies of a
seed, divided by the standard deviation of the accuracies over the seeds."""

DTYPES = ("float64", "float32")


def measure(*, quick: bool, say: Say) -> Document:
    """Train, and note accuracies and losses at the end."""
    seeds = range(2 if quick else 5)
    settings: dict[str, Any] = {"iterations": 40, "train_limit": 2000} if quick else {}
    runs: list[dict[str, Any]] = []
    for seed in seeds:
        for dtype in DTYPES:
            say(f"seed {seed}, {dtype}")
            configuration = Configuration(seed=seed, dtype=dtype, **settings)
            trainer = configuration.build_trainer(configuration.load_data())
            history = trainer.run(configuration.iterations)
            runs.append(
                {
                    "seed": seed,
                    "dtype": dtype,
                    "iterations": history.iterations,
                    "test_accuracy": history.test_accuracy,
                    "last_losses": float(np.mean(history.train_loss[-100:])),
                    "step_seconds": history.step_seconds / history.iterations,
                }
            )
    wide, narrow = (
        np.array([run["test_accuracy"] for run in runs if run["dtype"] == dtype])
        for dtype in DTYPES
    )
    scatter = float(np.std(wide, ddof=1))
    return {
        "runs": runs,
        "skipped": {},
        "measures": {
            **{f"test accuracy, {dtype}": spread(values) for dtype, values in
               zip(DTYPES, (wide, narrow), strict=True)},
            "difference": spread(narrow - wide),
            "difference over scatter": spread(
                [float(np.abs(narrow - wide).max()) / max(scatter, 1e-12)]
            ),
        },
    }  # fmt: skip


def tables(document: Document) -> list[Table]:
    """Return a row a seed."""
    table = Table(["seed", *(f"test accuracy, {dtype}" for dtype in DTYPES),
                   *(f"mean of the last 100 losses, {dtype}" for dtype in DTYPES)])  # fmt: skip
    runs = document["runs"]
    for seed in dict.fromkeys(run["seed"] for run in runs):
        pair = [next(run for run in runs if (run["seed"], run["dtype"]) == (seed, dtype))
                for dtype in DTYPES]  # fmt: skip
        table.rows.append(
            [
                str(seed),
                *(format_value(run["test_accuracy"]) for run in pair),
                *(f"{run['last_losses']:.7f}" for run in pair),
            ]
        )
    return [table]


def figure(document: Document) -> Figure:
    """Draw the errors on the test set."""
    bars = {
        f"seed {run['seed']}, {run['dtype']}": 100 * (1 - run["test_accuracy"])
        for run in document["runs"]
    }
    return linear_bars(bars, xlabel="wrong test images, %")
