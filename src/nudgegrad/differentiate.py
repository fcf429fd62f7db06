"""Central differences of any function of an array: the lesson's numerical gradient, made safe."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.validation import ParameterError, check_real

__all__ = ["central_differences", "numerical_gradient"]

Function = Callable[[NDArray[Any]], Any]


def numerical_gradient(f: Function, x: NDArray[Any], h: float = 1e-4) -> NDArray[Any]:
    """Return the gradient of a scalar function of an array, by central differences.

    Every entry of `x` in turn is nudged in place by +h and by −h, and

        ∂f/∂x_i ≈ ( f(x + h·e_i) − f(x − h·e_i) ) / 2h

    with the step that the dtype of `x` really takes in place of 2h.

    Parameters
    ----------
    f
        Takes `x` and returns one real number. As in the lesson, it may ignore its argument and
        read `x` from where it lives, because `x` is nudged in place.
    x : array of floats, any shape, C or Fortran order, views included
        Every entry is restored to its very bits, also when `f` raises.
    h
        The nudge, in the units of `x`.

    Returns
    -------
    array of the shape and dtype of `x`

    Raises
    ------
    ParameterError
        If `x` is not a writeable, non-empty NumPy array of floats, if `h` is not positive or too
        small to change an entry in its dtype, or if `f` returns anything but one number.

    Notes
    -----
    `f` is evaluated ``2 * x.size`` times. Source: *Deep Learning from Scratch* (K. Saitoh, 2016),
    section 4.4; the truncation error is O(h²).

    Examples
    --------
    >>> x = np.array([3.0, 4.0])
    >>> np.round(numerical_gradient(lambda x: np.sum(x**2), x), 6)
    array([6., 8.])
    """
    check_nudgeable("x", x)
    gradient = np.zeros(x.shape, dtype=x.dtype)
    for index, slope in central_differences(f, x, h, np.ndindex(x.shape)):
        gradient[index] = slope
    return gradient


def central_differences(
    f: Function, x: NDArray[Any], h: float, indices: Iterable[tuple[int, ...]]
) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Yield (index, central difference) of `f` for the given entries of `x`, one after another."""
    step = check_real("h", h, above=0)
    wide = np.result_type(x.dtype, np.float64).type
    for index in indices:
        saved = x[index]
        try:
            x[index] = saved + step
            upper = wide(x[index])
            f_upper = _number(f(x))
            x[index] = saved - step
            lower = wide(x[index])
            f_lower = _number(f(x))
        finally:
            x[index] = saved
        if not upper > lower and np.isfinite(saved):
            raise _too_small(h, f"x{list(index)}", saved)
        yield index, wide(f_upper - f_lower) / (upper - lower)


def check_nudgeable(name: str, x: Any) -> None:
    """Raise unless `x` is an array that can be nudged in place."""
    if not isinstance(x, np.ndarray):
        raise ParameterError(
            f"{name} must be a NumPy array, because it is nudged in place, got "
            f"{type(x).__name__}; pass np.asarray({name}, dtype=float)"
        )
    if x.dtype.kind != "f":
        raise ParameterError(
            f"{name} must hold floats, got {x.dtype}: a nudge of h would be cut to zero; "
            f"pass {name}.astype(float)"
        )
    if x.size == 0:
        raise ParameterError(f"{name} must not be empty, got shape {x.shape}")
    if not x.flags.writeable:
        raise ParameterError(
            f"{name} must be writeable, because it is nudged in place, got a read-only array; "
            f"pass {name}.copy()"
        )


def check_step(name: str, x: NDArray[Any], h: float) -> None:
    """Raise if a nudge of h is too small, in the dtype of `x`, to change some entry of it."""
    step = x.dtype.type(h)
    stuck = np.argwhere(x + step == x - step)
    if len(stuck):
        index = tuple(stuck[0].tolist())
        raise _too_small(h, f"{name}{list(index)}", x[index])


def _too_small(h: float, name: str, value: Any) -> ParameterError:
    return ParameterError(
        f"h must be large enough to change {name}, got {h!r}: in {value.dtype}, {value} + h "
        f"equals {value}; use a larger h or float64"
    )


def _number(value: Any) -> Any:
    """Return f's value as a real scalar, or raise."""
    if isinstance(value, (float, np.floating)):
        return value
    if isinstance(value, np.ndarray) and value.ndim == 0 and value.dtype.kind in "fiu":
        return value[()]
    if isinstance(value, numbers.Real) and not isinstance(value, (bool, np.bool_)):
        return value
    if isinstance(value, np.ndarray) and value.ndim:
        received = f"an array of shape {value.shape}; return its sum or mean"
    else:
        received = f"{type(value).__name__} {value!r}"
    raise ParameterError(f"f must return one real number, got {received}")
