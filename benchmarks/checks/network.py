"""`check` of the lesson's network in both dtypes."""

from __future__ import annotations

from functools import partial

import nudgegrad as ng
from benchmarks.checks import Part, repeated
from benchmarks.paired import Contender
from nudgegrad.data import as_inputs, load

__all__ = ["parts"]


def parts(quick: bool) -> list[Part]:
    """Return 784-100-10, the first 100 images."""
    hidden, batch = (10, 10) if quick else (100, 100)
    data = load("mnist")
    contenders, seconds = [], {}
    for dtype in ("float64", "float32"):
        network = ng.TwoLayerNet(data.features, hidden, data.classes, seed=0, dtype=dtype)
        x, t = as_inputs(data.x_train[:batch], dtype), data.t_train[:batch]
        entries = sum(array.size for array in network.params.values())
        run = repeated(partial(ng.check, network, x, t))
        contenders.append(Contender(f"nudgegrad, {dtype}", run, 1, note=f"{entries:,} entries"))
        seconds[f"seconds of a check of a Network, {dtype}"] = f"nudgegrad, {dtype}"
    title = f"A Network, {data.features}-{hidden}-{data.classes}, batch {batch}"
    return [Part(title, contenders, {}, 2 if quick else 15, seconds)]
