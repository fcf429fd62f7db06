"""A PyTorch Sequential of 79,510 weights, which nudgegrad checks as a network of its own."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from benchmarks.checks import Part
from benchmarks.checks.torch_threads import thread_choices, torch, with_threads
from benchmarks.paired import Times, thread_suffix
from nudgegrad.data import as_inputs, load
from nudgegrad.torch import check

__all__ = ["parts"]

CLASSES = 10
WHOLE = "gradcheck slow, every entry"


def parts(quick: bool) -> list[Part]:
    """Return 784-100-10, cross-entropy, the first 100 images, float64."""
    hidden, batch = (20, 10) if quick else (100, 100)
    data = load("mnist")
    torch.manual_seed(0)
    nn = torch.nn
    layers = nn.Linear(data.features, hidden), nn.Sigmoid(), nn.Linear(hidden, CLASSES)
    module = nn.Sequential(*layers).double()
    x = torch.from_numpy(as_inputs(data.x_train[:batch], "float64"))
    t = torch.from_numpy(data.t_train[:batch].astype("int64"))
    criterion = nn.CrossEntropyLoss()
    entries = sum(parameter.numel() for parameter in module.parameters())

    def loss(output: Any) -> Any:
        return criterion(output, t)

    def ours(inputs: bool) -> None:
        check(module, loss, x, check_inputs=inputs, path="network")

    def slow(parameter: Any) -> None:
        # The module sees what gradcheck writes into its parameter, so nothing is copied or swapped.
        torch.autograd.gradcheck(lambda _: loss(module(x)), (parameter,))

    hidden_bias, output_bias = layers[0].bias, layers[2].bias
    contenders = [
        *with_threads("nudgegrad, every parameter", partial(ours, False), f"{entries:,} entries"),
        *with_threads("nudgegrad, inputs too", partial(ours, True), f"{entries + x.numel():,}"),
        *with_threads("gradcheck slow, hidden biases", partial(slow, hidden_bias), f"{hidden:,}"),
        *with_threads("gradcheck slow, output biases", partial(slow, output_bias), f"{CLASSES:,}"),
    ]

    def derive(times: Times) -> Times:
        whole = {}
        for threads in thread_choices():
            suffix = thread_suffix(threads)
            # The median: what a repeat adds to the few must not be taken from the many.
            few = float(np.median(times[f"gradcheck slow, output biases{suffix}"]))
            whole[WHOLE + suffix] = [
                few + (many - few) / (hidden - CLASSES) * (entries - CLASSES)
                for many in times[f"gradcheck slow, hidden biases{suffix}"]
            ]
        return whole

    return [
        Part(
            f"A Sequential, {data.features}-{hidden}-{CLASSES}, sigmoid, cross-entropy, batch "
            f"{batch}, float64",
            contenders,
            {"gradcheck slow / nudgegrad, Sequential": (WHOLE, "nudgegrad, every parameter")},
            repeats=2 if quick else 15,
            derive=derive,
            derived=dict.fromkeys(
                (WHOLE + thread_suffix(threads) for threads in thread_choices()),
                f"{entries:,}, from the biases",
            ),
        )
    ]
