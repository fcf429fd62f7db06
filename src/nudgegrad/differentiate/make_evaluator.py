"""From f and the options to what evaluates it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nudgegrad.differentiate.evaluate import (
    MAX_BYTES,
    Evaluator,
    InPlace,
    Vectorized,
    Workers,
    copies,
)
from nudgegrad.differentiate.leaves import Leaves
from nudgegrad.differentiate.values import any_array, complex_number, real_array, real_number
from nudgegrad.validation import ParameterError, check_boolean, check_choice

__all__ = ["as_called", "make_evaluator"]


def as_called(f: Callable[..., Any], args: Any) -> Callable[[Any], Any]:
    """Return f as a function of x alone.

    f runs with the floating-point error handling that NumPy has now. The code around its calls may
    set another one, so that a difference that overflows does not raise.

    Parameters
    ----------
    f
        Takes x and more arguments.
    args : tuple, or anything else for one argument
        These.
    """
    more = args if isinstance(args, tuple) else (args,)
    settings: Any = np.geterr()

    def of_x(x: Any) -> Any:
        with np.errstate(**settings):
            return f(x, *more)

    return of_x


def make_evaluator(
    f: Callable[[Any], Any], x: Any, leaves: Leaves, *, jacobian: bool = False,
    is_complex: bool = False, vectorized: bool = False, workers: int = 1, backend: str = "threads",
    max_bytes: int = MAX_BYTES, argument: str = "argument",
) -> Evaluator:  # fmt: skip
    """Return what evaluates `f` near `x` in the way that the options ask for.

    Raises
    ------
    ParameterError
        If an option does not fit.
    """
    check_boolean("vectorized", vectorized)
    check_choice("backend", backend, ("threads", "processes"))
    if vectorized and workers != 1:
        raise ParameterError("workers must be 1 with vectorized=True, got " + repr(workers))
    if is_complex:
        leaves = copies(leaves, np.complex128)
        x = leaves.point(leaves.arrays)
    if vectorized:
        if not leaves.is_live:
            raise ParameterError(
                "vectorized must be False where x holds a Series or a DataFrame, which has no axis "
                "for points; pass its to_numpy()"
            )
        read_batch = any_array if jacobian or is_complex else real_array
        return Vectorized(f, leaves, read_batch, max_bytes, scalar=not jacobian)
    read: Callable[[Any], Any] = real_number
    if jacobian:
        read = any_array
    elif is_complex:
        read = complex_number
    if workers != 1:
        return Workers(f, leaves, read, workers, backend, max_bytes)
    return InPlace(f, x, leaves, read, argument=argument)
