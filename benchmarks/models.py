"""The book's networks, each trained by one command from numerical gradients alone."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import nudgegrad as ng
from benchmarks.figures import linear_bars
from benchmarks.paired import spread
from benchmarks.processes import command_line
from benchmarks.registry import Document, Say
from benchmarks.tables import Table, format_value
from nudgegrad.models import MODELS

__all__ = ["ABOUT", "TITLE", "figure", "measure", "tables"]

TITLE = "The book's networks"
ABOUT = """\
`nudgegrad train --model NAME`, once each, with the settings that the model brings: all gradients by
`node`, in float32, on MNIST. *Loss evaluations* are those that the differences stand for: two for
every nudged sum of every sample. *Time* is that of training with its accuracies, without the start
of the process. `naive` is timed on some 200 weights and scaled to all, on the model's first batch;
*times less* compares that with a step by `node` of the same batch, and both take turns."""

NAIVE_WEIGHTS = 200
REPEATS = 5


def measure(*, quick: bool, say: Say) -> Document:
    """Train each model, then compare a step of the convolutional one with `naive`'s."""
    short = ["--iterations", "3", "--train-limit", "300"] if quick else []
    runs: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for model in MODELS:
            say(model)
            out = Path(folder) / model
            command = [*command_line(), "train", "--model", model, *short, "--out", str(out)]
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
            summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
            config = json.loads((out / "config.json").read_text(encoding="utf-8"))
            network = {"parameters": _parameters(out), "settings": _settings(config)}
            runs[model] = {**summary, **network, "run": None}
    say("naive beside node")
    ratios = _ratios(1, 4) if quick else _ratios(REPEATS, NAIVE_WEIGHTS)
    return {
        "skipped": {},
        "runs": runs,
        "measures": {
            **{f"test accuracy of {m}": spread([runs[m]["test_accuracy"]]) for m in MODELS},
            **{f"seconds of {m}": spread([runs[m]["seconds"]]) for m in MODELS},
            "naive / node, simple-convnet": spread(ratios),
        },
    }


def tables(document: Document) -> list[Table]:
    """Return the runs, and the ratio."""
    table = Table(
        ["model", "parameters", "settings", "test accuracy", "time", "a step", "loss evaluations"]
    )
    for model, run in document["runs"].items():
        table.rows.append(
            [
                f"`{model}`", f"{run['parameters']:,}", run["settings"],
                f"{run['test_accuracy']:.2%}", format_value(run["seconds"], "s"),
                format_value(run["seconds_per_step"], "s"), f"{run['loss_evaluations']:,}",
            ]
        )  # fmt: skip
    ratio = document["measures"]["naive / node, simple-convnet"]
    times = Table(["`simple-convnet`, one gradient of 100 samples", "median", "lowest", "highest"])
    times.rows.append(
        ["`naive` takes so many times as long as `node`", *(
            f"{ratio[k]:,.0f}" for k in ("median", "min", "max"))]
    )  # fmt: skip
    return [table, times]


def figure(document: Document) -> Figure:
    """Draw the share of test images that are read wrongly."""
    wrong = {m: 100 * (1 - run["test_accuracy"]) for m, run in document["runs"].items()}
    return linear_bars(wrong, xlabel="test images read wrongly, %")


def _parameters(run: Path) -> int:
    from nudgegrad.training.run_folder import RunFolder

    return sum(array.size for array in RunFolder.open(run).network().params.values())


def _settings(config: dict[str, Any]) -> str:
    rate = "" if config["decay"] == "none" else f", {config['decay']} decay"
    return f"{config['iterations']:,} × {config['batch_size']}, {config['optimizer']}{rate}"


def _ratios(repeats: int, weights: int) -> list[float]:
    """Return how many times as long `naive` takes as `node` for the convolutional network."""
    from nudgegrad.estimate import time_naive
    from nudgegrad.gradient.kernels.threads import one_blas_thread

    network = ng.SimpleConvNet(seed=0, dtype="float32")
    (x_train, t_train), _ = ng.load_mnist()
    x, t = x_train[:100].astype(np.float32), t_train[:100]
    ratios = []
    for _ in range(repeats):
        naive = time_naive(network, x, t, sample=weights)[1]
        with one_blas_thread():  # as in a training
            network.numerical_gradient(x, t)
            started = time.perf_counter()
            for _ in range(3):
                network.numerical_gradient(x, t)
            ratios.append(naive / ((time.perf_counter() - started) / 3))
    return ratios
