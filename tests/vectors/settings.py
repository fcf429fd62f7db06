"""The ways in which the corpus is evaluated, and the pairs of a function and a way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.vectors import VECTORS
from tests.vectors.mistakes import remembering
from tests.vectors.noisy import repeatable
from tests.vectors.truths import Truth, truth
from tests.vectors.vector import Vector

__all__ = ["CASES", "SETTINGS", "Case", "Setting", "cases"]


@dataclass(frozen=True)
class Setting:
    """A dtype, and the relative noise that is added to every value."""

    dtype: str
    noise: float = 0.0

    def __str__(self) -> str:
        return f"{self.dtype}-noisy" if self.noise else self.dtype


SETTINGS = (Setting("float64"), Setting("float32"), Setting("float64", noise=1e-6))


@dataclass(frozen=True)
class Case:
    """A function of the corpus, in one of the ways."""

    vector: Vector
    setting: Setting

    def __str__(self) -> str:
        return f"{self.vector.name}-{self.setting}"

    @property
    def x(self) -> NDArray[Any]:
        """The point."""
        return self.vector.x(self.setting.dtype)

    @property
    def truth(self) -> Truth:
        """What is true of it."""
        return truth(self.vector, self.setting.dtype)

    @property
    def noise(self) -> float:
        """The relative noise that is added."""
        return self.setting.noise

    @property
    def f(self) -> Callable[[NDArray[Any]], Any]:
        """The function; it remembers its values from check to check."""
        return _function(self)

    @property
    def clear(self) -> NDArray[np.bool_]:
        """The entries that are known to a percent."""
        return self.truth.clear(self.noise)


@cache
def _function(case: Case) -> Callable[[NDArray[Any]], Any]:
    return remembering(repeatable(case.vector, case.noise) if case.noise else case.vector)


def cases(setting: Setting) -> tuple[Case, ...]:
    """Return all functions that can be evaluated in one of the ways."""
    return tuple(
        Case(vector, setting)
        for vector in VECTORS
        if setting.dtype in vector.dtypes and (vector.noisy or not setting.noise)
    )


CASES = tuple(case for setting in SETTINGS for case in cases(setting))
