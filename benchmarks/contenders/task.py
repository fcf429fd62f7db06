"""The one task of all contenders: data, starting weights, batch size, learning rate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

import nudgegrad as ng
from nudgegrad.data import Dataset, as_inputs, one_hot

__all__ = ["BATCH_SIZE", "DEEP", "LEARNING_RATE", "SHALLOW", "Task"]

BATCH_SIZE = 100
LEARNING_RATE = 0.1
SHALLOW = "784-100-10"
DEEP = "784-256-256-10 ReLU"


@dataclass
class Task:
    """MNIST and the networks to train on it.

    Attributes
    ----------
    dataset : Dataset
    steps, deep_steps : int
        Of one turn, for the small network and for the deep one.
    seed : int
        Of starting weights and batches.
    """

    dataset: Dataset
    steps: int
    deep_steps: int
    seed: int = 0

    @cached_property
    def x32(self) -> NDArray[Any]:
        """The training images as float32, (samples, 784)."""
        return as_inputs(self.dataset.x_train, "float32")

    @cached_property
    def x64(self) -> NDArray[Any]:
        """The training images as float64."""
        return as_inputs(self.dataset.x_train, "float64")

    @cached_property
    def x_test(self) -> NDArray[Any]:
        """The test images as float64."""
        return as_inputs(self.dataset.x_test, "float64")

    @cached_property
    def one_hot64(self) -> NDArray[Any]:
        """The training labels as rows of float64."""
        return one_hot(self.dataset.t_train, self.dataset.classes)

    def network(self, name: str, dtype: str) -> ng.Network:
        """Return a network at its start: the same weights for everybody."""
        if name == SHALLOW:
            return ng.TwoLayerNet(784, 100, 10, seed=self.seed, dtype=dtype)
        layers = [
            ng.Affine(784, 256), ng.ReLU(), ng.Affine(256, 256), ng.ReLU(), ng.Affine(256, 10),
        ]  # fmt: skip
        return ng.Network(layers, seed=self.seed, dtype=dtype)

    def start(self, name: str, dtype: str) -> list[NDArray[Any]]:
        """Return copies of its starting weights: W1, b1, W2, b2, …"""
        return [array.copy() for array in self.network(name, dtype).params.values()]

    def test_accuracy(self, name: str, weights: list[Any]) -> float:
        """Return the share of test images that a network with these weights gets right."""
        network = self.network(name, "float64")
        for key, value in zip(network.params, weights, strict=True):
            network.params[key] = np.asarray(value, dtype="float64")
        return float(network.accuracy(self.x_test, self.dataset.t_test))
