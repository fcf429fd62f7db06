"""The same functions for mpmath's numbers of 80 digits."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

__all__ = ["EXACT", "Exact"]

Array = NDArray[Any]

DIGITS = 80


class Exact:
    """Functions of scalars and object arrays of mpmath's numbers.

    Data and constants are rounded to the dtype first, as NumPy does: they are part of the function.
    """

    sum, where = staticmethod(np.sum), staticmethod(np.where)
    maximum, minimum = np.maximum, np.minimum

    def __init__(self, dtype: str) -> None:
        self.dtype = np.dtype(dtype)
        self.context = context = mpmath.mp.clone()
        context.dps = DIGITS
        self.number = context.mpf
        self.pi = float(np.pi)
        for name in ("exp", "expm1", "log", "log1p", "log10", "sin", "cos", "tan", "atan", "asin",
                     "acos", "sinh", "cosh", "tanh", "asinh", "acosh", "sqrt", "floor", "erf",
                     "erfc"):  # fmt: skip
            setattr(self, name, np.frompyfunc(getattr(context, name), 1, 1))
        self.abs = np.frompyfunc(abs, 1, 1)
        self.rint = np.frompyfunc(context.nint, 1, 1)
        self.lgamma = np.frompyfunc(context.loggamma, 1, 1)
        self.atan2 = np.frompyfunc(context.atan2, 2, 1)
        if dtype != "float64":
            self._round_constants()
        self._arrays: dict[int, tuple[Any, Array]] = {}

    def array(self, data: Any) -> Array:
        """Return constant data, rounded to the dtype, then exact."""
        key = id(data)
        if key not in self._arrays:
            self._arrays[key] = data, self.exactly(np.array(data, self.dtype))
        return self._arrays[key][1]

    def stack(self, parts: Any) -> Array:
        """Return an array of scalars."""
        return np.array(parts, dtype=object)

    def exactly(self, array: Array) -> Array:
        """Return the very values of floats."""
        numbers = [self.number(one) for one in array.astype(np.float64).ravel().tolist()]
        return np.array(numbers, dtype=object).reshape(array.shape)

    def _round_constants(self) -> None:
        """Let the context's numbers round the Python floats that they meet."""
        kind, number = self.context.mpf, self.dtype.type

        def rounding(name: str) -> Any:
            operator = getattr(kind, name)

            def rounded(self: Any, other: Any) -> Any:
                return operator(self, float(number(other)) if type(other) is float else other)

            return rounded

        for name in ("add", "sub", "mul", "truediv", "pow"):
            for form in (f"__{name}__", f"__r{name}__"):
                setattr(kind, form, rounding(form))


EXACT = {name: Exact(name) for name in ("float64", "float32")}
