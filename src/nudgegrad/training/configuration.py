"""What a run is made with, as a flat record that a JSON file holds."""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from pathlib import Path
from typing import Any

from nudgegrad import data
from nudgegrad._version import __version__
from nudgegrad.data import Dataset
from nudgegrad.files import FileError, write_json
from nudgegrad.layers import Affine, Layer, ReLU, Sigmoid, Tanh
from nudgegrad.network import Network
from nudgegrad.training.trainer import Trainer
from nudgegrad.validation import ParameterError, check_choice, check_integer, check_real

__all__ = ["ACTIVATIONS", "Configuration"]

ACTIVATIONS: dict[str, type[Layer]] = {"sigmoid": Sigmoid, "tanh": Tanh, "relu": ReLU}


@dataclass(frozen=True)
class Configuration:
    """A run's settings; the defaults are the lesson's.

    Attributes
    ----------
    data, classes, train_limit
        Name or path of the data set, its number of classes (None: what the data say), and how
        many training samples to use (None: all).
    hidden_sizes, activation, weight_init_std
        The network. A weight_init_std of None is the lesson's 0.01 for one hidden layer, and
        1/√inputs for deeper networks, in which 0.01 would let the signal die out.
    method, iterations, batch_size, learning_rate, optimizer, h, sampling, dtype, seed
        As for `nudgegrad.Trainer` and `nudgegrad.Network`.
    checkpoint_every, checkpoint_seconds
        As for `nudgegrad.Trainer.run`.
    """

    data: str = "mnist"
    classes: int | None = None
    train_limit: int | None = None
    hidden_sizes: tuple[int, ...] = (100,)
    activation: str = "sigmoid"
    weight_init_std: float | None = None
    method: str = "node"
    iterations: int = 10_000
    batch_size: int = 100
    learning_rate: float | None = None
    optimizer: str = "sgd"
    h: float = 1e-4
    sampling: str = "replacement"
    dtype: str = "float64"
    seed: int = 0
    checkpoint_every: int | None = None
    checkpoint_seconds: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "hidden_sizes", tuple(self.hidden_sizes))
        for size in self.hidden_sizes:
            check_integer("hidden_size", size, 1)
        check_choice("activation", self.activation, list(ACTIVATIONS))
        check_integer("iterations", self.iterations, 1)
        check_integer("seed", self.seed, 0)
        if self.weight_init_std is not None:
            check_real("weight_init_std", self.weight_init_std, low=0)
        if self.learning_rate is not None:
            check_real("learning_rate", self.learning_rate, above=0)
        if self.checkpoint_seconds is not None:
            check_real("checkpoint_seconds", self.checkpoint_seconds, above=0)
        if self.checkpoint_every is not None:
            check_integer("checkpoint_every", self.checkpoint_every, 1)

    def load_data(self) -> Dataset:
        """Return the data set, cut to `train_limit`."""
        dataset = data.load(self.data, classes=self.classes)
        return dataset if self.train_limit is None else dataset.limit(self.train_limit)

    def build_network(self, features: int, classes: int) -> Network:
        """Return the network for inputs and outputs of these sizes."""
        sizes = [features, *self.hidden_sizes, classes]
        std = self.weight_init_std
        layers: list[Layer] = []
        for inputs, outputs in pairwise(sizes):
            if std is None:
                std_here = 0.01 if len(self.hidden_sizes) == 1 else 1 / math.sqrt(inputs)
            else:
                std_here = std
            if layers:
                layers.append(ACTIVATIONS[self.activation]())
            layers.append(Affine(inputs, outputs, weight_init_std=std_here))
        return Network(layers, seed=self.seed, dtype=self.dtype)

    def build_trainer(self, dataset: Dataset) -> Trainer:
        """Return the trainer of a new network on a data set."""
        return Trainer(
            self.build_network(dataset.features, dataset.classes),
            dataset,
            method=self.method,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            optimizer=self.optimizer,
            h=self.h,
            sampling=self.sampling,
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
            settings = {name: document.pop(name) for name in names}
            return cls(**settings), document
        except ParameterError as error:
            raise FileError(f"{path}: {error}") from error
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise FileError(f"{path}: does not hold a run's configuration ({error!r})") from error
