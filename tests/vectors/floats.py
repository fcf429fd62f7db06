"""The functions that formulas use, for NumPy's floats."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FLOATS", "Floats"]

Array = NDArray[Any]


class Floats:
    """Functions of scalars and arrays of one dtype.

    Constants in a formula are Python's floats, which NumPy rounds to the dtype of what they meet.
    """

    pi = math.pi
    exp, expm1, log, log1p, log10 = np.exp, np.expm1, np.log, np.log1p, np.log10
    sin, cos, tan, atan, atan2 = np.sin, np.cos, np.tan, np.arctan, np.arctan2
    asin, acos = np.arcsin, np.arccos
    sinh, cosh, tanh, asinh, acosh = np.sinh, np.cosh, np.tanh, np.arcsinh, np.arccosh
    sqrt, abs, floor, rint = np.sqrt, np.abs, np.floor, np.rint
    sum, where = staticmethod(np.sum), staticmethod(np.where)
    maximum, minimum = np.maximum, np.minimum

    def __init__(self, dtype: str) -> None:
        self.dtype = np.dtype(dtype)
        self.number = self.dtype.type
        self.lgamma = self._elementwise(math.lgamma)
        self.erf = self._elementwise(math.erf)
        self.erfc = self._elementwise(math.erfc)
        self._arrays: dict[int, tuple[Any, Array]] = {}

    def array(self, data: Any) -> Array:
        """Return constant data in the dtype; the same array for the same data."""
        key = id(data)
        if key not in self._arrays:
            self._arrays[key] = data, np.array(data, self.dtype)
        return self._arrays[key][1]

    def stack(self, parts: Any) -> Array:
        """Return an array of scalars."""
        return np.array(parts, self.dtype)

    def _elementwise(self, function: Callable[[float], float]) -> Callable[[Any], Any]:
        def guarded(value: float) -> float:
            try:
                return function(value)
            except (ValueError, OverflowError):
                return math.nan

        def of(value: Any) -> Any:
            if np.ndim(value) == 0:
                return self.number(guarded(float(value)))
            return np.array([guarded(one) for one in value.tolist()], self.dtype)

        return of


FLOATS = {name: Floats(name) for name in ("float64", "float32")}
