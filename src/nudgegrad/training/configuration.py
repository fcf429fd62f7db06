"""What a run is made with, as a flat record that a JSON file holds."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from nudgegrad import data
from nudgegrad._version import __version__
from nudgegrad.data import Dataset
from nudgegrad.data.fetch import OnProgress
from nudgegrad.files import FileError, write_json
from nudgegrad.layers import INITIALIZERS, Layer, ReLU, Sigmoid, Tanh
from nudgegrad.models import MultiLayerNet, SimpleConvNet, TwoLayerNet, check_model
from nudgegrad.network import Network
from nudgegrad.training.early_stopping import make_stopping
from nudgegrad.training.schedules import CosineDecay, LinearDecay, Schedule, StepDecay
from nudgegrad.training.trainer import Trainer
from nudgegrad.validation import ParameterError, check_choice, check_integer, check_real

__all__ = [
    "ACTIVATIONS",
    "DECAYS",
    "INITIALIZERS",
    "MODEL_SETTINGS",
    "RECIPES",
    "Configuration",
    "settings_of_recipe",
]

ACTIVATIONS: dict[str, type[Layer]] = {"sigmoid": Sigmoid, "tanh": Tanh, "relu": ReLU}
DECAYS: dict[str, Callable[[Configuration], Schedule | None]] = {
    "none": lambda c: Schedule(warm_up=c.warm_up) if c.warm_up else None,
    "linear": lambda c: LinearDecay(c.iterations, warm_up=c.warm_up),
    "cosine": lambda c: CosineDecay(c.iterations, warm_up=c.warm_up),
    "step": lambda c: StepDecay(c.falls_every, warm_up=c.warm_up),
}
"""What makes of a configuration its learning-rate schedule."""
ADDED = (
    "decay", "warm_up", "decay_every", "weight_decay", "validation_fraction", "monitor", "patience",
    "min_delta", "data_folder", "label", "image_size", "model",
)  # fmt: skip
"""Settings that configurations of 0.1 did not have at first; their defaults are as it was then."""
RECIPES: dict[str, dict[str, Any]] = {
    "best": {
        "hidden_sizes": (128,),
        "activation": "relu",
        "weight_init_std": "he",
        "optimizer": "adam",
        "learning_rate": 0.002,
        "decay": "linear",
        "sampling": "shuffle",
        "iterations": 30_000,
    },
}
"""Settings that go together, by name; what they do not name keeps its default."""
MODEL_SETTINGS: dict[str, dict[str, Any]] = {
    "two-layer": {},
    "multi-layer": {
        "hidden_sizes": (100,) * 6,
        "activation": "relu",
        "weight_init_std": "he",
        "optimizer": "adam",
        "decay": "linear",
        "sampling": "shuffle",
        "iterations": 6_000,
    },
    "simple-convnet": {
        "activation": "relu",
        "weight_init_std": "he",
        "optimizer": "adam",
        "decay": "linear",
        "sampling": "shuffle",
        "iterations": 6_000,
    },
}
"""Settings that suit each of the `MODELS`, in place of the lesson's."""


def settings_of_recipe(recipe: str, model: str) -> dict[str, Any]:
    """Return the settings of a recipe for a model; those of deeper ones are their best already."""
    return RECIPES[recipe] if model == "two-layer" else MODEL_SETTINGS[model]


@dataclass(frozen=True)
class Configuration:
    """A run's settings; the defaults are the lesson's.

    Attributes
    ----------
    data, classes, train_limit
        Name or path of the data set, its number of classes (None: what the data say), and how
        many training samples to use (None: all).
    data_folder, label, image_size
        As `folder`, `label` and `image_size` for `nudgegrad.data.load`: where a named data set's
        files lie, which column of a CSV file holds the labels, and to what size pictures are
        scaled.
    model, hidden_sizes, activation, weight_init_std
        The network. A two-layer one with other than one hidden layer is a multi-layer one; in
        ``"simple-convnet"`` the hidden size is that of its affine layer. weight_init_std is a
        number; ``"he"``, √(2/inputs) for each layer; or ``"xavier"``, 1/√inputs. None is the
        lesson's 0.01 for the two-layer network, and ``"xavier"`` for deeper ones, in which 0.01
        would let the signal die out.
    method, iterations, batch_size, learning_rate, optimizer, h, sampling, dtype, seed
        As for `nudgegrad.Trainer` and `nudgegrad.Network`.
    decay
        How the learning rate falls over the run: ``"linear"`` or ``"cosine"`` to zero, ``"step"``
        to a tenth every `decay_every` iterations (None: a third of the run). ``"none"``: it stays.
    warm_up
        Iterations over which the learning rate rises from nothing first.
    weight_decay, validation_fraction, monitor, patience, min_delta
        As for `nudgegrad.Trainer`.
    checkpoint_every, checkpoint_seconds
        As for `nudgegrad.Trainer.run`.
    """

    data: str = "mnist"
    classes: int | None = None
    train_limit: int | None = None
    hidden_sizes: tuple[int, ...] = (100,)
    activation: str = "sigmoid"
    weight_init_std: float | str | None = None
    method: str = "node"
    iterations: int = 10_000
    batch_size: int = 100
    learning_rate: float | None = None
    decay: str = "none"
    decay_every: int | None = None
    warm_up: int = 0
    weight_decay: float = 0.0
    validation_fraction: float = 0.0
    monitor: str = "loss"
    patience: int | None = None
    min_delta: float = 0.0
    optimizer: str = "sgd"
    h: float = 1e-4
    sampling: str = "replacement"
    dtype: str = "float64"
    seed: int = 0
    checkpoint_every: int | None = None
    checkpoint_seconds: float | None = None
    data_folder: str | None = None
    label: str | None = None
    image_size: int | None = None
    model: str = "two-layer"

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden_sizes", tuple(self.hidden_sizes))
        check_model(self.model)
        if self.model == "two-layer" and len(self.hidden_sizes) != 1:
            object.__setattr__(self, "model", "multi-layer")
        for size in self.hidden_sizes:
            check_integer("hidden_size", size, 1)
        check_choice("activation", self.activation, list(ACTIVATIONS))
        check_integer("iterations", self.iterations, 1)
        check_integer("seed", self.seed, 0)
        check_choice("decay", self.decay, list(DECAYS))
        check_integer("warm_up", self.warm_up, 0)
        if self.decay_every is not None:
            check_integer("decay_every", self.decay_every, 1)
        check_real("weight_decay", self.weight_decay, low=0)
        make_stopping(self.validation_fraction, self.monitor, self.patience, self.min_delta)
        if isinstance(self.weight_init_std, str):
            check_choice("weight_init_std", self.weight_init_std, list(INITIALIZERS))
        elif self.weight_init_std is not None:
            check_real("weight_init_std", self.weight_init_std, low=0)
        if self.learning_rate is not None:
            check_real("learning_rate", self.learning_rate, above=0)
        if self.checkpoint_seconds is not None:
            check_real("checkpoint_seconds", self.checkpoint_seconds, above=0)
        if self.checkpoint_every is not None:
            check_integer("checkpoint_every", self.checkpoint_every, 1)

    @property
    def falls_every(self) -> int:
        """Iterations between two falls of a learning rate that falls by steps."""
        return self.decay_every or math.ceil(self.iterations / 3)

    def load_data(
        self, *, download: bool = False, on_progress: OnProgress | None = None
    ) -> Dataset:
        """Return the data set, cut to `train_limit`.

        Parameters
        ----------
        download, on_progress
            As for `nudgegrad.data.load`, but nothing is downloaded unless told.
        """
        dataset = data.load(
            self.data,
            classes=self.classes,
            folder=self.data_folder,
            download=download,
            label=self.label,
            image_size=self.image_size,
            on_progress=on_progress,
        )
        return dataset if self.train_limit is None else dataset.limit(self.train_limit)

    def build_network(
        self, features: int, classes: int, image_shape: tuple[int, int] | None = None
    ) -> Network:
        """Return the network for inputs and outputs of these sizes.

        Raises
        ------
        ParameterError
            If the model takes pictures, and these are none.
        """
        std = self.weight_init_std
        if std is None:
            std = 0.01 if self.model == "two-layer" else "xavier"
        activation = ACTIVATIONS[self.activation]
        options: dict[str, Any] = {"activation": activation, "seed": self.seed, "dtype": self.dtype}
        if self.model == "two-layer":
            return TwoLayerNet(features, self.hidden_sizes[0], classes, std, **options)
        if self.model == "multi-layer":
            return MultiLayerNet(features, self.hidden_sizes, classes, std, **options)
        if image_shape is None:
            raise ParameterError(
                f"model simple-convnet must be given pictures, but {self.data!r} has rows of "
                f"{features} numbers; use model two-layer or multi-layer"
            )
        if len(self.hidden_sizes) != 1:
            raise ParameterError(
                "model simple-convnet must have one hidden size, of its affine layer, got "
                f"{', '.join(map(str, self.hidden_sizes))}"
            )
        return SimpleConvNet(
            (1, *image_shape), hidden_size=self.hidden_sizes[0], output_size=classes,
            weight_init_std=std, **options,
        )  # fmt: skip

    def build_trainer(self, dataset: Dataset) -> Trainer:
        """Return the trainer of a new network on a data set."""
        return Trainer(
            self.build_network(dataset.features, dataset.classes, dataset.image_shape),
            dataset,
            method=self.method,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            optimizer=self.optimizer,
            h=self.h,
            sampling=self.sampling,
            schedule=DECAYS[self.decay](self),
            weight_decay=self.weight_decay,
            validation_fraction=self.validation_fraction,
            monitor=self.monitor,
            patience=self.patience,
            min_delta=self.min_delta,
            seed=self.seed,
        )

    def save(self, path: str | os.PathLike[str], **facts: Any) -> None:
        """Write a JSON file, with further facts about the run."""
        write_json(path, {"version": __version__, **asdict(self), **facts})

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> tuple[Configuration, dict[str, Any]]:
        """Return what `save` wrote, and the further facts."""
        try:
            document = json.loads(Path(path).read_text(encoding="utf-8"))
            names = {field.name for field in fields(cls)}
            names -= {name for name in ADDED if name not in document}
            settings = {name: document.pop(name) for name in names}
            return cls(**settings), document
        except ParameterError as error:
            raise FileError(f"{path}: {error}") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise FileError(f"{path}: does not hold a run's configuration ({error!r})") from error
