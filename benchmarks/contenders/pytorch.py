"""PyTorch, eager: autograd's backpropagation and `torch.optim.SGD`."""

from __future__ import annotations

import importlib
import os
from functools import partial
from typing import Any

from benchmarks.contenders.task import BATCH_SIZE, DEEP, LEARNING_RATE, SHALLOW, Task
from benchmarks.paired import Contender, thread_suffix

__all__ = ["contenders"]


def contenders(task: Task) -> list[Contender]:
    """Return both networks on 1 and on 2 threads, with the plain and the fused optimizer."""
    torch: Any = importlib.import_module("torch")
    images = torch.from_numpy(task.x32)
    labels = torch.tensor(task.dataset.t_train)
    torch.manual_seed(task.seed)
    return [
        _contender(torch, task, images, labels, network, threads, fused=fused)
        for network in (SHALLOW, DEEP)
        for threads in sorted({1, min(2, os.cpu_count() or 1)})
        for fused in (False, True)
    ]


def _contender(
    torch: Any, task: Task, images: Any, labels: Any, network: str, threads: int, *, fused: bool
) -> Contender:
    weights = task.start(network, "float32")
    layers: list[Any] = []
    for place in range(0, len(weights), 2):
        layer = torch.nn.Linear(*weights[place].shape)
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(weights[place].T.copy()))
            layer.bias.copy_(torch.from_numpy(weights[place + 1]))
        layers += [layer, torch.nn.Sigmoid() if network == SHALLOW else torch.nn.ReLU()]
    model = torch.nn.Sequential(*layers[:-1])
    criterion = torch.nn.CrossEntropyLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE, fused=fused)

    def run(steps: int) -> None:
        for _ in range(steps):
            rows = torch.randint(len(images), (BATCH_SIZE,))
            optimizer.zero_grad()
            loss = criterion(model(images[rows]), labels[rows])
            loss.backward()
            optimizer.step()

    deep = network == DEEP
    optimizer_name = "fused SGD" if fused else "SGD"
    return Contender(
        f"PyTorch, {optimizer_name}{thread_suffix(threads)}{', deep' if deep else ''}",
        run,
        task.steps,
        threads=threads,
        enter=partial(torch.set_num_threads, threads),
        weights=lambda: [
            part.detach().numpy()
            for layer in layers[:-1:2]
            for part in (layer.weight.T, layer.bias)
        ],
        note=f"eager backpropagation, {optimizer_name}, float32 images as a tensor",
    )
