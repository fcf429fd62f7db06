"""Networks, batches and entries for tests of nudging."""

from __future__ import annotations

from typing import Any

import numpy as np

from nudgegrad.app.nudging import Entry
from nudgegrad.training.configuration import Configuration

ENTRIES = [Entry("W1", 2, 5), Entry("b1", 3), Entry("W2", 1, 4), Entry("b2", 0)]


def make(
    dtype: str = "float64", activation: str = "sigmoid", hidden: tuple[int, ...] = (6,)
) -> Any:
    """Return a network, inputs of which many are zero, and labels."""
    network = Configuration(
        hidden_sizes=hidden, activation=activation, weight_init_std="xavier", dtype=dtype
    ).build_network(9, 4)
    rng = np.random.default_rng(1)
    x = rng.normal(size=(20, 9)) * (rng.random((20, 9)) < 0.6)
    return network, x.astype(dtype), rng.integers(4, size=20)


def make_convolutional(dtype: str = "float64") -> Any:
    """Return a convolutional network of 8 × 8 pictures, such pictures, and labels."""
    network = Configuration(
        model="simple-convnet", hidden_sizes=(6,), activation="relu", weight_init_std="he",
        dtype=dtype,
    ).build_network(64, 4, (8, 8))  # fmt: skip
    rng = np.random.default_rng(2)
    x = rng.random((12, 64)) * (rng.random((12, 64)) < 0.6)
    return network, x.astype(dtype), rng.integers(4, size=12)


CONVOLUTIONAL = [
    Entry("W1", 7, 11, (1, 5, 5)), Entry("b1", 29), Entry("W2", 3, 100), Entry("b2", 1),
    Entry("W3", 2, 5),
]  # fmt: skip
