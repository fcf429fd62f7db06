"""What modules and losses keep besides their parameters and buffers, and putting it back.

A forward pass may assign to attributes, append to a list, fill a dict, or write into a tensor that
is not registered. Every evaluation must start from the same state, and tensors of one evaluation
must not reach the next: those of a batch are unusable outside of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np
import torch
from torch import nn

from nudgegrad.torch.captured import captured, hooks_of
from nudgegrad.torch.state import generator_of

__all__ = ["Attributes", "Kept"]

Undo = Callable[[bool], None]

DEPTH = 3
"""How many objects deep plain Python objects are looked into."""

COMPARED = 2**13
"""Bytes of a tensor, an array or a container's references up to which each evaluation compares it
as a whole. Larger ones are compared in the end; until then, a tensor's version and a container's
length show changes."""

LARGEST = 2**28
"""Bytes of the largest unregistered tensor or array that is put back."""

PLAIN = frozenset(vars(nn.Module()))
"""Attributes that every module has."""

ATOMS = (
    type, FunctionType, BuiltinFunctionType, MethodType, ModuleType, str, bytes, int, float,
    complex, type(None), torch.dtype, torch.device, torch.Size,
)  # fmt: skip


class Attributes:
    """Which objects the attributes, parameters, buffers and hooks of a module and its children are.

    Parameters
    ----------
    module : torch.nn.Module
    """

    def __init__(self, module: Any) -> None:
        self._pairs: list[tuple[dict[str, Any], dict[str, Any]]] = []
        self._hooks: list[tuple[dict[Any, Any], dict[Any, Any]]] = []
        self._scripted: list[tuple[Any, dict[str, Any]]] = []
        for child in module.modules():
            live = vars(child)
            self._pairs.append((live, dict(live)))
            for name in PLAIN & live.keys():
                if isinstance(live[name], dict):
                    hooks = self._hooks if name.endswith("hooks") else self._pairs
                    hooks.append((live[name], live[name].copy()))
            names = _scripted_attributes(child)
            if names:
                self._scripted.append((child, {name: getattr(child, name) for name in names}))

    def restore(self) -> None:
        """Assign what they were, and delete what is new."""
        for live, saved in self._pairs:
            live.update(saved)
            if len(live) > len(saved):
                for name in live.keys() - saved.keys():
                    del live[name]
        for live, saved in self._hooks:
            if len(live) != len(saved):
                live.clear()
                live.update(saved)
        for child, values in self._scripted:
            for name, value in values.items():
                setattr(child, name, value)


class Kept:
    """What is reached through attributes, and through the closures of functions and hooks.

    Attributes' lists, dicts, sets, plain objects, tensors, arrays and random generators are put
    back. So are random generators that closures and globals hold. Other things there are put back
    only where an evaluation left tensors in them: a list of activations, not a counter of calls.

    Parameters
    ----------
    frame : torch.nn.Module
        Holds the modules.
    roots
        The module and the loss, or whatever they are.
    tensors
        Parameters, buffers and inputs, which are taken care of elsewhere. Their hooks are not.
    """

    def __init__(self, frame: Any, roots: Iterable[Any], tensors: Iterable[Any]) -> None:
        self._undos: list[Undo] = []
        tensors = list(tensors)
        self._seen = {id(tensor) for tensor in tensors}
        self._alive: list[Any] = []  # so that no id is used twice
        modules = list(frame.modules())
        self._seen |= {id(module) for module in modules}
        for module in modules:
            for name, value in vars(module).items():
                if name not in PLAIN:
                    self._keep(value, DEPTH)
            for name in _scripted_attributes(module):
                self._keep(getattr(module, name), DEPTH)
        roots = list(roots)
        for root in roots:
            self._keep(getattr(root, "__self__", root), DEPTH)
        hooks = [hook for tensor in tensors for hook in hooks_of(tensor)]
        for function in (*roots, *_functions(modules), *hooks):
            for value in captured(function):
                self._keep_from_tensors(value, DEPTH)

    def restore(self, everything: bool = False) -> None:
        """Put back what has changed.

        Parameters
        ----------
        everything
            Whether to compare the values of large tensors too.
        """
        for undo in self._undos:
            undo(everything)

    def _keep(self, x: Any, depth: int) -> None:
        if isinstance(x, ATOMS) or id(x) in self._seen:
            return
        self._seen.add(id(x))
        self._alive.append(x)
        if generator_of(x):
            self._undos.append(_undo_generator(x))
        elif isinstance(x, torch.Tensor):
            if x.layout is torch.strided and x.nbytes <= LARGEST:
                self._undos.append(_undo_tensor(x))
        elif isinstance(x, np.ndarray):
            if x.dtype != object and x.nbytes <= LARGEST:
                self._undos.append(_undo_array(x))
        elif isinstance(x, (list, deque, set, MutableMapping)):
            self._undos.append(_undo_container(x))
            for item in _items(x):
                self._keep(item, depth)
        elif isinstance(x, (tuple, frozenset)):
            for item in x:
                self._keep(item, depth)
        elif depth and hasattr(x, "__dict__"):
            self._undos.append(_undo_container(vars(x)))
            for item in list(vars(x).values()):
                self._keep(item, depth - 1)

    def _keep_from_tensors(self, x: Any, depth: int) -> None:
        if isinstance(x, (*ATOMS, torch.Tensor, np.ndarray)) or id(x) in self._seen or not depth:
            return
        self._seen.add(id(x))
        self._alive.append(x)
        if generator_of(x):
            self._undos.append(_undo_generator(x))
            return
        if isinstance(x, (list, dict, deque)):
            container = x
        elif hasattr(x, "__dict__"):
            container = vars(x)
        else:
            return
        self._undos.append(_undo_tensors(container))
        if len(container) <= COMPARED // 8:
            for item in list(_items(container)):
                self._keep_from_tensors(item, depth - 1)


def _undo_generator(x: Any) -> Undo:
    state = generator_of(x)
    assert state is not None
    get, put = state
    saved = get()
    return lambda _: put(saved)


def _undo_tensors(x: Any) -> Undo:
    undo, size, before = _undo_container(x), len(x), {id(item) for item in _items(x)}

    def undo_tensors(everything: bool) -> None:
        if len(x) != size or everything or 8 * len(x) <= COMPARED:
            new = (item for item in _items(x) if id(item) not in before)
            if any(isinstance(item, torch.Tensor) for item in new):
                undo(everything)

    return undo_tensors


def _undo_container(x: Any) -> Undo:
    saved, mapping = list(_items(x)), isinstance(x, MutableMapping)
    copy = dict(x) if mapping else list(x)

    def undo(everything: bool) -> None:
        if len(x) == len(saved) and (
            (8 * len(x) > COMPARED and not everything)
            or all(one is other for one, other in zip(_items(x), saved, strict=True))
        ):
            return
        x.clear()
        x.update(copy) if isinstance(x, (set, MutableMapping)) else x.extend(copy)

    return undo


def _items(x: Any) -> Iterator[Any]:
    return iter(x.values() if isinstance(x, MutableMapping) else x)


def _undo_tensor(x: Any) -> Undo:
    saved, leaf, needs_grad = x.detach().clone(), x.grad_fn is None, x.requires_grad
    version = _version(x)

    def undo(everything: bool) -> None:
        nonlocal version
        if leaf and x.grad_fn is not None:  # written into by an operation that autograd followed
            x.detach_().requires_grad_(needs_grad)
        if everything or x.nbytes <= COMPARED:
            same = torch.equal(x.detach(), saved)
        else:
            same = version is not None and _version(x) == version
        if not same:
            x.data.copy_(saved)
            version = _version(x)

    return undo


def _version(x: Any) -> int | None:
    return None if x.is_inference() else int(x._version)


def _undo_array(x: Any) -> Undo:
    saved = x.copy()

    def undo(everything: bool) -> None:
        if (everything or x.nbytes <= COMPARED) and x.flags.writeable:
            x[...] = saved

    return undo


def _functions(modules: Iterable[Any]) -> Iterator[Any]:
    """Yield the functions that modules hold, and their hooks."""
    for module in modules:
        yield getattr(type(module), "forward", None)
        for name, value in vars(module).items():
            yield value
            if name.endswith("_hooks") and isinstance(value, dict):
                yield from value.values()


def _scripted_attributes(module: Any) -> list[str]:
    """Return the names of what a TorchScript module keeps, which is not in its `__dict__`."""
    if not isinstance(module, torch.jit.ScriptModule):
        return []
    kind: Any = torch._C.ConcreteModuleType
    attributes = kind.from_jit_type(module._c._type()).get_attributes()
    return [name for name, (_, parameter) in attributes.items() if not parameter and name[0] != "_"]
