"""The ladder: naive, weight, node and backprop, one gradient each."""

from __future__ import annotations

from typing import Any

from matplotlib.figure import Figure

import nudgegrad as ng
from benchmarks.paired import best, paired_ratio, spread
from benchmarks.registry import Document, Say
from benchmarks.tables import Table, format_value
from benchmarks.threads import BlasThreads
from nudgegrad.comparison import Rung, compare_methods
from nudgegrad.data import as_inputs, load
from nudgegrad.gradient import METHODS
from nudgegrad.plotting import plot_bars

__all__ = ["ABOUT", "TITLE", "figure", "measure", "tables"]

TITLE = "The ladder"
ABOUT = """\
One gradient of the lesson's network on the first mini-batch of MNIST by each of the four ways, with
the BLAS on one thread and on all; of these the one with the lower median counts, for each method.
`naive` is timed on a sample of the weights, and the median of one weight is scaled to all of them:
the table says on how many. The methods take turns, and a ratio is formed within each round."""

DTYPES = ("float64", "float32")


def measure(*, quick: bool, say: Say) -> Document:
    """Compare the methods, several rounds of both dtypes."""
    hidden, batch, sample, rounds = (10, 10, 20, 1) if quick else (100, 100, 1000, 5)
    dataset = load("mnist")
    pools = BlasThreads()
    times: dict[str, list[float]] = {}
    rungs: dict[str, Rung] = {}
    for turn in range(rounds):
        for dtype in DTYPES:
            network = ng.TwoLayerNet(dataset.features, hidden, dataset.classes, seed=0, dtype=dtype)
            x, t = as_inputs(dataset.x_train[:batch], dtype), dataset.t_train[:batch]
            for threads in pools.choices:
                say(f"round {turn + 1} of {rounds}, {dtype}, {threads or 'all'} BLAS threads")
                with pools.limit(threads):
                    for rung in compare_methods(
                        network, x, t, sample=sample, repeats=1, choose_threads=False
                    ):
                        name = _name(rung.method, dtype, threads)
                        times.setdefault(name, []).append(rung.seconds)
                        rungs[name] = rung
    return {
        "network": f"{dataset.features}-{hidden}-{dataset.classes}",
        "batch_size": batch,
        "rounds": rounds,
        "ladder": {
            dtype: [_describe(method, dtype, times, rungs, pools) for method in METHODS]
            for dtype in DTYPES
        },
        "skipped": {},
        "measures": _ratios(times, pools),
    }


def _name(method: str, dtype: str, threads: int | None) -> str:
    return f"{method} {dtype}, {threads or 'default'}"


def _variants(method: str, dtype: str, pools: BlasThreads) -> list[str]:
    return [_name(method, dtype, threads) for threads in pools.choices]


def _describe(
    method: str, dtype: str, times: dict[str, list[float]], rungs: dict[str, Rung],
    pools: BlasThreads,
) -> dict[str, Any]:  # fmt: skip
    name = best(times, _variants(method, dtype, pools))
    assert name is not None
    rung = rungs[name]
    speedup = paired_ratio(times, _variants("naive", dtype, pools), [name])
    return {
        "method": method,
        "seconds": spread(times[name]),
        "blas_threads": name.rpartition(", ")[2],
        "speedup": speedup,
        "estimated": rung.estimated,
        "weights_timed": rung.weights_timed,
        "loss_evaluations": rung.loss_evaluations,
        "from_naive": rung.from_naive,
        "from_backprop": rung.from_backprop,
    }


def _ratios(times: dict[str, list[float]], pools: BlasThreads) -> dict[str, Any]:
    return {
        f"naive / {method}, {dtype}": paired_ratio(
            times, _variants("naive", dtype, pools), _variants(method, dtype, pools)
        )
        for dtype in DTYPES
        for method in METHODS[1:]
    }


def tables(document: Document) -> list[Table]:
    """Return the ladder, a table a dtype."""
    return [
        Table(
            ["method", "one gradient", "BLAS threads", "speed-up", "lowest", "highest",
             "loss evaluations", "from backprop"],
            [_row(rung) for rung in rungs],
            f"{dtype}, {document['network']}, batch {document['batch_size']}; naive on "
            f"{rungs[0]['weights_timed']:,} of its weights",
        )
        for dtype, rungs in document["ladder"].items()
    ]  # fmt: skip


def _row(rung: dict[str, Any]) -> list[str]:
    about = "≈ " if rung["estimated"] else ""
    speedup = [f"{rung['speedup'][key]:,.0f}×" for key in ("median", "min", "max")]
    return [
        rung["method"],
        about + format_value(rung["seconds"]["median"], "s"),
        rung["blas_threads"],
        *speedup,
        f"{rung['loss_evaluations']:,}",
        "" if rung["method"] == "backprop" else f"{rung['from_backprop']:.0e}",
    ]


def figure(document: Document) -> Figure:
    """Draw seconds a gradient."""
    bars = {
        f"{rung['method']} {dtype}": rung["seconds"]["median"]
        for place in range(len(METHODS))
        for dtype, rung in ((dtype, rungs[place]) for dtype, rungs in document["ladder"].items())
    }
    return plot_bars(bars, xlabel="seconds a gradient (log scale)")
