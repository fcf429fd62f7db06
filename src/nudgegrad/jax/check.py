"""The gradients that `jax.grad` gives, checked against differences of many points at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import jax

from nudgegrad.checker.engine import Options, examine
from nudgegrad.checker.interrupt import interruptible
from nudgegrad.checker.report import Report
from nudgegrad.checker.report.provenance import attributed, describe
from nudgegrad.differentiate.evaluate import MAX_BYTES
from nudgegrad.jax.agreement import disagreement
from nudgegrad.jax.evaluate import Batched, Looped, raises
from nudgegrad.jax.subject import Subject, find_subject
from nudgegrad.validation import ParameterError, check_choice, check_integer

__all__ = ["check"]


@interruptible
def check(
    f: Callable[..., Any],
    *args: Any,
    argnums: int | Sequence[int] | None = None,
    path: str = "auto",
    max_bytes: int = MAX_BYTES,
    **options: Any,
) -> Report:
    """Check the gradient that JAX gives of a function, by differences.

    Parameters
    ----------
    f
        Takes `args` and returns a scalar, an array, or a pytree of arrays. It may have rules of its
        own (`jax.custom_vjp`). If it returns more than one number, their sum with fixed random
        weights is checked, gradient (by `jax.vjp`) and differences alike; so a fault in the
        gradient of any output shows. Integers among the outputs are left out.
    *args
        Pytrees. Their arrays of bfloat16, float16, float32 and float64 are checked, and Python's
        floats, unless `f` takes no array in their place. Integers, booleans, keys, empty arrays
        and whatever else is in them goes to `f` as it is.
    argnums
        The arguments to check, as for `jax.grad`. None checks all.
    path
        ``"vmap"`` evaluates many points by one call, through `jax.vmap` and `jax.jit`. ``"loop"``
        evaluates one after another, jitted if that gives what plain calls give. ``"auto"`` takes
        the first that works: either is held against plain calls first, at the arguments and near
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
        If there is nothing to check, an argument is complex, `f` returns no floats, or `path` is
        ``"vmap"`` and does not work.

    Notes
    -----
    Matrix products run at JAX's highest precision, gradient and differences alike, where the device
    has several. Without `jax_enable_x64`, JAX's default, all is float32.

    Differences in bfloat16 and float16 are too coarse to check a gradient. Such arrays are checked
    in float32, which `f` has to take in their place. JAX's gradient in half precision must be the
    one in float32, to its rounding; where it is not, it is judged as it is.

    A point near the arguments at which `f` raises counts as one where it is not finite. So does a
    NaN there, whatever `jax_debug_nans` says.
    """
    checked = Options.named(options)
    check_choice("path", path, ("auto", "vmap", "loop"))
    check_integer("max_bytes", max_bytes, 1)
    with jax.default_matmul_precision("highest"):
        subject = find_subject(f, args, argnums)
        again = subject.claim()
        with jax.debug_nans(False), jax.debug_infs(False):
            evaluate, method = _choose(subject, path, max_bytes)
            report = examine(
                evaluate, subject.plain.arguments.leaves, subject.claimed, checked, method=method,
                again=again,
            )  # fmt: skip
    notes = subject.notes
    if evaluate.raised:
        notes.append(
            f"f {evaluate.raised[0]} at {len(evaluate.raised):,} of the points near "
            "the arguments that were tried; it was taken not to be finite there"
        )
    report = dataclasses.replace(report, notes=(*notes, *report.notes))
    return attributed(report, describe(f), "jax")


def _choose(subject: Subject, path: str, max_bytes: int) -> tuple[Batched | Looped, str]:
    """Return the fastest way that gives what plain calls give, and why it is this one."""
    call, plain = subject.call, subject.plain
    reasons = []
    if path != "loop":
        try:
            batched = Batched(call, plain.arguments, plain.total, max_bytes)
            fault = disagreement(batched, plain)
        except Exception as error:
            fault = raises(error)
        if fault is None:
            return batched, (
                f"differences by jax.vmap, jitted, up to {max(batched.rows):,} points at once"
            )
        if path == "vmap":
            raise ParameterError(f"path must be 'auto' or 'loop' for this f: jax.vmap {fault}")
        reasons.append(f"jax.vmap {fault}")
    else:
        reasons.append("as path='loop' asks")
    try:
        jitted = Looped(jax.jit(call), plain.arguments, plain.total)
        fault = disagreement(jitted, plain)
    except Exception as error:
        fault = raises(error)
    if fault is not None:
        reasons.append(f"jax.jit {fault}")
    way, evaluate = ("jitted", jitted) if fault is None else ("not jitted", plain)
    return evaluate, f"differences, point by point, {way}: {'; '.join(reasons)}"
