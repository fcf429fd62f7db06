"""The lesson's ten steps, carried out on one batch, with the shapes and numbers of that run."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate import central_differences, check_nudgeable
from nudgegrad.gradient import Gradient
from nudgegrad.gradient.trace import forward_pass
from nudgegrad.layers import Affine, Sigmoid
from nudgegrad.network import Network
from nudgegrad.training import SGD
from nudgegrad.validation import ParameterError, check_choice, check_integer
from nudgegrad.walkthrough_steps import STEPS, Call, Run, Step, Translate

__all__ = ["Step", "gradients_of", "hand_example", "walk"]

Array = NDArray[Any]


def walk(
    network: Network,
    x: Array,
    t: Array,
    *,
    data_name: str,
    learning_rate: float = 0.1,
    h: float = 1e-4,
    parameter: str = "W1",
    index: tuple[int, ...] | None = None,
    train: tuple[Array, Array] | None = None,
    test: tuple[Array, Array] | None = None,
    gradients: Mapping[str, Gradient] | None = None,
    translate: Translate = str,
) -> list[Step]:
    """Carry out the lesson's steps on one batch and tell what happened in each.

    Parameters
    ----------
    network
        Any network with NumPy parameters. It is left as it is: the steps work on a copy.
    x : (samples, features) array
        The batch.
    t
        Its labels, as ``network.loss`` takes them.
    data_name
        What to call the data.
    learning_rate
        Of the one update of all parameters.
    h
        The nudge.
    parameter, index
        Which value is nudged, such as ``"W1"`` and ``(3, 5)``. Without an index it is the entry
        with the steepest slope.
    train, test
        Samples and labels for the accuracies of the last step. Without any, those of the batch.
    gradients
        What `gradients_of` returned for this network, batch and h; None computes them.
    translate
        English text → the reader's language, as `nudgegrad.messages.translator` gives it.

    Returns
    -------
    list of Step
        Numbers 0 to 10.

    Raises
    ------
    ParameterError
        If there is no such parameter or entry, or an argument does not fit the network.
    """
    network = network.copy()
    optimizer = SGD(learning_rate)
    check_choice("parameter", parameter, list(network.params))
    x, t = np.asarray(x, dtype=network.dtype), np.asarray(t)
    if x.ndim != 2:
        raise ParameterError(f"x must be a batch, (samples, features), got shape {x.shape}")
    array = network.params[parameter]
    check_nudgeable(f"parameter {parameter}", array)
    gradients = gradients_of(network, x, t, h) if gradients is None else gradients
    gradient = gradients["node"]
    steepest = np.unravel_index(int(np.abs(gradient[parameter]).argmax()), array.shape)
    entry = tuple(map(int, steepest)) if index is None else _check_index(index, parameter, array)

    calls: list[Call] = []

    def loss(_: Array) -> float:
        values = forward_pass(network.layers, x)
        calls.append(Call(float(array[entry]), values, network.loss(x, t)))
        return calls[-1].loss

    ((_, slope),) = central_differences(loss, array, h, [entry])
    loss(array)
    up, down, before = calls
    updated = network.copy()
    optimizer.update(updated.params, gradient)
    run = Run(
        network=network, x=x, t=t, data_name=data_name, learning_rate=optimizer.learning_rate, h=h,
        parameter=parameter, entry=entry, before=before, up=up, down=down, slope=float(slope),
        other_slopes={method: float(g[parameter][entry]) for method, g in gradients.items()},
        gradient=gradient, updated=updated, train=train, test=test,
    )  # fmt: skip
    return [step(run, number, translate) for number, step in enumerate(STEPS)]


def gradients_of(network: Network, x: Array, t: Array, h: float) -> dict[str, Gradient]:
    """Return a batch's gradient by the faster methods; by backprop only if all layers have it."""
    gradients = {
        method: network.numerical_gradient(x, t, method=method, h=h)
        for method in ("node", "weight")
    }
    with contextlib.suppress(ParameterError):
        gradients["backprop"] = network.gradient(x, t)
    return gradients


def hand_example() -> tuple[Network, Array, Array]:
    """Return a 3-2-2 network with round weights and a batch of two samples, to check by hand."""
    network = Network([Affine(3, 2), Sigmoid(), Affine(2, 2)])
    network.params["W1"] = np.array([[0.1, 0.2], [0.3, -0.1], [-0.2, 0.4]])
    network.params["b1"] = np.array([0.1, -0.1])
    network.params["W2"] = np.array([[0.5, -0.3], [0.2, 0.4]])
    network.params["b2"] = np.array([0.0, 0.1])
    return network, np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 1.0]]), np.array([[1, 0], [0, 1]])


def _check_index(index: tuple[int, ...], parameter: str, array: Array) -> tuple[int, ...]:
    if len(index) != array.ndim:
        raise ParameterError(
            f"index must have {array.ndim} numbers, one for each axis of {parameter} "
            f"{array.shape}, got {index!r}"
        )
    return tuple(
        check_integer(f"index[{axis}] of {parameter} {array.shape}", i, 0, size - 1)
        for axis, (i, size) in enumerate(zip(index, array.shape, strict=True))
    )
