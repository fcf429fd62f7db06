"""Small data sets for the tests of the estimators."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Part = tuple[NDArray[Any], NDArray[Any]]


def digits() -> tuple[Part, Part]:
    """Return scikit-learn's 8×8 digits, three quarters of them to train with."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    x, y = load_digits(return_X_y=True)
    x_train, x_test, y_train, y_test = train_test_split(x / 16, y, random_state=0, stratify=y)
    return (x_train, y_train), (x_test, y_test)


def blobs(samples: int = 90, features: int = 5, classes: int = 3, seed: int = 0) -> Part:
    """Return classes that can be told apart."""
    rng = np.random.default_rng(seed)
    y = np.arange(samples) % classes
    centres = 3 * rng.normal(size=(classes, features))
    return centres[y] + rng.normal(size=(samples, features)), y


def waves(samples: int = 90, outputs: int = 1, seed: int = 0) -> Part:
    """Return numbers that follow from two features."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-2, 2, size=(samples, 2))
    y = np.stack([np.sin(x[:, 0] + k) + 0.5 * x[:, 1] for k in range(outputs)], axis=1)
    return x, y[:, 0] if outputs == 1 else y
