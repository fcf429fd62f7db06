"""What the nudge of one weight changes in a batch's forward pass, and what it leaves alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.app.nudging.entry import Entry
from nudgegrad.gradient.trace import make_trace
from nudgegrad.layers import Affine
from nudgegrad.network import Network

__all__ = ["Changes", "Stage", "what_changed"]

Floats = NDArray[Any]


@dataclass(frozen=True)
class Stage:
    """The numbers that one layer, or the loss, gives for a batch.

    Attributes
    ----------
    kind : str
        ``"sums"`` (of an affine layer), ``"hidden"`` (of an activation), ``"logits"`` (the sums
        of the last layer) or ``"losses"``.
    number : int
        Which of the affine layers it belongs to, from 1.
    before, change : (samples, units) arrays
        The change is exact, by the library's difference rules.
    column : int or None
        The one unit that is changed; None where all units are.
    """

    kind: str
    number: int
    before: Floats
    change: Floats
    column: int | None


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


def what_changed(network: Network, x: Floats, t: Floats, entry: Entry, h: float) -> Changes:
    """Return what a nudge of one entry by h changes, in a network of affine layers.

    Parameters
    ----------
    network
        Not changed.
    x, t
        The mini-batch.
    entry, h
        The nudge.
    """
    trace = make_trace(network.layers, network.loss_function, x, t)
    values, start = trace.activations, entry.layer(network)
    moves = entry.moves(values[start])
    touched, samples = int(np.count_nonzero(moves)), len(x)

    d = np.zeros_like(values[start + 1])
    d[:, entry.unit] = h * moves
    column: int | None = entry.unit
    stages: list[Stage] = []
    products = [] if entry.source is None else ["1"]
    count = len(products)
    number = sum(isinstance(layer, Affine) for layer in network.layers[:start])
    for k in range(start, len(network.layers)):
        layer = network.layers[k]
        affine = isinstance(layer, Affine)
        if k > start:
            d = layer.difference(values[k], values[k + 1], d)
        if k > start and affine:
            width = values[k + 1].shape[1]
            wide = values[k].shape[1] if column is None else 1
            products.append(f"{wide}·{width}" if column is None else str(width))
            count += wide * width
            column = None
        number += affine
        last = k + 1 == len(network.layers)
        kind = ("logits" if last else "sums") if affine else "hidden"
        stages.append(Stage(kind, number, values[k + 1], d, column))
    losses = network.loss_function.samples(values[-1], trace.targets)
    change = network.loss_function.difference(values[-1], trace.targets, d)
    stages.append(Stage("losses", number, losses[:, None], change[:, None], None))

    sizes = [layer.params["W"].shape for layer in network.layers if isinstance(layer, Affine)]
    all_products = " + ".join(f"{inputs}·{outputs}" for inputs, outputs in sizes)
    changed = sum(s.before.shape[1] if s.column is None else 1 for s in stages)
    return Changes(
        stages=stages,
        samples=samples,
        touched=touched,
        whole_numbers=sum(array.size for array in values[1:]) + samples,
        changed_numbers=touched * changed,
        whole_products=samples * sum(inputs * outputs for inputs, outputs in sizes),
        changed_products=touched * count,
        whole_formula=f"{samples} · ({all_products})",
        changed_formula=f"{touched} · ({' + '.join(products) or '0'})",
    )
