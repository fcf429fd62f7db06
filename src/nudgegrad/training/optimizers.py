"""Optimizers: from a gradient to the next parameters, in place."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from nudgegrad.validation import ParameterError, check_choice, check_real

__all__ = ["OPTIMIZERS", "SGD", "Adam", "Momentum", "Nesterov", "Optimizer", "make_optimizer"]

Arrays = MutableMapping[str, NDArray[Any]]


class Optimizer:
    """What all optimizers have.

    Parameters
    ----------
    learning_rate
        May be changed between updates.

    Attributes
    ----------
    state : dict of str to array
        All that an update reads beside parameters and gradients; saved in checkpoints.
    """

    default_learning_rate: ClassVar[float] = 0.1

    def __init__(self, learning_rate: float | None = None) -> None:
        rate = self.default_learning_rate if learning_rate is None else learning_rate
        self.learning_rate = check_real("learning_rate", rate, above=0)
        self.state: dict[str, NDArray[Any]] = {}

    def settings(self) -> dict[str, Any]:
        """Return the constructor's arguments and the class's name, for a checkpoint."""
        numbers = {name: value for name, value in vars(self).items() if name != "state"}
        return {"name": type(self).__name__, **numbers}

    def update(self, params: Arrays, gradients: Mapping[str, NDArray[Any]]) -> None:
        """Move every parameter, in place, against its gradient."""
        raise TypeError(f"{type(self).__name__} must define update(params, gradients)")

    def _kept(self, name: str, like: NDArray[Any]) -> NDArray[Any]:
        """Return the state array of that name, zeros at first."""
        if name not in self.state:
            self.state[name] = np.zeros_like(like)
        return self.state[name]


class SGD(Optimizer):
    """w ← w − learning_rate·g, the lesson's update. The learning rate is 0.1 unless told."""

    def update(self, params: Arrays, gradients: Mapping[str, NDArray[Any]]) -> None:
        """Move every parameter, in place, against its gradient."""
        for name, parameter in params.items():
            parameter -= self.learning_rate * gradients[name]


class Momentum(Optimizer):
    """v ← momentum·v − learning_rate·g, w ← w + v (B. Polyak, 1964).

    The learning rate is 0.01 unless told.
    """

    default_learning_rate = 0.01

    def __init__(self, learning_rate: float | None = None, momentum: float = 0.9) -> None:
        super().__init__(learning_rate)
        self.momentum = check_real("momentum", momentum, low=0, below=1)

    def update(self, params: Arrays, gradients: Mapping[str, NDArray[Any]]) -> None:
        """Move every parameter, in place, along its velocity."""
        for name, parameter in params.items():
            velocity = self._kept(f"velocity.{name}", parameter)
            velocity *= self.momentum
            velocity -= self.learning_rate * gradients[name]
            parameter += velocity


class Nesterov(Momentum):
    """v ← momentum·v − learning_rate·g, w ← w + momentum·v − learning_rate·g: a step ahead.

    The learning rate is 0.01 unless told. Sources: Y. Nesterov, 1983; the form that takes the
    gradient where the parameters are is that of Y. Bengio, N. Boulanger-Lewandowski and R. Pascanu,
    *Advances in optimizing recurrent networks*, 2013, equation 7.
    """

    def update(self, params: Arrays, gradients: Mapping[str, NDArray[Any]]) -> None:
        """Move every parameter, in place, along the velocity that it will have next."""
        for name, parameter in params.items():
            velocity = self._kept(f"velocity.{name}", parameter)
            step = self.learning_rate * gradients[name]
            velocity *= self.momentum
            velocity -= step
            parameter += self.momentum * velocity - step


class Adam(Optimizer):
    """Steps scaled by running means of the gradient and of its square.

    The learning rate is 0.001 unless told. Source: D. Kingma and J. Ba, *Adam: a method for
    stochastic optimization*, 2015, algorithm 1.
    """

    default_learning_rate = 0.001

    def __init__(
        self,
        learning_rate: float | None = None,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
    ) -> None:
        super().__init__(learning_rate)
        self.beta1 = check_real("beta1", beta1, low=0, below=1)
        self.beta2 = check_real("beta2", beta2, low=0, below=1)
        self.epsilon = check_real("epsilon", epsilon, above=0)

    def update(self, params: Arrays, gradients: Mapping[str, NDArray[Any]]) -> None:
        """Move every parameter, in place, by the corrected means."""
        first_share, second_share = self.advance(params)
        for name, parameter in params.items():
            gradient = gradients[name]
            mean, square = self.state[f"mean.{name}"], self.state[f"square.{name}"]
            mean += (1 - self.beta1) * (gradient - mean)
            square += (1 - self.beta2) * (gradient * gradient - square)
            step = self.learning_rate * (mean / first_share)
            parameter -= step / (np.sqrt(square / second_share) + self.epsilon)

    def advance(self, params: Arrays) -> tuple[float, float]:
        """Count an update, and return the shares of the true means that the running ones hold."""
        count = self._kept("updates", np.zeros((), dtype=np.int64))
        count += 1
        for name, parameter in params.items():
            self._kept(f"mean.{name}", parameter)
            self._kept(f"square.{name}", parameter)
        return 1 - self.beta1 ** int(count), 1 - self.beta2 ** int(count)


OPTIMIZERS: dict[str, type[Optimizer]] = {"sgd": SGD, "momentum": Momentum, "adam": Adam}


def make_optimizer(optimizer: str | Optimizer, learning_rate: float | None) -> Optimizer:
    """Return an optimizer by name, or the one given if the learning rate is left to it."""
    if isinstance(optimizer, Optimizer):
        if learning_rate is not None:
            raise ParameterError(
                "learning_rate must be left out when optimizer is an object, got "
                f"{learning_rate!r}; give it to {type(optimizer).__name__}(learning_rate=…)"
            )
        return optimizer
    return OPTIMIZERS[check_choice("optimizer", optimizer, list(OPTIMIZERS))](learning_rate)
