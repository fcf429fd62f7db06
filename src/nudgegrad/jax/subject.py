"""A function of JAX arrays at a point, and the gradient that JAX gives there.

Differences in bfloat16 and float16 are too coarse to check a gradient: bfloat16 leaves one digit of
a slope at best. So such arrays are checked in float32, where JAX's gradient is held against
differences; and JAX's gradient in half precision must be that one, to its rounding.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import jax
import numpy as np
from numpy.typing import NDArray

from nudgegrad.differentiate.leaves import Leaves
from nudgegrad.jax.arguments import Arguments, committed_to, epsilon, floating_arguments
from nudgegrad.jax.evaluate import Call, Looped, raises
from nudgegrad.jax.outputs import floating_outputs
from nudgegrad.validation import ParameterError

__all__ = ["Subject", "find_subject"]

Array = NDArray[Any]

HALVES = ("bfloat16", "float16")

ROUNDINGS = 8
"""Machine epsilons that a gradient in half precision may be off by, of its own size and its
array's."""

MOST_SPREAD = 1 / 4
"""The share of an array's largest gradient that is granted, at most, to gradients that move when
the arguments' last digits do."""


class Subject:
    """A function of arrays alone at a point, called plainly.

    Attributes
    ----------
    call : callable
        Takes the arrays, as a list, and returns the outputs, as a list.
    plain : Looped
        Calls it, at the point: in float32 where the arguments have half precision.
    notes : list of str
        What a report says of it.
    """

    def __init__(self, f: Callable[..., Any], arguments: Arguments) -> None:
        def call(arrays: Sequence[Any]) -> list[Any]:
            return floating_outputs(f(*arguments.leaves.rebuild(arrays)))

        self.call: Call = call
        self.plain = Looped(call, arguments)
        self._half: Looped | None = None
        self.notes: list[str] = []
        self.claimed = self._gradients(self.plain)
        """What JAX gives the first time."""

    def widen(self) -> None:
        """Go on in float32 where the arguments have half precision.

        Raises
        ------
        ParameterError
            If the function does not take float32 in their place.
        """
        arguments = self.plain.arguments
        dtypes = [array.dtype.name for array in arguments.leaves.arrays]
        half = [name for name, dtype in zip(arguments.leaves.names, dtypes, strict=True)
                if dtype in HALVES]  # fmt: skip
        if not half:
            return
        self._half = self.plain
        self._eps = max(epsilon(dtype) for dtype in dtypes)
        kinds = " and ".join(sorted({dtype for dtype in dtypes if dtype in HALVES}))
        try:
            self.plain = Looped(self.call, _in_float32(arguments))
            wide = self._gradients(self.plain)
        except Exception as error:
            self.plain, self._half = self._half, None
            if kinds == "float16":
                self.notes.append(
                    f"{', '.join(half)}: checked in float16, which is coarse, because f with "
                    f"float32 in its place {raises(error)}"
                )
                return
            raise ParameterError(
                f"f must also take float32 in the place of {', '.join(half)}, because differences "
                f"in {kinds} are too coarse to check a gradient, but it {raises(error)}; pass f "
                "every array that must have the same dtype, or cast to float32 in f"
            ) from error
        in_half = self._gradients(self._half)
        self._spread = self._moved_by_last_digits(in_half)
        self.claimed = self._settled(in_half, wide)
        off = sum(int(np.sum(one != two)) for one, two in zip(self.claimed, wide, strict=True))
        agrees = "agrees with that to rounding"
        if off:
            agrees = f"differs from that by more than rounding in {off:,} entries"
        self.notes.append(
            f"{', '.join(half)}: checked in float32, because differences in {kinds} are too coarse;"
            f" JAX's gradient in {kinds} {agrees}"
        )

    def claim(self) -> list[Array]:
        """Return the gradient that JAX gives when asked anew."""
        if self._half is None:
            return self._gradients(self.plain)
        return self._settled(self._gradients(self._half), self._gradients(self.plain))

    def _gradients(self, at: Looped, start: list[Any] | None = None) -> list[Array]:
        outputs, pull = jax.vjp(self.call, at.start if start is None else start)
        weights = [
            jax.device_put(one.astype(output.dtype), committed_to(output))
            for one, output in zip(self.plain.total.weights, outputs, strict=True)
        ]
        (gradients,) = pull(weights)
        return [np.array(gradient) for gradient in jax.device_get(gradients)]

    def _moved_by_last_digits(self, half: list[Array]) -> list[float]:
        """Return by how much each array's gradient moves where all arguments' last digits do."""
        assert self._half is not None
        rng = np.random.default_rng(0)
        spread = [0.0 for _ in half]
        for _ in range(2):
            start = []
            for leaf, array in enumerate(self._half.arrays):
                signs = rng.choice([-1, 1], array.shape) * epsilon(array.dtype)
                moved = (array.astype(np.float64) * (1 + signs)).astype(array.dtype)
                start.append(self._half.arguments.on_device(leaf, moved))
            for leaf, (one, two) in enumerate(
                zip(self._gradients(self._half, start), half, strict=True)
            ):
                with np.errstate(invalid="ignore"):
                    off = np.abs(one.astype(np.float64) - two.astype(np.float64))
                spread[leaf] = max(spread[leaf], float(off[np.isfinite(off)].max(initial=0.0)))
        return spread

    def _settled(self, half: list[Array], wide: list[Array]) -> list[Array]:
        """Return the gradient in float32, but the one in half precision where they disagree."""
        settled = []
        for one, two, spread in zip(half, wide, self._spread, strict=True):
            largest = float(np.abs(two[np.isfinite(two)]).max(initial=0.0))
            share = ROUNDINGS * self._eps
            allowed = share * (np.abs(two) + largest) / 2 + min(4 * spread, MOST_SPREAD * largest)
            claimed = one.astype(two.dtype)
            with np.errstate(invalid="ignore"):
                settled.append(np.where(np.abs(claimed - two) <= allowed, two, claimed))
        return settled


def _in_float32(arguments: Arguments) -> Arguments:
    leaves = arguments.leaves
    arrays = tuple(
        array.astype(np.float32) if array.dtype.name in HALVES else array for array in leaves.arrays
    )
    return dataclasses.replace(arguments, leaves=Leaves(leaves.names, arrays, leaves.rebuild))


def find_subject(
    f: Callable[..., Any], args: tuple[Any, ...], argnums: int | Sequence[int] | None
) -> Subject:
    """Return a function of the floating arrays among its arguments.

    Python numbers are left as they are if the function takes no array in their place: as a static
    argument of `jax.jit` it does not.
    """
    arguments = floating_arguments(args, argnums)
    numbers = arguments.numbers
    try:
        subject = Subject(f, arguments)
    except Exception as error:
        if not numbers or len(numbers) == len(arguments.leaves.names):
            raise
        try:
            subject = Subject(f, floating_arguments(args, argnums, python_numbers=False))
        except Exception:
            raise error from None
        subject.notes.append(
            f"{', '.join(numbers)} left out: f takes a Python number there, not an array"
        )
    subject.widen()
    if subject.plain.total.note is not None:
        subject.notes.append(subject.plain.total.note)
    return subject
