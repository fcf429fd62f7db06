"""What a function refers to without being called with it: its closure, defaults and globals."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import torch

__all__ = ["captured", "hooks_of"]

FUNCTIONS = (FunctionType, MethodType, partial)


def captured(function: Any) -> Iterator[Any]:
    """Yield the objects that a function refers to, and those that functions among them refer to.

    Of a plain object the attributes follow. Functions of PyTorch itself are not looked into.
    Objects that are not functions yield nothing.
    """
    pending, seen = [function], set()
    while pending:
        item = pending.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        for found in _directly(item):
            if isinstance(found, FUNCTIONS):
                pending.append(found)
                continue
            yield found
            if not isinstance(found, (type, ModuleType, torch.Tensor, torch.nn.Module)):
                inside = getattr(found, "__dict__", {}).values()
                yield from [value for value in inside if not isinstance(value, FUNCTIONS)]


def hooks_of(tensor: Any) -> list[Any]:
    """Return the functions that change or read a tensor's gradient in the backward pass."""
    names = ("_backward_hooks", "_post_accumulate_grad_hooks")
    return [hook for name in names for hook in (getattr(tensor, name, None) or {}).values()]


def _directly(function: Any) -> Iterator[Any]:
    if isinstance(function, partial):
        yield from (function.func, *function.args, *function.keywords.values())
    elif isinstance(function, MethodType):
        yield from (function.__func__, function.__self__)
    elif isinstance(function, FunctionType) and not _of_torch(function):
        yield from function.__defaults__ or ()
        yield from (function.__kwdefaults__ or {}).values()
        for cell in function.__closure__ or ():
            try:
                yield cell.cell_contents
            except ValueError:  # a variable without a value yet
                continue
        for name in _names(function.__code__):
            if name in function.__globals__:
                yield function.__globals__[name]


def _of_torch(function: FunctionType) -> bool:
    return (function.__module__ or "").partition(".")[0] == "torch"


def _names(code: CodeType) -> Iterator[str]:
    """Yield the names of globals and attributes in a function and in the functions inside it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
