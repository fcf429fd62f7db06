"""What the estimators' parameters stand for: layers, an optimizer, a schedule."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

from nudgegrad.gradient import METHODS
from nudgegrad.layers import Affine, Layer, ReLU, Sigmoid, Tanh
from nudgegrad.training import SGD, Adam, CosineDecay, LinearDecay, Momentum, Nesterov
from nudgegrad.training.optimizers import Optimizer
from nudgegrad.training.schedules import Schedule
from nudgegrad.validation import (
    ParameterError,
    check_boolean,
    check_choice,
    check_integer,
    check_real,
)

__all__ = ["check_parameters", "make_layers", "make_optimizer", "make_schedule"]

ACTIVATIONS: dict[str, type[Layer] | None] = {
    "identity": None,
    "logistic": Sigmoid,
    "tanh": Tanh,
    "relu": ReLU,
}
SOLVERS = ("adam", "sgd")
LEARNING_RATES = ("constant", "adaptive", "linear", "cosine")


def check_parameters(estimator: Any) -> None:
    """Raise `ParameterError` unless all parameters are what they may be."""
    hidden_sizes(estimator)
    check_choice("activation", estimator.activation, list(ACTIVATIONS))
    check_choice("solver", estimator.solver, SOLVERS)
    check_real("alpha", estimator.alpha, low=0)
    if estimator.batch_size != "auto":
        check_integer("batch_size", estimator.batch_size, 1)
    check_choice("learning_rate", estimator.learning_rate, LEARNING_RATES)
    check_real("learning_rate_init", estimator.learning_rate_init, above=0)
    check_integer("max_iter", estimator.max_iter, 1)
    check_real("tol", estimator.tol, low=0)
    check_real("momentum", estimator.momentum, low=0, below=1)
    check_real("validation_fraction", estimator.validation_fraction, above=0, below=1)
    check_real("beta_1", estimator.beta_1, low=0, below=1)
    check_real("beta_2", estimator.beta_2, low=0, below=1)
    check_real("epsilon", estimator.epsilon, above=0)
    if estimator.n_iter_no_change != math.inf:
        check_integer("n_iter_no_change", estimator.n_iter_no_change, 1)
    for name in ("shuffle", "warm_start", "nesterovs_momentum", "early_stopping"):
        check_boolean(name, getattr(estimator, name))
    check_choice("method", estimator.method, METHODS)
    check_real("h", estimator.h, above=0)


def hidden_sizes(estimator: Any) -> list[int]:
    """Return the hidden layers' sizes, of which there may be none."""
    sizes = estimator.hidden_layer_sizes
    try:
        told = list(sizes) if hasattr(sizes, "__iter__") else [sizes]
        return [check_integer("hidden_layer_sizes", size, 1) for size in told]
    except ParameterError:
        raise ParameterError(
            "hidden_layer_sizes must be whole numbers of at least 1, such as (100,) or (50, 50), "
            f"got {sizes!r}"
        ) from None


def make_layers(estimator: Any, features: int, outputs: int) -> list[Layer]:
    """Return the layers, with starting weights that suit the activation."""
    activation = ACTIVATIONS[estimator.activation]
    layers: list[Layer] = []
    for inputs, units in pairwise([features, *hidden_sizes(estimator), outputs]):
        if layers and activation is not None:
            layers.append(activation())
        # He et al., 2015, for ReLU; Affine's own, 1/√inputs, for the others.
        std = math.sqrt(2 / inputs) if activation is ReLU else None
        layers.append(Affine(inputs, units, weight_init_std=std))
    return layers


def make_optimizer(estimator: Any) -> Optimizer:
    """Return the optimizer that `solver` and what goes with it name."""
    rate = estimator.learning_rate_init
    if estimator.solver == "adam":
        return Adam(rate, estimator.beta_1, estimator.beta_2, estimator.epsilon)
    if estimator.momentum == 0:
        return SGD(rate)
    kind = Nesterov if estimator.nesterovs_momentum else Momentum
    return kind(rate, estimator.momentum)


def make_schedule(estimator: Any, iterations: int) -> Schedule | None:
    """Return how the learning rate falls over a fit of so many steps at most."""
    if estimator.learning_rate == "linear":
        return LinearDecay(iterations)
    if estimator.learning_rate == "cosine":
        return CosineDecay(iterations)
    return None
