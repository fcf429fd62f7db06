"""How a step of node grows with width, batch and inputs, and with depth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

import nudgegrad as ng
from benchmarks.paired import Contender, Times, paired_ratio, spread, take_turns
from benchmarks.registry import Document, Say
from benchmarks.tables import Table, spread_cells
from nudgegrad.data import Dataset
from nudgegrad.plotting import plot_comparison

__all__ = ["ABOUT", "TITLE", "figure", "fitted_exponent", "measure", "tables"]

ZEROS = 0.81  # the share of zeros among MNIST's pixels
DATA_BYTES = 2**24
CLASSES = 10
AXES = ("width", "batch", "inputs")
FACTORS = (1, 2, 4, 8)
DEPTHS = (1, 2, 3, 4, 6, 8)
ACTIVATIONS = {"ReLU": ng.ReLU, "sigmoid": ng.Sigmoid}

TITLE = "Growth"
ABOUT = f"""\
Seconds of one `node` step of an inputs-width-{CLASSES} network (sigmoid), where one of hidden
width, batch size and number of inputs is doubled three times and the others stay. The exponent is
the slope of a straight line fitted to the logarithms by least squares; it is fitted for each
repeat, and the median of these, the lowest and the highest are told. All sizes take turns. The data
are random bytes with MNIST's share of zeros ({ZEROS:.0%}) for every axis, since MNIST has one
number of inputs only.

Depth is another matter: each layer's nudges travel through all layers behind it, so that the cost
grows with the square of the depth, where backpropagation's grows with the depth. In ReLU networks
of few layers it need not, since these are linear until a unit switches. It is measured against this
library's `backprop`, in networks of so many hidden layers."""


@dataclass(frozen=True)
class Size:
    """A network and its batch: so many inputs, hidden layers of a width, samples."""

    inputs: int
    width: int
    batch: int
    depth: int = 1
    activation: str = "sigmoid"

    def grown(self, axis: str, factor: int) -> Size:
        """Return the size with one of width, batch, inputs multiplied."""
        return Size(**{**vars(self), axis: factor * getattr(self, axis)})


def measure(*, quick: bool, say: Say) -> Document:
    """Time steps of all sizes."""
    base = Size(32, 8, 8) if quick else Size(784, 100, 100)
    depth_base = Size(32, 8, 8) if quick else Size(784, 64, 100)
    repeats, steps = (2, 1) if quick else (15, 40)
    growth: dict[str, list[str]] = {}
    contenders: list[Contender] = []
    for dtype in ("float32", "float64"):
        for axis in AXES:
            names = []
            for factor in FACTORS:
                name = f"{dtype} {axis} ×{factor}"
                size = base.grown(axis, factor)
                contenders.append(_contender(name, size, dtype, "node", -(-steps // factor)))
                names.append(name)
            growth[f"{axis}, {dtype}"] = names
    for activation in ACTIVATIONS:
        for depth in DEPTHS:
            size = replace(depth_base, depth=depth, activation=activation)
            for method in ("node", "backprop"):
                turn = -(-steps // depth**2) if method == "node" else steps
                name = _depth_name(method, activation, depth)
                contenders.append(_contender(name, size, "float32", method, turn))
    pauses = {"pause": 0.0, "turn": 0.0} if quick else {"pause": 0.02}
    times = take_turns(contenders, repeats=repeats, say=say, **pauses)
    exponents = {key: _exponents(times, names) for key, names in growth.items()}
    return {
        "base": vars(base),
        "depth_base": {name: vars(depth_base)[name] for name in ("inputs", "width", "batch")},
        "zeros": ZEROS,
        "factors": FACTORS,
        "repeats": repeats,
        "growth": {key: [spread(times[name]) for name in names] for key, names in growth.items()},
        "depth": {
            activation: {str(depth): _price(times, activation, depth) for depth in DEPTHS}
            for activation in ACTIVATIONS
        },
        "skipped": {},
        "measures": {f"exponent of {key}": value for key, value in exponents.items()},
    }


def fitted_exponent(sizes: Any, seconds: Any) -> float:
    """Return the slope of a straight line through the logarithms, by least squares."""
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


@cache
def random_data(inputs: int) -> Dataset:
    """Return made-up images, bytes, of which a share is zero, with made-up labels.

    All data sets are of one size in memory, so that gathering is as far from the caches for all.
    """
    rng = np.random.default_rng(0)
    samples = DATA_BYTES // inputs
    x = rng.integers(1, 256, (samples, inputs), dtype=np.uint8)
    x[rng.random(x.shape, dtype=np.float32) < ZEROS] = 0
    t = rng.integers(0, CLASSES, samples)
    return Dataset("random", x, t, x[:100], t[:100], CLASSES, "made up")


def _contender(name: str, size: Size, dtype: str, method: str, steps: int) -> Contender:
    widths = [size.inputs, *[size.width] * size.depth]
    layers: list[ng.Layer] = []
    for before, after in pairwise(widths):
        layers += [ng.Affine(before, after), ACTIVATIONS[size.activation]()]
    network = ng.Network([*layers, ng.Affine(size.width, CLASSES)], seed=0, dtype=dtype)
    trainer = ng.Trainer(
        network, random_data(size.inputs), method=method, batch_size=size.batch,
        learning_rate=0.1, seed=0,
    )  # fmt: skip

    def run(steps: int) -> None:
        for _ in range(steps):
            trainer.step()

    return Contender(name, run, steps)


def _depth_name(method: str, activation: str, depth: int) -> str:
    return f"{method} {activation} depth {depth}"


def _price(times: Times, activation: str, depth: int) -> dict[str, Any]:
    """Return the times of a depth, and `node`'s over backprop's."""
    node, backprop = (_depth_name(method, activation, depth) for method in ("node", "backprop"))
    return {
        "node": spread(times[node]),
        "backprop": spread(times[backprop]),
        "ratio": paired_ratio(times, [node], [backprop]),
    }


def _exponents(times: Times, names: list[str]) -> dict[str, float]:
    rows = zip(*(times[name] for name in names), strict=True)
    return spread(fitted_exponent(FACTORS, row) for row in rows)


def tables(document: Document) -> list[Table]:
    """Return growth along each axis, and depth."""
    base, deep = document["base"], document["depth_base"]
    growth = Table(
        ["doubled", *[f"×{factor}" for factor in document["factors"]], "exponent", "lowest",
         "highest"],
        title=f"node from {base['inputs']} inputs, width {base['width']}, batch {base['batch']}",
    )  # fmt: skip
    for key, sizes in document["growth"].items():
        seconds = [spread_cells(size, "s")[0] for size in sizes]
        exponent = document["measures"][f"exponent of {key}"]
        growth.rows.append([key, *seconds, *spread_cells(exponent)])
    depth = Table(
        ["hidden layers", "node", "backprop", "node / backprop", "lowest", "highest"],
        title=f"Hidden layers of {deep['width']}, float32, batch {deep['batch']}",
    )
    for activation, depths in document["depth"].items():
        for layers, facts in depths.items():
            seconds = [spread_cells(facts[method], "s")[0] for method in ("node", "backprop")]
            depth.rows.append([f"{layers}, {activation}", *seconds, *spread_cells(facts["ratio"])])
    return [growth, depth]


def figure(document: Document) -> Figure:
    """Draw times relative to the base, both axes logarithmic; beside them the price of depth."""
    factors = document["factors"]
    curves = {"linear": (factors, [float(factor) for factor in factors])}
    for key, sizes in document["growth"].items():
        seconds = [size["median"] for size in sizes]
        curves[key] = (factors, [value / seconds[0] for value in seconds])
    figure = plot_comparison(curves, xlabel="size, relative", ylabel="time of a step, relative")
    figure.set_size_inches(11, 4.8)
    axes = figure.axes[0]
    axes.set_xscale("log", base=2)
    axes.set_yscale("log", base=2)
    for line, axis in zip(axes.lines, [None, *document["growth"]], strict=True):
        line.set(linewidth=1.5, marker="" if axis is None else "o")
    axes.lines[0].set(linestyle=":", color="gray")
    axes.legend()
    axes.set_subplotspec(GridSpec(1, 2, figure=figure)[0])
    price = figure.add_subplot(1, 2, 2)
    for activation, depths in document["depth"].items():
        layers = [int(layers) for layers in depths]
        ratios = [facts["ratio"]["median"] for facts in depths.values()]
        price.plot(layers, ratios, marker="o", label=activation)
    price.set(xlabel="hidden layers", ylabel="node / backprop", ylim=(0, None))
    price.grid(alpha=0.3)
    price.legend()
    return figure
