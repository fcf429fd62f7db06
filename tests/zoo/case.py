"""What a case of the zoo is, and the few lines that most of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Params = dict[str, Array]


class Problem(NamedTuple):
    """A scalar loss of some arrays, and what somebody wrote for its gradient."""

    loss: Callable[[Params], float]
    params: Params
    gradient: Callable[[Params], Params]


@dataclass(frozen=True)
class ZooCase:
    """One hand-written gradient, right or wrong.

    Attributes
    ----------
    name
        ``"family/bug"``.
    what
        What is wrong, or what makes a right one hard to check.
    build
        Gives fresh arrays and fresh state each time, from fixed seeds.
    kink
        Whether the point lies at a kink. The loss is then convex, and right means a subgradient.
    entries
        Flat indices that a look at some entries only must not miss.
    """

    name: str
    family: str
    right: bool
    what: str
    build: Callable[[], Problem]
    kink: bool = False
    entries: tuple[int, ...] = ()


def case(
    right: bool,
    name: str,
    what: str,
    build: Callable[..., Problem],
    *args: Any,
    kink: bool = False,
    entries: tuple[int, ...] = (),
    **options: Any,
) -> ZooCase:
    """Return a case that builds by ``build(*args, **options)``."""
    family = name.split("/")[0]
    return ZooCase(name, family, right, what, partial(build, *args, **options), kink, entries)


right = partial(case, True)
wrong = partial(case, False)


def number(value: Any) -> float:
    """Return a float, but leave long doubles, in which the zoo's own test computes."""
    wide = isinstance(value, np.longdouble)
    return value if wide else float(value)


def normal(seed: int, *shape: int, scale: float = 1.0, dtype: str = "float64") -> Array:
    """Return the same normal numbers each time."""
    return (scale * np.random.default_rng(seed).normal(size=shape)).astype(dtype)


def weighted(
    forward: Callable[[Params], Array],
    backward: Callable[[Params, Array], Params],
    params: Params,
    *,
    positive: bool = False,
    scale: float = 1.0,
) -> Problem:
    """Return the problem of Σ w·forward(params), with fixed random weights w.

    `backward` takes the parameters and the gradient by the output, which is w.
    """
    start = forward({name: array.copy() for name, array in params.items()})
    weights = normal(99, *start.shape, scale=scale).astype(start.dtype)
    if positive:
        weights = np.abs(weights) + start.dtype.type(0.1)
    return Problem(
        lambda p: number((weights * forward(p)).sum()),
        {name: array.copy() for name, array in params.items()},
        lambda p: backward(p, weights.copy()),
    )


def softmax(x: Array, axis: int = -1) -> Array:
    """Return e^x over its sum."""
    powers = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(powers / powers.sum(axis=axis, keepdims=True))


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + e⁻ˣ), without overflow."""
    shrunk = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1, shrunk) / (1 + shrunk))
