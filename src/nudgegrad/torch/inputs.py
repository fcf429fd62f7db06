"""The tensors among what a module is called with, and the same structure with others in place."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any, NamedTuple

import torch

__all__ = ["Inputs", "tensors_of"]

Tensor = Any
Build = Callable[[Iterator[Tensor]], Any]


class Inputs(NamedTuple):
    """Arguments as a list of named tensors.

    Attributes
    ----------
    tensors : list of tensor
    names : list of str
        ``input`` and, where there are several arguments, their position, followed by indices, keys
        and fields: ``input``, ``input1``, ``input0.mask``.
    rebuild
        A sequence of as many tensors → the arguments with these in the place of the others.
    """

    tensors: list[Tensor]
    names: list[str]
    rebuild: Callable[[Sequence[Tensor]], tuple[Any, ...]]


def tensors_of(arguments: tuple[Any, ...]) -> Inputs:
    """Find the tensors in arguments, and in tuples, lists, mappings and dataclasses among them."""
    tensors: list[Tensor] = []
    names: list[str] = []
    single = len(arguments) == 1
    builds = [
        _walk(argument, "input" if single else f"input{k}", tensors, names)
        for k, argument in enumerate(arguments)
    ]

    def rebuild(others: Sequence[Tensor]) -> tuple[Any, ...]:
        rest = iter(others)
        return tuple(build(rest) for build in builds)

    return Inputs(tensors, names, rebuild)


def _walk(x: Any, name: str, tensors: list[Tensor], names: list[str]) -> Build:
    """Append the tensors in `x`, and return what builds it with others."""
    if isinstance(x, torch.Tensor):
        tensors.append(x)
        names.append(name)
        return next
    before = len(tensors)
    parts = {key: _walk(part, f"{name}.{key}", tensors, names) for key, part in _parts(x)}
    if len(tensors) == before and type(x) not in (list, dict):
        return lambda _: x

    def build(rest: Iterator[Tensor]) -> Any:
        return _with(x, {key: part(rest) for key, part in parts.items()})

    return build


def _parts(x: Any) -> list[tuple[Any, Any]]:
    """Return what a container holds, and where."""
    if isinstance(x, Mapping):
        return list(x.items())
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return list(zip(x._fields, x, strict=True))
    if isinstance(x, (list, tuple)):
        return list(enumerate(x))
    if dataclasses.is_dataclass(x) and not isinstance(x, type):
        names = [field.name for field in dataclasses.fields(x)]
        return [(name, getattr(x, name)) for name in names if hasattr(x, name)]
    return []


def _with(x: Any, parts: dict[Any, Any]) -> Any:
    """Return a container like another one that holds these parts."""
    if isinstance(x, tuple):
        kind: Any = type(x)
        return kind(*parts.values()) if hasattr(x, "_fields") else kind(parts.values())
    if isinstance(x, Mapping) and not isinstance(x, MutableMapping):
        return parts
    other = copy.copy(x)
    if isinstance(x, list):
        other[:] = parts.values()
    elif isinstance(x, MutableMapping):
        other.update(parts)
    else:
        for key, part in parts.items():
            object.__setattr__(other, key, part)
    return other
