"""What f may return, as numbers that can be subtracted: floats, never integers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.validation import ParameterError

__all__ = [
    "ComplexValue", "UnusableFunction", "any_array", "complex_number", "real_array", "real_number",
    "widened",
]  # fmt: skip

Array = NDArray[Any]


class UnusableFunction(ParameterError):
    """What f takes, does or returns does not fit, at whatever point it is evaluated."""


class ComplexValue(UnusableFunction):
    """A value of f is complex where a real one is needed."""


def real_number(value: Any) -> Any:
    """Return f's value as a real scalar.

    Parameters
    ----------
    value
        A number of Python's or NumPy's, anything else that has ``__float__`` (a Fraction, a
        Decimal, a number of mpmath's or SymPy's), or an array of NumPy, PyTorch or JAX that has
        one entry, whatever its number of dimensions.

    Returns
    -------
    float or a NumPy floating scalar
        In the float dtype of the value where NumPy has it, otherwise a float. Integers become
        floats: unsigned ones would wrap around when they are subtracted.

    Raises
    ------
    ComplexValue
        If the value is complex.
    UnusableFunction
        If it is anything else.
    """
    if isinstance(value, (float, np.floating)):
        return value
    if isinstance(value, (bool, str, bytes)) or value is None:
        raise _not_a_number(value)
    if isinstance(value, np.ndarray):
        return _single(value)
    if isinstance(value, (complex, np.complexfloating)):
        raise ComplexValue(_must(value))
    if isinstance(value, np.generic):
        if value.dtype.kind in "iu":
            return float(value)
        raise _not_a_number(value)
    if hasattr(value, "shape") and hasattr(value, "item"):  # PyTorch, JAX, pandas
        return _single_of_others(value)
    if not hasattr(type(value), "__float__"):
        if hasattr(type(value), "__complex__"):  # mpmath's mpc
            raise ComplexValue(_must(value))
        raise _not_a_number(value)
    try:
        return float(value)
    except OverflowError:  # beyond float64
        return math.inf if value > 0 else -math.inf
    except (TypeError, ValueError) as error:
        if "complex" in str(error):  # SymPy's
            raise ComplexValue(_must(value)) from error
        raise _not_a_number(value) from error


def complex_number(value: Any) -> Any:
    """Return f's value for a complex step, a real or complex scalar, or raise."""
    array = value if isinstance(value, (np.ndarray, np.generic)) else None
    if array is not None and array.size == 1 and array.dtype.kind == "c":
        return np.asarray(array).reshape(())[()]
    if isinstance(value, complex):
        return value
    if array is None and hasattr(value, "shape") and hasattr(value, "item"):
        if math.prod(value.shape) == 1 and "complex" in str(value.dtype):
            return complex(value.item())
    elif hasattr(type(value), "__complex__") and not hasattr(type(value), "__float__"):
        return complex(value)
    return real_number(value)


def any_array(value: Any) -> Array:
    """Return what a function of Jacobian's kind gives, as floats or complex numbers, or raise."""
    if hasattr(value, "detach"):  # a tensor of PyTorch, which may require a gradient
        value = value.detach().cpu().resolve_conj().resolve_neg()
    array = np.asarray(value)
    if array.dtype.kind == "O":  # of Fractions, say
        floats = [real_number(one) for one in array.reshape(-1).tolist()]
        return np.array(floats, np.float64).reshape(array.shape)
    if array.dtype.kind not in "fiuc":
        raise UnusableFunction(f"f must return an array of numbers, got {array.dtype}")
    return array if array.dtype.kind in "fc" else array.astype(np.float64)


def real_array(value: Any) -> Array:
    """Return the values of a batch of points, as floats, or raise."""
    array = any_array(value)
    if array.dtype.kind == "c":
        raise ComplexValue(f"f must return real numbers, got {array.dtype}")
    return array


def widened(values: Array) -> Array:
    """Return floats or complex numbers in at least double precision, to be subtracted."""
    return np.asarray(values, np.result_type(values.dtype, np.float64))


def _single(array: Array) -> Any:
    """Return the only entry of a NumPy array."""
    if array.size != 1:
        raise _too_many(array.shape)
    entry = np.asarray(array).reshape(())[()]
    if isinstance(entry, np.ndarray):
        raise _not_a_number(array)
    return real_number(entry)


def _single_of_others(array: Any) -> Any:
    """Return the only entry of an array of another library, in its own float dtype."""
    if math.prod(array.shape) != 1:
        raise _too_many(tuple(array.shape))
    name = str(getattr(array, "dtype", "float64")).removeprefix("torch.")
    if "complex" in name:
        raise ComplexValue(_must(array))
    entry = array.item()
    if name in ("float16", "float32"):
        return np.dtype(name).type(entry)
    return real_number(entry)


def _too_many(shape: tuple[int, ...]) -> UnusableFunction:
    return UnusableFunction(
        f"f must return one real number, got an array of shape {shape}; return its sum or mean"
    )


def _not_a_number(value: Any) -> UnusableFunction:
    return UnusableFunction(_must(value))


def _must(value: Any) -> str:
    shown = repr(value)
    shown = shown if len(shown) <= 80 else shown[:79] + "…"
    hint = "; return its real part, say, or the square of its size" if _is_complex(value) else ""
    return f"f must return one real number, got {type(value).__name__} {shown}{hint}"


def _is_complex(value: Any) -> bool:
    return "complex" in str(getattr(value, "dtype", type(value).__name__))
