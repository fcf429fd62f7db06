"""What a leaf of x may be: an array to nudge, something to pass on, or an error."""

from __future__ import annotations

import sys
from collections.abc import Callable
from numbers import Integral, Number
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.in_place import check_nudgeable
from nudgegrad.differentiate.overlap import check_entries_apart
from nudgegrad.validation import ParameterError

__all__ = ["Form", "as_array", "describe", "is_empty", "nudged_array"]

Array = NDArray[Any]


class Form(NamedTuple):
    """What f gets in the place of a plain array.

    Attributes
    ----------
    make : callable
        A plain array → what f gets.
    is_view : bool
        Whether that shares the array's memory, so that it need not be made anew for each nudge.
    """

    make: Callable[[Array], Any]
    is_view: bool


def nudged_array(name: str, value: Any, *, alone: bool) -> tuple[Array, Form | None] | None:
    """Return the array to nudge, and its form if f gets another one; None to pass the value on.

    Parameters
    ----------
    name
        For messages.
    value
        A leaf.
    alone
        Whether it is all of x: then it must be nudged.

    Raises
    ------
    ParameterError
        If the leaf holds floats but cannot be nudged, or it is alone and holds none.
    """
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, (pandas.Series, pandas.DataFrame)):
        return _of_pandas(name, value, alone)
    if not alone and not _holds_floats(value):
        return None
    if hasattr(value, "toarray") or hasattr(value, "todense"):
        raise ParameterError(
            f"{name} must be a dense NumPy array, got {describe(value)}; pass {name}.toarray(), or "
            f"{name}.data and an f that makes the matrix of these stored values"
        )
    if isinstance(value, np.ma.MaskedArray):
        raise ParameterError(
            f"{name} must not be a masked array; pass {name}.compressed(), and an f of these values"
        )
    if not alone and isinstance(value, np.ndarray) and value.size == 0:
        return None
    check_nudgeable(name, value)
    check_entries_apart(name, value)
    kind = type(value)
    form = None if kind is np.ndarray else Form(lambda array: array.view(kind), True)
    return np.asarray(value), form


def as_array(value: Any) -> Array:
    """Return a claimed gradient, a mask or a bound as an array, a sparse one as a dense one."""
    for dense in ("toarray", "todense"):
        if hasattr(value, dense):
            return np.asarray(getattr(value, dense)())
    if hasattr(value, "detach"):  # PyTorch's
        value = value.detach().cpu().to_dense()
    return np.asarray(value)


def is_empty(value: Any) -> bool:
    """Tell whether a leaf that is passed on is an array of no floats."""
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size == 0


def describe(value: Any) -> str:
    """Return what a leaf is, in a few words: ``int``, ``int64 array``."""
    dtype = getattr(value, "dtype", None)
    kind = type(value).__name__
    if isinstance(value, np.ndarray):
        return f"{'empty ' if value.size == 0 else ''}{dtype} array"
    plain = dtype is None or isinstance(value, (np.generic, type))
    return kind if plain else f"{kind} of {dtype}"


def _holds_floats(value: Any) -> bool:
    """Tell whether a leaf has floats or complex numbers in it, which one would want nudged."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "O":
        return any(_is_float(one) for one in value.reshape(-1).tolist())
    dtype = getattr(value, "dtype", None)
    if dtype is not None and not isinstance(value, type):  # np.float64 itself is not a number
        return any(word in str(dtype).lower() for word in ("float", "complex"))
    if isinstance(value, (list, tuple)):
        return any(_is_float(one) for one in value)
    return _is_float(value)


def _is_float(value: Any) -> bool:
    return isinstance(value, Number) and not isinstance(value, (Integral, np.bool_))


def _of_pandas(name: str, value: Any, alone: bool) -> tuple[Array, Form | None] | None:
    """Return a copy of the floats of a Series or DataFrame; f gets one made of them."""
    dtypes = [value.dtype] if value.ndim == 1 else list(value.dtypes)
    floats = [getattr(dtype, "kind", "O") in "fc" for dtype in dtypes]
    if not alone and not any(floats):
        return None
    plain = all(isinstance(dtype, np.dtype) and dtype.kind == "f" for dtype in dtypes)
    if not plain or len(set(dtypes)) != 1 or value.size == 0:
        kinds = ", ".join(dict.fromkeys(map(str, dtypes))) or "nothing"
        raise ParameterError(
            f"{name} must hold floats of one NumPy dtype and not be empty, got a "
            f"{type(value).__name__} of {kinds}; pass {name}.astype(float)"
        )
    labels = {"index": value.index, "copy": True}
    labels |= {"name": value.name} if value.ndim == 1 else {"columns": value.columns}
    kind = type(value)
    return np.array(value.to_numpy()), Form(lambda array: kind(array, **labels), False)
