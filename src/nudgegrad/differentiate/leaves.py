"""Nested parameters as a list of named arrays, and back."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.in_place import check_nudgeable
from nudgegrad.validation import ParameterError

__all__ = ["Leaves", "flatten"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Leaves:
    """The arrays of a nested structure, in order, and what puts others in their place.

    Attributes
    ----------
    names : tuple of str
        ``W1`` for a mapping's value, ``0`` for a sequence's first, ``encoder.W`` for a nested one.
        An array by itself has the name that `flatten` was told.
    arrays : tuple of arrays
        The live ones.
    rebuild : callable
        A sequence of as many things → a structure like the original with these as leaves.
        Mappings of other types become dicts.
    """

    names: tuple[str, ...]
    arrays: tuple[Array, ...]
    rebuild: Callable[[Sequence[Any]], Any]


def flatten(x: Any, name: str = "x", *, nudgeable: bool = True) -> Leaves:
    """Return the arrays of an array, tuple, list or mapping of arrays, nested to any depth.

    Parameters
    ----------
    x
        The structure.
    name
        What messages call it.
    nudgeable
        Whether leaves must be writeable, non-empty NumPy arrays of floats. Otherwise they are
        anything that is not a container.

    Raises
    ------
    ParameterError
        If a leaf is not as it must be; the message has its name.
    """
    names: list[str] = []
    arrays: list[Any] = []
    build = _walk(x, "", name, names, arrays, nudgeable)
    if not arrays:
        raise ParameterError(f"{name} must hold at least one array, got {x!r}")
    return Leaves(tuple(names), tuple(arrays), lambda leaves: build(iter(leaves)))


def _walk(
    x: Any, path: str, whole: str, names: list[str], arrays: list[Any], nudgeable: bool
) -> Callable[[Any], Any]:
    """Append the leaves below `x`, and return what rebuilds it from an iterator over them."""

    def below(key: Any, value: Any) -> Callable[[Any], Any]:
        return _walk(value, f"{path}.{key}" if path else str(key), whole, names, arrays, nudgeable)

    if isinstance(x, Mapping):
        builders = {key: below(key, value) for key, value in x.items()}
        return lambda leaves: {key: build(leaves) for key, build in builders.items()}
    if isinstance(x, (list, tuple)) and not (x and all(isinstance(v, numbers.Number) for v in x)):
        parts = [below(k, value) for k, value in enumerate(x)]
        kind: Any = type(x)
        if hasattr(kind, "_fields"):  # a named tuple
            return lambda leaves: kind(*[build(leaves) for build in parts])
        return lambda leaves: kind([build(leaves) for build in parts])
    name = path or whole
    if nudgeable:
        check_nudgeable(f"{whole}[{path!r}]" if path else whole, x)
    names.append(name)
    arrays.append(x)
    return next


def matching(x: Leaves, other: Any, name: str) -> list[Array]:
    """Return the leaves of `other`, which must be arrays of the names and shapes of those of `x`.

    Raises
    ------
    ParameterError
        If a leaf is missing, too many, or of another shape; the message has its name.
    """
    found = flatten(other, x.names[0] if len(x.names) == 1 else name, nudgeable=False)
    by_name = dict(zip(found.names, found.arrays, strict=True))
    if len(x.names) == 1 and len(found.names) == 1:  # whatever it is called
        by_name = {x.names[0]: found.arrays[0]}
    missing = [leaf for leaf in x.names if leaf not in by_name]
    extra = [leaf for leaf in by_name if leaf not in x.names]
    if missing or extra:
        raise ParameterError(
            f"{name} must have the entries {', '.join(x.names)}, got {', '.join(by_name)}"
            + (f"; missing: {', '.join(missing)}" if missing else "")
        )
    arrays = []
    for leaf, array in zip(x.names, x.arrays, strict=True):
        value = np.asarray(by_name[leaf])
        if value.shape != np.shape(array):
            raise ParameterError(
                f"{name} of {leaf} must have its shape {np.shape(array)}, got {value.shape}"
            )
        arrays.append(value)
    return arrays
