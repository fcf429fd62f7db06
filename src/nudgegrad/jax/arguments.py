"""The arguments of a JAX function as named arrays of floats, and back."""

from __future__ import annotations

import dataclasses
import numbers
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.leaves import Leaves
from nudgegrad.validation import ParameterError, check_integer

__all__ = ["FLOATS", "Arguments", "committed_to", "epsilon", "floating_arguments", "kind_of"]

FLOATS = ("bfloat16", "float16", "float32", "float64")
"""The dtypes whose gradients can be checked."""


@dataclasses.dataclass(frozen=True)
class Arguments:
    """The floating arrays among some arguments.

    Attributes
    ----------
    leaves : Leaves
        NumPy arrays of the dtypes that JAX gives them. `rebuild` takes as many arrays, concrete
        or traced, and returns the arguments with these in place; all else in them stays as it is.
    shardings : tuple
        For each array the devices that it was committed to, or None.
    numbers : tuple of str
        The names of those that are Python numbers.
    """

    leaves: Leaves
    shardings: tuple[Any, ...]
    numbers: tuple[str, ...]

    def on_device(self, leaf: int, array: NDArray[Any]) -> jax.Array:
        """Return an array in the place of a leaf, on the devices where the leaf was."""
        placed: jax.Array = jax.device_put(array, self.shardings[leaf])
        return placed


def floating_arguments(
    args: tuple[Any, ...], argnums: int | Sequence[int] | None, *, python_numbers: bool = True
) -> Arguments:
    """Return the floating arrays among the arguments. Empty ones are left out.

    Parameters
    ----------
    args
        Pytrees.
    argnums
        Which of them count. None takes all.
    python_numbers
        Whether Python floats count as arrays.

    Raises
    ------
    ParameterError
        If there is no such array, or one whose dtype cannot be checked.
    """
    wanted = _wanted(args, argnums)
    paths, structure = jax.tree_util.tree_flatten_with_path(args)
    leaves = [leaf for _, leaf in paths]
    places = [
        place
        for place, (path, leaf) in enumerate(paths)
        if path[0].idx in wanted
        and (python_numbers or not _is_python_number(leaf))
        and _is_floating(leaf, _name(path, len(args)))
    ]
    for number in wanted if argnums is not None else ():
        if not any(paths[place][0][0].idx == number for place in places):
            raise ParameterError(
                f"argnums must choose arguments that hold floating arrays, got {number}, which "
                "holds none"
            )
    if not places:
        kinds = ", ".join(map(kind_of, leaves)) or "no argument"
        raise ParameterError(
            "args must hold at least one array of floats that is not empty, got "
            f"{kinds}; {_advice(leaves)}"
        )
    names = [_name(paths[place][0], len(args)) for place in places]
    if len(set(names)) < len(names):  # {"a.b": …} next to {"a": {"b": …}}
        names = [jax.tree_util.keystr(paths[place][0]) for place in places]
    return Arguments(
        Leaves(
            tuple(names),
            tuple(_as_jax_has_it(leaves[place]) for place in places),
            _rebuild(structure, leaves, places),
        ),
        tuple(committed_to(leaves[place]) for place in places),
        tuple(
            name
            for name, place in zip(names, places, strict=True)
            if _is_python_number(leaves[place])
        ),
    )


def _as_jax_has_it(leaf: Any) -> NDArray[Any]:
    """Return a NumPy copy, in JAX's dtype: float32 for Python's floats, unless x64 is enabled."""
    return np.array(jax.device_get(jax.device_put(leaf)))


def epsilon(dtype: Any) -> float:
    """Return the machine epsilon of a dtype of floats or complex numbers, bfloat16 included."""
    finfo: Any = jnp.finfo  # JAX has no types for it
    return float(finfo(dtype).eps)


def committed_to(leaf: Any) -> Any:
    """Return the sharding that an array was put into by name, or None."""
    return leaf.sharding if isinstance(leaf, jax.Array) and leaf.committed else None


def _rebuild(structure: Any, leaves: list[Any], places: list[int]) -> Callable[[Any], Any]:
    weak = {place for place in places if _is_weak(leaves[place])}

    def rebuild(arrays: Sequence[Any]) -> Any:
        whole = list(leaves)
        for place, array in zip(places, arrays, strict=True):
            whole[place] = _weakened(array) if place in weak else array
        return jax.tree_util.tree_unflatten(structure, whole)

    return rebuild


def _is_weak(leaf: Any) -> bool:
    """Tell whether a leaf gives way to the dtypes of others, as Python's own floats do."""
    if not isinstance(leaf, jax.Array):
        return type(leaf) is float
    return bool(leaf.weak_type) and leaf.dtype == jax.device_put(0.0).dtype


def _weakened(array: Any) -> Any:
    """Return an array of JAX's default dtype as a weak one, which only full_like makes."""
    one = partial(jnp.full_like, jax.device_put(0.0))
    return jax.vmap(one)(array.reshape(-1)).reshape(array.shape) if array.ndim else one(array)


def _wanted(args: tuple[Any, ...], argnums: int | Sequence[int] | None) -> list[int]:
    if argnums is None:
        return list(range(len(args)))
    count = len(args)
    numbered = [argnums] if isinstance(argnums, numbers.Integral) else list(argnums)  # type: ignore[arg-type]
    wanted = [check_integer("argnums", number, -count, count - 1) % count for number in numbered]
    if not wanted:
        raise ParameterError("argnums must choose at least one argument, got none")
    return wanted


def _is_python_number(leaf: Any) -> bool:
    return isinstance(leaf, (float, complex)) and not isinstance(leaf, np.generic)


def _is_floating(leaf: Any, name: str) -> bool:
    """Tell whether a leaf is to be checked, or raise if it would be but cannot."""
    if _is_python_number(leaf):
        dtype = np.dtype(type(leaf))
    elif isinstance(leaf, (jax.Array, np.ndarray, np.generic)) and leaf.size:
        dtype = leaf.dtype
    else:
        return False
    if not jnp.issubdtype(dtype, jnp.inexact):
        return False
    if str(dtype) in FLOATS:
        return True
    advice = "cast it, or leave it out by argnums"
    if jnp.issubdtype(dtype, jnp.complexfloating):
        advice = (
            "pass the real and the imaginary part and let f put them together by jax.lax.complex, "
            "or leave it out by argnums"
        )
    raise ParameterError(
        f"{name} must be of {', '.join(FLOATS)} to be checked, got {dtype}; {advice}"
    )


def _advice(leaves: list[Any]) -> str:
    for leaf in leaves:
        if getattr(leaf, "size", None) == 0:
            return "an empty array has no gradient to check"
        if dataclasses.is_dataclass(leaf) and not isinstance(leaf, type):
            kind = type(leaf).__name__
            return f"make {kind} a pytree by jax.tree_util.register_dataclass({kind})"
    return "pass x.astype(float)"


def _name(path: tuple[Any, ...], count: int) -> str:
    """Return ``x`` or ``encoder.W`` for the only argument, ``arg1`` or ``arg1.W`` among several."""
    below = str(jax.tree_util.keystr(path[1:], simple=True, separator="."))
    if count == 1:
        return below or "x"
    return f"arg{path[0].idx}" + (f".{below}" if below else "")


def kind_of(leaf: Any) -> str:
    """Return ``float32[3, 4]``, or the name of the type of what is not an array."""
    dtype = getattr(leaf, "dtype", None)
    return type(leaf).__name__ if dtype is None else f"{dtype}{list(leaf.shape)}"
