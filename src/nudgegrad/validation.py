"""Checks of arguments: what must hold, what was received, how to mend it."""

from __future__ import annotations

import difflib
import math
import numbers
from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = [
    "ParameterError",
    "check_boolean",
    "check_choice",
    "check_dtype",
    "check_integer",
    "check_real",
    "check_shape",
]


class ParameterError(ValueError):
    """An argument outside of what it may be."""


def check_integer(
    name: str, value: Any, low: int, high: int | None = None, *, what: str = ""
) -> int:
    """Return `value` as an int between `low` and `high` (both included), or raise.

    `what` says of what there are `high`.
    """
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if whole and low <= int(value) and (high is None or int(value) <= high):
        return int(value)
    bounds = f"at least {low}" if high is None else f"between {low} and {high}"
    kind = "" if whole else "a whole number "
    raise ParameterError(f"{name} must be {kind}{bounds}{what and ' ' + what}, got {value!r}")


def check_real(
    name: str,
    value: Any,
    *,
    above: float | None = None,
    low: float | None = None,
    below: float | None = None,
    hint: str = "",
) -> float:
    """Return `value` as a finite float with above < value, low <= value, value < below."""
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        number = float(value)
        if (
            math.isfinite(number)
            and (above is None or number > above)
            and (low is None or number >= low)
            and (below is None or number < below)
        ):
            return number
    bounds = [
        f"{words} {bound:g}"
        for words, bound in (("above", above), ("at least", low), ("below", below))
        if bound is not None
    ]
    must = " and ".join(bounds) or "any number"
    raise ParameterError(f"{name} must be a finite number, {must}, got {value!r}{hint}")


def check_choice(name: str, value: Any, choices: Sequence[str]) -> str:
    """Return `value` if it is one of `choices`, or raise with the nearest of them."""
    if isinstance(value, str) and value in choices:
        return value
    near = difflib.get_close_matches(str(value), choices, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    raise ParameterError(f"{name} must be one of {', '.join(choices)}, got {value!r}{hint}")


def check_boolean(name: str, value: Any) -> bool:
    """Return `value` if it is True or False, or raise."""
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    raise ParameterError(f"{name} must be True or False, got {value!r}")


def check_dtype(dtype: Any) -> np.dtype[Any]:
    """Return float32 or float64 as a NumPy dtype, or raise."""
    try:
        result: np.dtype[Any] = np.dtype(dtype)
    except TypeError:
        result = np.dtype(object)
    if result in (np.dtype(np.float32), np.dtype(np.float64)):
        return result
    raise ParameterError(f"dtype must be 'float32' or 'float64', got {dtype!r}")


def check_shape(name: str, value: Any) -> tuple[int, ...]:
    """Return a shape as a tuple of whole numbers of at least 1; a single number is one axis."""
    axes = value if isinstance(value, Sequence) and not isinstance(value, str) else (value,)
    try:
        shape = tuple(check_integer(name, axis, 1) for axis in axes)
    except ParameterError:
        shape = ()
    if not shape:
        raise ParameterError(
            f"{name} must be whole numbers of at least 1, such as (1, 28, 28), got {value!r}"
        )
    return shape
