"""A small data set and network for the tests of training."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import nudgegrad as ng
from nudgegrad.data import Dataset

Part = tuple[NDArray[Any], NDArray[Any]]


def make_data(samples: int = 60, features: int = 6, classes: int = 3, seed: int = 0) -> Dataset:
    """Return classes that can be told apart: the largest of the first features is the class."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(samples + 30, features))
    t = x[:, :classes].argmax(axis=1)
    return Dataset(
        name="small",
        x_train=x[:samples],
        t_train=t[:samples],
        x_test=x[samples:],
        t_test=t[samples:],
        classes=classes,
        source="made up",
    )


def make_trainer(data: Dataset | tuple[Part, Part] | None = None, **settings: Any) -> ng.Trainer:
    """Return a trainer of a 6-5-3 network on the small data set, all of it seeded.

    Or of another network, given as ``network``.
    """
    dtype, loss = settings.pop("dtype", "float64"), settings.pop("loss", None)
    network = settings.pop("network", None) or ng.TwoLayerNet(
        6, 5, 3, weight_init_std=0.5, seed=1, dtype=dtype, loss=loss
    )
    settings = {"batch_size": 10, "seed": 3, **settings}
    return ng.Trainer(network, make_data() if data is None else data, **settings)


def state_of(trainer: ng.Trainer) -> dict[str, Any]:
    """Return all that the rest of a run depends on, and all it has told so far, but for times."""
    history, best, held_out = trainer.history, trainer.stopping, trainer.validation_samples
    rng, order = trainer.feed.state()
    return {
        "parameters": {name: array.tobytes() for name, array in trainer.network.params.items()},
        "buffers": {name: array.tobytes() for name, array in trainer.network.buffers.items()},
        "optimizer": {name: array.tobytes() for name, array in trainer.optimizer.state.items()},
        "learning_rate": trainer.optimizer.learning_rate,
        "random_state": rng.bit_generator.state,
        "order": order.tobytes(),
        "train_loss": list(history.train_loss),
        "epochs": list(history.epochs),
        "loss_evaluations": history.loss_evaluations,
        "best": None if best is None else (best.value, best.iteration, best.waited),
        "best_parameters": {
            name: array.tobytes() for name, array in (best.parameters if best else {}).items()
        },
        "held_out": b"" if held_out is None else held_out.x.tobytes(),
        "best_iteration": history.best_iteration,
    }
