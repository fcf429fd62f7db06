"""Adam's update in one pass over memory; in array lines it takes about a dozen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.gradient.kernels.jit import compile_kernel
from nudgegrad.training.optimizers import Adam, Arrays, Optimizer

__all__ = ["update"]


def update(optimizer: Optimizer, params: Arrays, gradients: Mapping[str, NDArray[Any]]) -> None:
    """Do what ``optimizer.update(params, gradients)`` does, by a kernel where there is one.

    Parameters
    ----------
    optimizer
        Any; `Adam` has a kernel.
    params, gradients
        NumPy arrays, all of one dtype.
    """
    contiguous = all(
        array.flags.c_contiguous and gradients[name].flags.c_contiguous
        for name, array in params.items()
    )
    if type(optimizer) is not Adam or not contiguous:
        optimizer.update(params, gradients)
        return
    first_share, second_share = optimizer.advance(params)
    for name, parameter in params.items():
        real = parameter.dtype.type
        _adam(
            parameter.reshape(-1),
            gradients[name].reshape(-1),
            optimizer.state[f"mean.{name}"].reshape(-1),
            optimizer.state[f"square.{name}"].reshape(-1),
            real(1 - optimizer.beta1),
            real(1 - optimizer.beta2),
            real(optimizer.learning_rate / first_share),
            real(1 / second_share),
            real(optimizer.epsilon),
        )


@compile_kernel
def _adam(
    parameter: NDArray[Any],
    gradient: NDArray[Any],
    mean: NDArray[Any],
    square: NDArray[Any],
    one_less_beta1: Any,
    one_less_beta2: Any,
    rate: Any,
    scale: Any,
    epsilon: Any,
) -> None:
    for k in range(parameter.shape[0]):
        g = gradient[k]
        mean[k] += one_less_beta1 * (g - mean[k])
        square[k] += one_less_beta2 * (g * g - square[k])
        parameter[k] -= rate * mean[k] / (np.sqrt(square[k] * scale) + epsilon)
