"""Nudging an array in place: the lesson's central differences, made safe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.values import real_number
from nudgegrad.validation import ParameterError, check_real

__all__ = ["central_differences", "check_nudgeable", "check_step", "real_number", "too_small"]

Function = Callable[[NDArray[Any]], Any]


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
            f_upper = real_number(f(x))
            x[index] = saved - step
            lower = wide(x[index])
            f_lower = real_number(f(x))
        finally:
            x[index] = saved
        if not upper > lower and np.isfinite(saved):
            raise too_small(h, f"x{list(index)}", saved)
        yield index, (wide(f_upper) - wide(f_lower)) / (upper - lower)


def check_nudgeable(name: str, x: Any) -> None:
    """Raise unless `x` is an array that can be nudged in place."""
    if _is_complex(x):
        raise ParameterError(
            f"{name} must hold floats, got {getattr(x, 'dtype', 'complex numbers')}; pass its "
            f"real and imaginary parts as two arrays, ({name}.real.copy(), {name}.imag.copy()), "
            "and an f that puts them together"
        )
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


def _is_complex(x: Any) -> bool:
    if isinstance(x, (list, tuple)):
        return any(isinstance(one, (complex, np.complexfloating)) for one in x)
    return isinstance(x, complex) or "complex" in str(getattr(x, "dtype", ""))


def check_step(name: str, x: NDArray[Any], h: float) -> None:
    """Raise if a nudge of h is too small, in the dtype of `x`, to change some entry of it."""
    step = x.dtype.type(h)
    stuck = np.argwhere(x + step == x - step)
    if len(stuck):
        index = tuple(stuck[0].tolist())
        raise too_small(h, f"{name}{list(index)}", x[index])


def too_small(h: float, name: str, value: Any) -> ParameterError:
    """Return the error that says that a nudge is below an entry's resolution."""
    return ParameterError(
        f"h must be large enough to change {name}, got {h!r}: in {value.dtype}, {value} + h "
        f"equals {value}; use a larger h or float64"
    )
