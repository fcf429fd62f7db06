"""The gradients that `jax.grad` gives, checked against differences of many points at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from nudgegrad.checker.engine import Options, examine
from nudgegrad.checker.interrupt import interruptible
from nudgegrad.checker.report import Report
from nudgegrad.checker.report.provenance import attributed, describe
from nudgegrad.differentiate.evaluate import MAX_BYTES, Evaluator
from nudgegrad.differentiate.leaves import Leaves
from nudgegrad.jax.arguments import DTYPES, floating_leaves
from nudgegrad.jax.evaluate import Batched, Call, Looped, disagreement
from nudgegrad.validation import ParameterError, check_choice, check_integer

__all__ = ["check"]

Array = NDArray[Any]


@interruptible
def check(
    f: Callable[..., Any],
    *args: Any,
    argnums: int | Sequence[int] | None = None,
    path: str = "auto",
    max_bytes: int = MAX_BYTES,
    **options: Any,
) -> Report:
    """Check the gradient that `jax.grad` gives of a scalar function, by differences.

    Parameters
    ----------
    f
        Takes `args` and returns a scalar. It may have rules of its own (`jax.custom_vjp`).
    *args
        Pytrees. Their arrays of float16, float32 and float64 are checked; integers, booleans,
        keys and whatever else is in them goes to `f` as it is.
    argnums
        The arguments to check, as for `jax.grad`. None checks all.
    path
        ``"vmap"`` evaluates many points by one call, through `jax.vmap` and `jax.jit`. ``"loop"``
        evaluates one after another, jitted if that gives what plain calls give. ``"auto"`` takes
        the first that works: either is held against plain calls first, at the arguments and beside
        them. The report's `method` says which it was, and why.
    max_bytes
        Of a batch of points.
    **options
        As for `nudgegrad.checker.check`. `mask`, if there is one, is a mapping of the names in the
        report to arrays of booleans.

    Returns
    -------
    Report
        Its parameters are called ``x`` if the only argument is an array, ``W`` or ``encoder.W`` if
        it is a pytree, and ``arg0``, ``arg1.W`` if there are several.

    Raises
    ------
    ParameterError
        If there is nothing to check, `f` does not return a scalar, or `path` is ``"vmap"`` and
        does not work.

    Notes
    -----
    Matrix products run at JAX's highest precision, gradient and differences alike, where the device
    has several. Without `jax_enable_x64`, JAX's default, all is float32.
    """
    checked = Options.named(options)
    check_choice("path", path, ("auto", "vmap", "loop"))
    check_integer("max_bytes", max_bytes, 1)
    leaves = floating_leaves(args, argnums)

    def call(arrays: Sequence[Any]) -> Any:
        return f(*leaves.rebuild(arrays))

    with jax.default_matmul_precision("highest"):
        plain = Looped(call, leaves)
        _check_scalar(call(plain.start))
        claimed, again = (_gradients(call, plain.start) for _ in range(2))
        evaluate, method = _choose(call, leaves, plain, path, max_bytes)
        report = examine(evaluate, leaves, claimed, checked, method=method, again=again)
        return attributed(report, describe(f), "jax")


def _check_scalar(value: Any) -> None:
    if isinstance(value, (tuple, list)):
        raise ParameterError(
            f"f must return a scalar, got a {type(value).__name__} of {len(value)}; return the "
            "loss alone"
        )
    shape, dtype = jnp.shape(value), jnp.result_type(value)
    if shape != ():
        raise ParameterError(
            f"f must return a scalar, got an array of shape {shape}; return its sum or mean"
        )
    if str(dtype) not in DTYPES:
        raise ParameterError(
            f"f must return a scalar of {', '.join(DTYPES)}, got {dtype}; cast the loss"
        )


def _gradients(call: Call, start: Sequence[Any]) -> list[Array]:
    return [np.array(gradient) for gradient in jax.grad(call)(list(start))]


def _choose(
    call: Call, leaves: Leaves, plain: Looped, path: str, max_bytes: int
) -> tuple[Evaluator, str]:
    """Return the fastest way that gives what plain calls give, and why it is this one."""
    reasons = []
    if path != "loop":
        try:
            batched = Batched(call, leaves, max_bytes)
            fault = disagreement(batched, plain)
        except Exception as error:
            fault = _first_line(error)
        if fault is None:
            return batched, (
                f"differences by jax.vmap, jitted, up to {max(batched.rows):,} points at once"
            )
        if path == "vmap":
            raise ParameterError(f"path must be 'auto' or 'loop' for this f: jax.vmap {fault}")
        reasons.append(f"jax.vmap {fault}")
    try:
        jitted = Looped(jax.jit(call), leaves)
        fault = disagreement(jitted, plain)
    except Exception as error:
        fault = _first_line(error)
    way = "jitted"
    if fault is not None:
        way = "not jitted"
        reasons.append(f"jax.jit {fault}")
    why = "; ".join(reasons) or "as told"
    return plain if fault else jitted, f"differences, point by point, {way}: {why}"


def _first_line(error: Exception) -> str:
    """Return what an error says, in one short line."""
    text = (str(error).splitlines() or [""])[0]
    text = text if len(text) <= 100 else text[:99] + "…"
    return f"raises {type(error).__name__} ({text})"
