"""scikit-learn's `MLPClassifier`, by `partial_fit` on a batch and by `fit` over many."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import numpy as np

from benchmarks.contenders.task import BATCH_SIZE, LEARNING_RATE, Task
from benchmarks.paired import Contender, thread_suffix
from benchmarks.threads import BlasThreads

__all__ = ["contenders"]

EPOCHS = 2  # of one call of fit, so that what it checks at its start weighs little


def contenders(task: Task) -> list[Contender]:
    """Return both ways, on one and on all BLAS threads."""
    module: Any = importlib.import_module("sklearn.neural_network")
    choices = BlasThreads().choices
    return [
        make(module.MLPClassifier, task, threads)
        for make in (_fit, _partial_fit)
        for threads in choices
    ]


def _classifier(kind: Any, task: Task, **settings: Any) -> Any:
    return kind(
        hidden_layer_sizes=(100,), activation="logistic", solver="sgd", alpha=0.0,
        batch_size=BATCH_SIZE, learning_rate_init=LEARNING_RATE, momentum=0.0,
        nesterovs_momentum=False, random_state=task.seed, **settings,
    )  # fmt: skip


def _fit(kind: Any, task: Task, threads: int | None) -> Contender:
    """`fit` goes on from where it was, over as many samples as give the steps in two epochs."""
    labels = task.dataset.t_train
    model = _classifier(kind, task, max_iter=EPOCHS, warm_start=True, n_iter_no_change=10**9)
    limit = len(labels) // BATCH_SIZE * EPOCHS
    classes = np.arange(task.dataset.classes)

    def run(steps: int) -> None:
        samples = max(1, min(steps, limit) // EPOCHS) * BATCH_SIZE
        if set(labels[:samples]) != set(classes):
            raise ValueError(f"the first {samples} samples must hold every class")
        with warnings.catch_warnings():  # that it has not converged is meant
            warnings.simplefilter("ignore")
            model.fit(task.x32[:samples], labels[:samples])

    return Contender(
        f"scikit-learn, fit{thread_suffix(threads)}",
        run,
        min(4 * task.steps, limit) // EPOCHS * EPOCHS,
        most_steps=limit,
        threads=threads,
        blas_threads=threads,
        weights=lambda: _weights(model),
        note=f"fit of {EPOCHS} epochs divided by its batches, float32",
    )


def _partial_fit(kind: Any, task: Task, threads: int | None) -> Contender:
    labels = task.dataset.t_train
    model = _classifier(kind, task)
    classes = np.arange(task.dataset.classes)
    rng = np.random.default_rng(task.seed)

    def run(steps: int) -> None:
        for _ in range(steps):
            rows = rng.integers(0, len(labels), BATCH_SIZE)
            model.partial_fit(task.x32[rows], labels[rows], classes=classes)

    return Contender(
        f"scikit-learn, partial_fit{thread_suffix(threads)}",
        run,
        task.steps,
        threads=threads,
        blas_threads=threads,
        weights=lambda: _weights(model),
        note="partial_fit on one batch, float32",
    )


def _weights(model: Any) -> list[Any]:
    return [part for pair in zip(model.coefs_, model.intercepts_, strict=True) for part in pair]
