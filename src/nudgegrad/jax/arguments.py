"""The arguments of a function of JAX's as named floating leaves, and back."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nudgegrad.differentiate.leaves import Leaves
from nudgegrad.validation import ParameterError, check_integer

__all__ = ["floating_leaves"]

DTYPES = ("float16", "float32", "float64")


def floating_leaves(args: tuple[Any, ...], argnums: int | Sequence[int] | None) -> Leaves:
    """Return the floating arrays among the arguments.

    Parameters
    ----------
    args
        Pytrees.
    argnums
        Which of them count. None takes all.

    Returns
    -------
    Leaves
        NumPy arrays of the dtypes that JAX gives them. `rebuild` takes as many arrays, concrete
        or traced, and returns the arguments with these in place; all else in them stays as it is.

    Raises
    ------
    ParameterError
        If there is no such array, or one whose dtype cannot be checked.
    """
    wanted = _wanted(args, argnums)
    paths, structure = jax.tree_util.tree_flatten_with_path(args)
    places: list[int] = []
    arrays: list[Any] = []
    for place, (path, leaf) in enumerate(paths):
        if path[0].idx in wanted and _is_floating(leaf, _name(path, len(args))):
            places.append(place)
            arrays.append(np.array(jnp.array(leaf)))
    for number in wanted if argnums is not None else ():
        if not any(paths[place][0][0].idx == number for place in places):
            raise ParameterError(
                f"argnums must choose arguments that hold floating arrays, got {number}, which "
                "holds none"
            )
    if not places:
        kinds = ", ".join(_kind(leaf) for _, leaf in paths) or "no argument"
        raise ParameterError(
            f"args must hold at least one array of floats that is not empty, got {kinds}; pass "
            "x.astype(float)"
        )
    names = [_name(paths[place][0], len(args)) for place in places]
    if len(set(names)) < len(names):  # {"a.b": …} beside {"a": {"b": …}}
        names = [jax.tree_util.keystr(paths[place][0]) for place in places]
    return Leaves(
        tuple(names), tuple(arrays), _rebuild(structure, [leaf for _, leaf in paths], places)
    )


def _rebuild(structure: Any, leaves: list[Any], places: list[int]) -> Callable[[Any], Any]:
    # Python's own floats take part in JAX's promotion of dtypes as nothing else does.
    weak = {place: jnp.asarray(leaves[place]) for place in places if _is_weak(leaves[place])}

    def rebuild(arrays: Sequence[Any]) -> Any:
        whole = list(leaves)
        for place, array in zip(places, arrays, strict=True):
            whole[place] = jnp.full_like(weak[place], array) if place in weak else array
        return jax.tree_util.tree_unflatten(structure, whole)

    return rebuild


def _wanted(args: tuple[Any, ...], argnums: int | Sequence[int] | None) -> list[int]:
    if argnums is None:
        return list(range(len(args)))
    count = len(args)
    numbered = [argnums] if isinstance(argnums, numbers.Integral) else list(argnums)  # type: ignore[arg-type]
    wanted = [check_integer("argnums", number, -count, count - 1) % count for number in numbered]
    if not wanted:
        raise ParameterError("argnums must choose at least one argument, got none")
    return wanted


def _is_floating(leaf: Any, name: str) -> bool:
    """Tell whether a leaf is to be checked, or raise if it would be but cannot."""
    if isinstance(leaf, (float, complex)):
        leaf = jnp.asarray(leaf)
    if not isinstance(leaf, (jax.Array, np.ndarray, np.generic)) or leaf.size == 0:
        return False
    if not jnp.issubdtype(leaf.dtype, jnp.inexact):
        return False
    if str(leaf.dtype) not in DTYPES:
        raise ParameterError(
            f"{name} must be of {', '.join(DTYPES)} to be checked, got {leaf.dtype}; cast it, or "
            "leave it out by argnums"
        )
    return True


def _is_weak(leaf: Any) -> bool:
    return type(leaf) is float or bool(getattr(leaf, "weak_type", False))


def _name(path: tuple[Any, ...], count: int) -> str:
    """Return ``x`` or ``encoder.W`` for the only argument, ``arg1`` or ``arg1.W`` among several."""
    below = str(jax.tree_util.keystr(path[1:], simple=True, separator="."))
    if count == 1:
        return below or "x"
    return f"arg{path[0].idx}" + (f".{below}" if below else "")


def _kind(leaf: Any) -> str:
    dtype = getattr(leaf, "dtype", None)
    return type(leaf).__name__ if dtype is None else f"{dtype}{list(leaf.shape)}"
