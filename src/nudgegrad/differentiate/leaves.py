"""Nested parameters as a list of named arrays, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.in_place import check_nudgeable
from nudgegrad.differentiate.kinds import Form, as_array, describe, is_empty, nudged_array
from nudgegrad.differentiate.overlap import check_arrays_apart
from nudgegrad.differentiate.structure import (
    Branch,
    Leaf,
    Node,
    Other,
    Path,
    build,
    names_of,
    open_up,
    short_name,
)
from nudgegrad.validation import ParameterError

__all__ = ["Leaves", "flatten", "matched", "matching"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Leaves:
    """The arrays of a nested structure, in order, and what puts others in their place.

    Attributes
    ----------
    names : tuple of str
        ``W1`` for a mapping's value, ``0`` for a sequence's first, ``encoder.W`` for a nested one.
        Where two would have the same name, ``['encoder.W']`` and ``['encoder']['W']``. An array by
        itself has the name that `flatten` was told.
    arrays : tuple of arrays
        The live ones; for what pandas holds, copies.
    rebuild : callable
        A sequence of as many things → a structure like the original with these as leaves.
        Mappings of other types become dicts.
    forms : tuple of Form or None
        For each array what f gets in its place, None for the array itself. Empty: all None.
    others : tuple of str
        What else is in the structure, which is not nudged: ``n (int)``.
    tree : Node or None
        The structure, None where something else than `flatten` knows it.
    """

    names: tuple[str, ...]
    arrays: tuple[Array, ...]
    rebuild: Callable[[Sequence[Any]], Any]
    forms: tuple[Form | None, ...] = ()
    others: tuple[str, ...] = ()
    tree: Node | None = None

    @property
    def is_live(self) -> bool:
        """Whether what f was called with changes when the arrays do."""
        return all(form is None or form.is_view for form in self.forms)

    def point(self, arrays: Sequence[Array]) -> Any:
        """Return what f is called with, made of these arrays."""
        forms = self.forms or [None] * len(arrays)
        return self.rebuild([
            array if form is None else form.make(array)
            for form, array in zip(forms, arrays, strict=True)
        ])  # fmt: skip

    def results(self, arrays: Sequence[Any]) -> Any:
        """Return a result for each array, in the structure, with None for whatever else is there.

        pandas' get their labels, where the shape is theirs.
        """
        if self.tree is None:
            return self.rebuild(arrays)
        things = [
            form.make(result)
            if form is not None and not form.is_view and np.shape(result) == array.shape
            else result
            for form, array, result in zip(self.forms, self.arrays, arrays, strict=True)
        ]
        return build(self.tree, things, lambda value: value.copy() if is_empty(value) else None)


def flatten(x: Any, name: str = "x", *, nudgeable: bool = True) -> Leaves:
    """Return the arrays of an array, or of a nested structure of arrays.

    Parameters
    ----------
    x
        An array, or a tuple, named tuple, list, mapping or dataclass of them, nested to any depth.
    name
        What messages call it.
    nudgeable
        Whether leaves are what can be nudged: writeable arrays of floats that share no memory.
        What holds no floats is then not a leaf, and `Leaves.rebuild` puts it back where it was.
        Otherwise leaves are anything that is not a container.

    Raises
    ------
    ParameterError
        If an array of floats cannot be nudged, or there is none; the message has its name.
    """
    found: list[tuple[Path, Any, Form | None]] = []
    others: list[tuple[Path, Any]] = []

    def walk(value: Any, path: Path) -> Node:
        inside = open_up(value)
        if inside is not None:
            children = tuple(
                walk(child, (*path, (key, inside.has_fields)))
                for key, child in zip(inside.keys, inside.children, strict=True)
            )
            return Branch(inside.keys, children, inside.make, inside.is_sequence, inside.has_fields)
        form = None
        if nudgeable:
            nudged = nudged_array(_label(name, path), value, alone=not path)
            if nudged is None:
                others.append((path, value))
                return Other(value)
            value, form = nudged
        found.append((path, value, form))
        return Leaf(len(found) - 1)

    tree = walk(x, ())
    if not found:
        raise _nothing(name, x, others)
    names = names_of([path for path, _, _ in found], name)
    arrays = tuple(value for _, value, _ in found)
    if nudgeable:
        check_arrays_apart(name, names, arrays)
    return Leaves(
        tuple(names),
        arrays,
        lambda things: build(tree, things, lambda value: value),
        tuple(form for _, _, form in found),
        tuple(f"{short_name(path)} ({describe(value)})" for path, value in others),
        tree,
    )


def matching(x: Leaves, other: Any, name: str) -> list[Array]:
    """Return the leaves of `other`, which must be arrays of the places and shapes of those of `x`.

    Raises
    ------
    ParameterError
        If a leaf is missing, too many, or of another shape; the message has its name.
    """
    arrays = []
    for leaf, array, value in zip(x.names, x.arrays, matched(x, other, name), strict=True):
        found = as_array(value)
        if found.shape != np.shape(array):
            raise ParameterError(
                f"{name} of {leaf} must have its shape {np.shape(array)}, got "
                f"{'None' if value is None else found.shape}"
            )
        arrays.append(found)
    return arrays


def matched(
    x: Leaves, other: Any, name: str, *, for_all: Callable[[Any], bool] = lambda value: False
) -> list[Any]:
    """Return what `other` holds for each leaf of `x`: by structure, or if that differs by names.

    Parameters
    ----------
    x
        The leaves.
    other
        A structure like the one that they are from. It may leave out, or hold anything, where x
        has what is not nudged.
    name
        What messages call it.
    for_all
        Tells whether a value in the place of a container is meant for all leaves in it.

    Raises
    ------
    ParameterError
        If a leaf is missing or too many; the message has its name.
    """
    found: dict[int, Any] = {}
    if x.tree is not None and _follow(x.tree, other, x.arrays, for_all, found):
        return [found[place] for place in range(len(x.names))]
    flat = flatten(other, x.names[0] if len(x.names) == 1 else name, nudgeable=False)
    by_name = dict(zip(flat.names, flat.arrays, strict=True))
    if len(x.names) == 1 and len(flat.names) == 1:  # whatever it is called
        return [flat.arrays[0]]
    missing = [leaf for leaf in x.names if leaf not in by_name]
    extra = [leaf for leaf in by_name if leaf not in x.names]
    if missing or extra:
        raise ParameterError(
            f"{name} must have the entries {', '.join(x.names)}, got {', '.join(by_name)}"
            + (f"; missing: {', '.join(missing)}" if missing else "")
        )
    return [by_name[leaf] for leaf in x.names]


def _follow(
    node: Node, other: Any, arrays: Sequence[Array], for_all: Callable[[Any], bool],
    found: dict[int, Any],
) -> bool:  # fmt: skip
    """Collect what `other` holds for each leaf below a node; tell whether its structure fits."""
    if not _holds_leaf(node):
        return True
    if isinstance(node, Leaf):
        if isinstance(other, (list, tuple)) and _shape(other) != arrays[node.place].shape:
            return False
        found[node.place] = other
        return not isinstance(other, Mapping)
    assert isinstance(node, Branch)
    children: Sequence[Node] = node.children
    others: list[Any] | None = [other] * len(children)
    if not for_all(other):
        children, others = _pairs(node, other)
    return others is not None and all(
        _follow(child, part, arrays, for_all, found)
        for child, part in zip(children, others, strict=True)
    )


def _pairs(node: Branch, other: Any) -> tuple[Sequence[Node], list[Any] | None]:
    """Return the children of a node, and what `other` holds for each; None if it does not fit."""
    keys = [key for key, child in zip(node.keys, node.children, strict=True) if _holds_leaf(child)]
    wanted = [child for child in node.children if _holds_leaf(child)]
    if node.is_sequence and isinstance(other, (list, tuple)):
        if len(other) == len(node.children):
            return node.children, list(other)
        return wanted, list(other) if len(other) == len(wanted) else None
    if isinstance(other, Mapping):
        if not set(other) <= set(node.keys):
            return wanted, None
        parts = dict(other)
    elif node.has_fields and (inside := open_up(other)) is not None and inside.has_fields:
        parts = dict(zip(inside.keys, inside.children, strict=True))
    else:
        return wanted, None
    return wanted, [parts[key] for key in keys] if all(key in parts for key in keys) else None


def _holds_leaf(node: Node) -> bool:
    if isinstance(node, Branch):
        return any(map(_holds_leaf, node.children))
    return isinstance(node, Leaf)


def _shape(value: Any) -> tuple[int, ...] | None:
    try:
        return tuple(np.shape(value))
    except ValueError:  # of no one shape
        return None


def _label(whole: str, path: Path) -> str:
    return f"{whole}[{short_name(path)!r}]" if path else whole


def _nothing(whole: str, x: Any, others: list[tuple[Path, Any]]) -> ParameterError:
    """Return the error of a structure without an array to nudge."""
    if len(others) == 1 and isinstance(others[0][1], np.ndarray):
        path, value = others[0]
        try:
            check_nudgeable(_label(whole, path), value)
        except ParameterError as error:
            return error
    listed = ", ".join(f"{short_name(path)} ({describe(value)})" for path, value in others)
    return ParameterError(
        f"{whole} must hold at least one array of floats, got {listed or repr(x)}"
        + ("; pass .astype(float) of what is to be nudged" if others else "")
    )
