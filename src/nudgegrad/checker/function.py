"""Checking the gradient of any function of arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.checker.engine import Options, examine
from nudgegrad.checker.report import Report
from nudgegrad.differentiate.evaluate import MAX_BYTES, InPlace, Vectorized
from nudgegrad.differentiate.gradient import make_evaluator
from nudgegrad.differentiate.leaves import Leaves, flatten, matching
from nudgegrad.validation import ParameterError

__all__ = ["check_function"]

Array = NDArray[Any]


def check_function(
    f: Callable[[Any], Any],
    params: Any,
    gradients: Any,
    *,
    vectorized: bool = False,
    workers: int = 1,
    backend: str = "threads",
    max_bytes: int = MAX_BYTES,
    **options: Any,
) -> Report:
    """Check the claimed gradient of a scalar function of arrays.

    Parameters
    ----------
    f
        Takes `params` and returns one number.
    params : array of floats, or a tuple, list or mapping of them, nested to any depth
        Nudged in place and restored.
    gradients
        Arrays in the structure of `params`, or a function that takes `params` and returns them.
    vectorized, workers, backend, max_bytes
        As for `nudgegrad.numerical_gradient`.
    **options
        As for `nudgegrad.check`.
    """
    checked = Options.named(options)
    leaves = flatten(params, "params")
    before = [array.tobytes() for array in leaves.arrays]
    analytic, again = _claimed(gradients, params, leaves)
    _unchanged(leaves, before, "gradients")
    evaluate = make_evaluator(
        f, params, leaves, vectorized=vectorized, workers=workers, backend=backend,
        max_bytes=max_bytes,
    )  # fmt: skip
    evaluate.centre()
    _unchanged(leaves, before, "f")
    if isinstance(evaluate, Vectorized):
        method = "differences of batches of points, one call of f for each batch"
    elif isinstance(evaluate, InPlace):
        method = "differences, entry by entry in place, one call of f for each"
    else:
        method = f"differences, entry by entry, by {workers} {backend}"
    report = examine(evaluate, leaves, analytic, checked, method=method, again=again, spent=1)
    _unchanged(leaves, before, "f")
    return report


def _claimed(gradients: Any, params: Any, leaves: Leaves) -> tuple[list[Array], list[Array] | None]:
    """Return the claimed gradient's arrays, and if it is a function those of a second call."""
    if not callable(gradients):
        return _floats(matching(leaves, gradients, "gradients"), leaves), None
    # Copies: the second call may write into what the first returned.
    first, second = (
        [np.array(a) for a in _floats(matching(leaves, gradients(params), "gradients"), leaves)]
        for _ in range(2)
    )
    return first, second


def _floats(arrays: list[Array], leaves: Leaves) -> list[Array]:
    for name, array in zip(leaves.names, arrays, strict=True):
        if array.dtype.kind not in "fiu":
            raise ParameterError(f"gradients of {name} must be real numbers, got {array.dtype}")
    return [array if array.dtype.kind == "f" else array.astype(np.float64) for array in arrays]


def _unchanged(leaves: Leaves, before: list[bytes], who: str) -> None:
    for name, array, saved in zip(leaves.names, leaves.arrays, before, strict=True):
        if array.tobytes() != saved:
            array[...] = np.frombuffer(saved, array.dtype).reshape(array.shape)
            raise ParameterError(
                f"{who} must not change its parameters, but {name} has changed; the saved values "
                "were put back"
            )
