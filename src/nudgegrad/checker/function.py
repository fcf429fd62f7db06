"""Checking the gradient of any function of arrays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.checker.engine import Options, examine
from nudgegrad.checker.report import Report
from nudgegrad.differentiate.bounds import read_bounds
from nudgegrad.differentiate.evaluate import MAX_BYTES, Evaluator, InPlace, Vectorized
from nudgegrad.differentiate.kinds import as_array
from nudgegrad.differentiate.leaves import Leaves, flatten, matched
from nudgegrad.differentiate.make_evaluator import as_called, make_evaluator
from nudgegrad.differentiate.memory import check_memory
from nudgegrad.differentiate.saved import Saved
from nudgegrad.differentiate.values import real_number
from nudgegrad.validation import ParameterError

__all__ = ["check_function"]

Array = NDArray[Any]


def check_function(
    f: Callable[..., Any],
    params: Any,
    gradients: Any,
    *,
    args: Any = (),
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
    params : array of floats, or a structure of them as for `nudgegrad.numerical_gradient`
        Nudged in place and restored.
    gradients
        Arrays in the structure of `params`, or a function that takes `params` and returns them.
        None in the place of an array stands for zeros.
    args : tuple
        More arguments, of `f` and of `gradients` if that is a function.
    vectorized, workers, backend, max_bytes
        As for `nudgegrad.numerical_gradient`.
    **options
        As for `nudgegrad.check`.

    Raises
    ------
    ParameterError
        If the arguments do not fit, or `f` or `gradients` changes `params`, which are put back.
    """
    checked = Options.named(options)
    leaves = flatten(params, "params")
    checked = replace(checked, bounds=read_bounds(leaves, checked.bounds))
    saved = Saved(leaves.names, leaves.arrays)
    f = as_called(f, args)
    if callable(gradients):
        gradients = as_called(gradients, args)
    given = params if leaves.is_live else leaves.point(leaves.arrays)
    analytic, again, missing = _claimed(gradients, given, leaves)
    _unchanged(saved, "gradients")
    evaluate = make_evaluator(
        f, params, leaves, vectorized=vectorized, workers=workers, backend=backend,
        max_bytes=max_bytes, argument="parameters",
    )  # fmt: skip
    evaluate.centre()
    _unchanged(saved, "f")
    if isinstance(evaluate, Vectorized):
        method = "differences of batches of points, one call of f for each batch"
    elif isinstance(evaluate, InPlace):
        method = "differences, entry by entry in place, one call of f for each"
    else:
        method = f"differences, entry by entry, by {workers} {backend}"
    notes = _notes(leaves, missing)
    with np.errstate(all="ignore"):
        report = examine(
            evaluate, leaves, analytic, checked, method=method, again=again, spent=1, notes=notes
        )
        _unchanged(saved, "f")
        return _trusted(report, evaluate)


def _claimed(
    gradients: Any, params: Any, leaves: Leaves
) -> tuple[list[Array], list[Array] | None, list[str]]:
    """Return the claimed gradient's arrays, if it is a function those of a second call, and names.

    Those are of the arrays whose gradient is None.
    """
    if not callable(gradients):
        first, missing = _arrays(gradients, leaves)
        return first, None, missing
    # Copies: the second call may write into what the first returned.
    (first, missing), (second, _) = (_arrays(gradients(params), leaves) for _ in range(2))
    return first, None if _same(first, second) else second, missing


def _arrays(gradients: Any, leaves: Leaves) -> tuple[list[Array], list[str]]:
    """Return claimed gradients as arrays of floats of their own, and names of those that are None.

    Raises
    ------
    ParameterError
        If they do not fit the parameters.
    """
    found = matched(leaves, gradients, "gradients", for_all=lambda value: value is None)
    missing = [name for name, value in zip(leaves.names, found, strict=True) if value is None]
    if len(missing) == len(found):
        raise ParameterError(
            f"gradients must hold an array for {' or '.join(missing)}, got None: does a function "
            "not return what it computes?"
        )
    arrays = []
    for name, leaf, value in zip(leaves.names, leaves.arrays, found, strict=True):
        array = _floats(name, np.zeros(leaf.shape, leaf.dtype) if value is None else value)
        if array.shape != leaf.shape:
            raise ParameterError(
                f"gradients of {name} must have its shape {leaf.shape}, got {array.shape}"
            )
        arrays.append(array)
    return arrays, missing


def _floats(name: str, value: Any) -> Array:
    array = np.array(as_array(value))
    if array.dtype.kind == "O":  # of Fractions, say
        array = np.array([real_number(one) for one in array.flat]).reshape(array.shape)
    if array.dtype.kind == "c":
        raise ParameterError(
            f"gradients of {name} must be real numbers, got {array.dtype}; check the real and "
            "imaginary parts of a complex parameter as two arrays, with a real gradient of each"
        )
    if array.dtype.kind not in "fiu":
        raise ParameterError(f"gradients of {name} must be real numbers, got {array.dtype}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _same(first: list[Array], second: list[Array]) -> bool:
    """Tell whether two claims are the same, NaN included, which does not equal itself."""
    return all(np.array_equal(a, b, equal_nan=True) for a, b in zip(first, second, strict=True))


def _notes(leaves: Leaves, missing: list[str]) -> list[str]:
    notes = []
    if leaves.others:
        notes.append(
            f"passed to f as they are, and not checked: {', '.join(leaves.others)}; only arrays of "
            "floats are nudged"
        )
    if missing:
        notes.append(f"the gradient of {', '.join(missing)} is None, and was taken as zeros")
    return notes


def _unchanged(saved: Saved, who: str) -> None:
    changed = saved.put_back()
    if changed:
        has = "have" if len(changed) > 1 else "has"
        raise ParameterError(
            f"{who} must not change its parameters, but {', '.join(changed)} {has} changed; the "
            "saved values were put back"
        )


def _trusted(report: Report, evaluate: Evaluator) -> Report:
    """Return the report, or raise where f does not change because it returns what it remembers."""
    more = 0
    for leaf, check in enumerate(report.parameters.values()):
        seen = check.numeric[check.checked]
        if seen.size and not seen.any():
            more += check_memory(evaluate, leaf)
    return replace(report, evaluations=report.evaluations + more) if more else report
