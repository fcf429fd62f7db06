"""Nested structures as trees: what is in them, what rebuilds them, and names of the places."""

from __future__ import annotations

import copy
import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Number
from typing import Any

__all__ = [
    "Branch", "Leaf", "Node", "Other", "Path", "build", "names_of", "open_up", "short_name",
]  # fmt: skip


@dataclass(frozen=True)
class Leaf:
    """A place in a structure that holds an array, the one of that number."""

    place: int


@dataclass(frozen=True)
class Other:
    """A place in a structure that holds something else."""

    value: Any


@dataclass(frozen=True)
class Branch:
    """A container in a structure.

    Attributes
    ----------
    keys : tuple
        Keys of a mapping, numbers of a list's or tuple's items, names of fields.
    children : tuple
        A node for each of them, or what is there.
    make : callable
        A list of as many things → a container of this kind. Mappings of other types become dicts.
    is_sequence : bool
        Whether the children have an order.
    has_fields : bool
        Whether the keys are attributes.
    """

    keys: tuple[Any, ...]
    children: tuple[Any, ...]
    make: Callable[[list[Any]], Any]
    is_sequence: bool = False
    has_fields: bool = False


Node = Leaf | Other | Branch

Path = tuple[tuple[Any, bool], ...]
"""Keys from the outside to the inside, each with whether it is a field."""


def open_up(x: Any) -> Branch | None:
    """Return what is in a tuple, list, mapping or dataclass, and None for anything else.

    A list or tuple that holds only numbers counts as an array.
    """
    if isinstance(x, Mapping):
        keys = tuple(x)
        return Branch(keys, tuple(x.values()), lambda things: dict(zip(keys, things, strict=True)))
    if isinstance(x, (list, tuple)) and not (x and all(isinstance(v, Number) for v in x)):
        kind: Any = type(x)
        fields: tuple[str, ...] | None = getattr(kind, "_fields", None)
        if fields is not None:  # a named tuple
            return Branch(fields, tuple(x), lambda things: kind(*things), True, True)
        return Branch(tuple(range(len(x))), tuple(x), lambda things: kind(things), True)
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        names = tuple(field.name for field in dataclasses.fields(x) if hasattr(x, field.name))
        values = tuple(getattr(x, name) for name in names)
        return Branch(names, values, lambda things: _like(x, names, things), has_fields=True)
    return None


def build(node: Node, things: Sequence[Any], of_other: Callable[[Any], Any]) -> Any:
    """Return a structure with a thing for each leaf, and something made of all others."""
    if isinstance(node, Leaf):
        return things[node.place]
    if isinstance(node, Other):
        return of_other(node.value)
    return node.make([build(child, things, of_other) for child in node.children])


def full_name(path: Path) -> str:
    """Return a place's name as Python's code has it: ``['encoder'].W[0]``."""
    return "".join(f".{key}" if is_field else f"[{key!r}]" for key, is_field in path)


def short_name(path: Path) -> str:
    """Return a place's keys joined by dots."""
    return ".".join(str(key) for key, _ in path)


def names_of(paths: Sequence[Path], whole: str) -> list[str]:
    """Return names that differ: short ones, and full ones where short ones are the same.

    Parameters
    ----------
    paths
        The places.
    whole
        The name of the whole structure.
    """
    names = [short_name(path) or full_name(path) or whole for path in paths]
    count = Counter(names)
    names = [
        name if count[name] == 1 else full_name(path)
        for name, path in zip(names, paths, strict=True)
    ]
    taken: dict[str, None] = {}
    for name in names:
        one, number = name, 1
        while one in taken:  # keys that only look the same
            number += 1
            one = f"{name} #{number}"
        taken[one] = None
    return list(taken)


def _like(x: Any, names: tuple[str, ...], values: list[Any]) -> Any:
    """Return a copy of a dataclass, frozen or not, with other values of its fields."""
    other = copy.copy(x)
    for name, value in zip(names, values, strict=True):
        object.__setattr__(other, name, value)
    return other
