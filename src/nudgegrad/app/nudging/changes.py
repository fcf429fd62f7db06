"""What the nudge of one weight changes in a batch's forward pass, and what it leaves alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.app.nudging.entry import Entry, units_of
from nudgegrad.app.nudging.passes import Passes
from nudgegrad.layers import Layer
from nudgegrad.layers.layer import whole_rows

__all__ = ["Changes", "Stage", "what_changed"]

Floats = NDArray[Any]


@dataclass(frozen=True)
class Stage:
    """The numbers that one layer, or the loss, gives for a batch.

    Attributes
    ----------
    kind : str
        ``"sums"`` (of a layer with weights), ``"hidden"`` (of an activation), ``"pooled"``,
        ``"logits"`` (the sums of the last layer) or ``"losses"``.
    number : int
        Which of the layers with weights it belongs to, from 1.
    before, change : (samples, units) arrays
        The change is exact, by the library's difference rules. Of a channel's many numbers these
        are the mean and the largest change.
    column : int or None
        The one unit that is changed; None where all units are.
    places : int
        How many numbers a unit gives: one, or a channel's.
    """

    kind: str
    number: int
    before: Floats
    change: Floats
    column: int | None
    places: int = 1

    @property
    def changed(self) -> int:
        """How many numbers of a sample can change."""
        return self.places * (self.before.shape[1] if self.column is None else 1)


@dataclass(frozen=True)
class Changes:
    """What a nudge changes.

    Attributes
    ----------
    stages : list of Stage
        From the nudged layer to the loss.
    samples, touched : int
        Samples of the batch, and those whose input is not zero there.
    whole_numbers, changed_numbers : int
        Numbers that a whole forward pass computes, and those that the nudge can change.
    whole_products, changed_products : int
        Multiplications with weights in either.
    whole_formula, changed_formula : str
        The products, written out.
    """

    stages: list[Stage]
    samples: int
    touched: int
    whole_numbers: int
    changed_numbers: int
    whole_products: int
    changed_products: int
    whole_formula: str
    changed_formula: str


def what_changed(passes: Passes, entry: Entry, h: float) -> Changes:
    """Return what a nudge of one entry by h changes.

    Parameters
    ----------
    passes
        The network, which is not changed, and the mini-batch.
    entry, h
        The nudge.
    """
    network, trace = passes.network, passes.trace
    layers, values, start = network.layers, trace.activations, entry.layer(network)
    moves, moving = entry.moves(layers, values[start])
    touched, samples = int(np.count_nonzero(moves.any(axis=1))), len(values[0])

    d = h * moves
    stages: list[Stage] = []
    products = [] if entry.source is None else [[moves.shape[1]]]
    units = number = 0
    for k, layer in enumerate(layers):
        if layer.params:
            number += 1
            units = units_of(next(iter(layer.params.values())).shape)
        if k < start:
            continue
        if k > start:
            if layer.params:
                products.append(_factors(layer, values[k], values[k + 1], moving))
            d, moving = layer.partial(values[k], values[k + 1], d, moving, "difference")
        if np.may_share_memory(values[k], values[k + 1]):
            continue  # it only names the same numbers otherwise
        kind = "sums" if layer.params else "hidden" if layer.elementwise else "pooled"
        kind = "logits" if k + 1 == len(layers) else kind
        stages.append(_stage(kind, number, values[k + 1], d, moving, units))
    d = whole_rows(d, moving, values[-1].shape[1])
    losses = network.loss_function.samples(values[-1], trace.targets)
    change = network.loss_function.difference(values[-1], trace.targets, d)
    stages.append(Stage("losses", number, losses[:, None], change[:, None], None))

    computed = [
        after for before, after in pairwise(values) if not np.may_share_memory(before, after)
    ]
    whole = [
        _factors(layer, values[k], values[k + 1], slice(None))
        for k, layer in enumerate(layers)
        if layer.params
    ]
    return Changes(
        stages=stages,
        samples=samples,
        touched=touched,
        whole_numbers=sum(array.size for array in computed) + samples,
        changed_numbers=touched * sum(stage.changed for stage in stages),
        whole_products=samples * sum(map(math.prod, whole)),
        changed_products=touched * sum(map(math.prod, products)),
        whole_formula=f"{samples} · ({_written(whole)})",
        changed_formula=f"{touched} · ({_written(products)})",
    )


def _stage(kind: str, number: int, before: Floats, d: Floats, moving: slice, units: int) -> Stage:
    """Return the stage of a layer some of whose outputs move, by d."""
    samples, width = before.shape
    places = width // units
    parts = d.reshape(samples, -1, places)
    largest = np.take_along_axis(parts, np.abs(parts).argmax(axis=2)[..., None], axis=2)[..., 0]
    column = None if moving == slice(None) else moving.start // places
    change = largest
    if column is not None:
        change = np.zeros((samples, units), dtype=d.dtype)
        change[:, column] = largest[:, 0]
    means = before.reshape(samples, units, places).mean(axis=2)
    return Stage(kind, number, means, change, column, places)


def _factors(layer: Layer, x: Floats, y: Floats, moving: slice) -> list[int]:
    """Return the numbers whose product is how many products with weights a sample needs.

    Only those that change, where but some of the inputs move. A kernel is laid on many places, and
    looks at each of the channels that move.
    """
    shape = next(iter(layer.params.values())).shape
    moved = len(range(*moving.indices(x.shape[1])))
    if len(shape) <= 2:
        return [moved, y.shape[1]] if moved > 1 else [y.shape[1]]
    channels = math.ceil(moved * shape[1] / x.shape[1])
    return [y.shape[1] // shape[0], channels * math.prod(shape[2:]), shape[0]]


def _written(products: list[list[int]]) -> str:
    return " + ".join("·".join(map(str, factors)) for factors in products) or "0"
