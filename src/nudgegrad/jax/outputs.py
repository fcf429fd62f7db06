"""What a JAX function returns, made into one number.

A function that returns several numbers is checked through their weighted sum. The weights must not
be alike: Σ softmax(x) has the gradient zero whatever is wrong with that of softmax, and errors of
two outputs that cancel each other in a plain sum would go unseen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from nudgegrad.jax.arguments import FLOATS, epsilon, kind_of
from nudgegrad.validation import ParameterError

__all__ = ["WeightedSum", "floating_outputs"]

Array = NDArray[Any]

KINDS = (*FLOATS, "complex64", "complex128")

DRAWS = 100
"""Draws of weights, at most, until their sum is neither small nor large."""


def floating_outputs(returned: Any) -> list[Any]:
    """Return the arrays of floats and of complex numbers in what a function has returned.

    Parameters
    ----------
    returned
        A pytree. Integers, strings and empty arrays in it are left out.

    Raises
    ------
    ParameterError
        If nothing is left, or something whose dtype cannot be checked.
    """
    leaves = jax.tree_util.tree_leaves(returned)
    found = []
    for leaf in leaves:
        if not isinstance(leaf, (jax.Array, np.ndarray, np.generic, float, complex)):
            continue
        array = jnp.asarray(leaf)
        if array.size == 0 or not jnp.issubdtype(array.dtype, jnp.inexact):
            continue
        if str(array.dtype) not in KINDS:
            raise ParameterError(
                f"f must return arrays of {', '.join(KINDS)}, got {array.dtype}; cast it"
            )
        found.append(array)
    if not found:
        kinds = ", ".join(map(kind_of, leaves)) or repr(returned)
        raise ParameterError(
            f"f must return at least one float, got {kinds}; return the loss, or cast it to floats"
        )
    return found


class WeightedSum:
    """The sum of a function's outputs, each times a fixed random weight.

    A single number has the weight 1. Complex numbers count by the real part of weight times output.
    Outputs that are infinite at x are left out, as the −∞ of an empty pooling window.

    Parameters
    ----------
    start : sequence of arrays
        The outputs at x.

    Raises
    ------
    ParameterError
        If any of several outputs is NaN, or none is finite.

    Attributes
    ----------
    weights : list of arrays
        In the outputs' shapes and dtypes, which hold them exactly. Their sizes are between 1/4 and
        2, or zero where an output is left out. Their signs are random, but such that the sum is at
        least half as large as the root of the sum of its terms' squares, and at most twice: then
        the sum's size says how large its rounding is.
    count, left_out : int
        How many numbers f returns, and how many of them do not count.
    eps : float
        Machine epsilon of the coarsest output.
    """

    def __init__(self, start: Sequence[Array]) -> None:
        self.start = start
        self.count = sum(output.size for output in start)
        self.eps = max(epsilon(output.dtype) for output in start)
        self.single = self.count == 1 and start[0].dtype.kind != "c"
        self.left_out = self.count - sum(int(np.isfinite(output).sum()) for output in start)
        nans = sum(int(np.isnan(output).sum()) for output in start)
        if not self.single and (nans or self.left_out == self.count):
            raise ParameterError(
                f"f must return finite numbers, got {nans:,} NaN and {self.left_out - nans:,} "
                f"infinite among {self.count:,}; check it at arguments where it is finite"
            )
        self.weights = [np.ones_like(start[0])] if self.single else _weights(start)
        value = sum(terms.sum() for terms in _terms(self.weights, start))
        # The dtype says how finely f rounds. What is added to this value is in double precision.
        coarse = self.eps > np.finfo(np.float64).eps and abs(value) < np.finfo(np.float32).max
        self._dtype = np.dtype(np.float32 if coarse else np.float64)
        self._value = float(self._dtype.type(value))

    def of(self, outputs: Sequence[Array]) -> Array:
        """Return the sum of the outputs of one call: a scalar."""
        if self.single:
            number = outputs[0].reshape(())
            return number if number.dtype.kind == "f" else number.astype(self._dtype)  # bfloat16
        whole = self.of_batch([output[None] for output in outputs], self.start)[0]
        return np.asarray(whole, self._dtype)

    def of_batch(self, outputs: Sequence[Array], base: Sequence[Array]) -> Array:
        """Return the sums of the outputs of n calls.

        Parameters
        ----------
        outputs : sequence of (n, …) arrays
        base : sequence of arrays
            What the same way of calling gives at x. It may round in another way than a plain call.
            So only the difference counts, and outputs that are equal to these give f(x) to the bit.

        Returns
        -------
        (n,) float64 array
        """
        count = len(outputs[0])
        change = np.zeros(count)
        for terms in _terms(self.weights, outputs, base):
            change += terms.reshape(count, terms[0].size).sum(axis=1)
        return np.asarray(self._value + change)

    @property
    def note(self) -> str | None:
        """What a report says of a function that returns more than one number."""
        if self.single:
            return None
        arrays = f" in {len(self.start)} arrays" if len(self.start) > 1 else ""
        finite = f" ({self.left_out:,} left out: infinite)" if self.left_out else ""
        return (
            f"f returns {self.count:,} numbers{arrays}{finite}; what was checked is their sum with "
            "fixed random weights, through which a fault of any of them shows"
        )


def _weights(start: Sequence[Array]) -> list[Array]:
    rng = np.random.default_rng(0)

    def drawn(part: Array) -> Array:
        sizes = rng.integers(16, 128, part.shape) / 64  # seven bits, which bfloat16 has
        return np.where(np.isfinite(part), rng.choice([-1, 1], part.shape) * sizes, 0)

    for _ in range(DRAWS):
        weights = [
            (drawn(output.real) + 1j * drawn(output.imag) if output.dtype.kind == "c"
             else drawn(output)).astype(output.dtype)
            for output in start
        ]  # fmt: skip
        terms = np.concatenate([one.reshape(-1) for one in _terms(weights, start)])
        size = abs(float(terms.sum())) / max(float(np.linalg.norm(terms)), np.finfo(float).tiny)
        if 1 / 2 <= size <= 2:
            break
    return weights


def _terms(
    weights: Sequence[Array], outputs: Sequence[Array], base: Sequence[Array] | None = None
) -> Iterator[Array]:
    """Yield weights·(outputs − base), in double precision; the outputs may be of many calls."""
    for k, (weight, output) in enumerate(zip(weights, outputs, strict=True)):
        wide = np.complex128 if weight.dtype.kind == "c" else np.float64
        with np.errstate(invalid="ignore", over="ignore"):
            change = output.astype(wide) - (0 if base is None else base[k].astype(wide))
            yield np.where(weight == 0, 0, change * weight.astype(wide)).real
