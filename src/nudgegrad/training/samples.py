"""A data set's samples, from which mini-batches are taken in the form that a network works on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.data import as_inputs
from nudgegrad.layers import Affine
from nudgegrad.network import Network
from nudgegrad.parts import ROWS, parts
from nudgegrad.validation import ParameterError

if TYPE_CHECKING:
    from nudgegrad.gradient.kernels.sparse import SparseBytes

__all__ = ["Samples", "check_targets", "hold_apart"]


class Samples:
    """Samples and targets, for one network.

    Bytes stay bytes until they are needed. If most of them are zero, as in pictures of digits, the
    others are kept beside them without the zeros, which the network's first products then skip.

    Parameters
    ----------
    x
        Samples along the first axis, bytes or floats; or a CSR array of SciPy's.
    t
        Their targets.
    network
        The network that they are for.
    kernels
        Whether sparse products may be used.

    Attributes
    ----------
    x, t : arrays
        As given.
    targets : array
        `t` as the loss takes them, once `check_targets` has been called.
    share : float
        The share of the bytes that are not zero; 1 if that was not looked at.
    """

    def __init__(self, x: Any, t: NDArray[Any], network: Network, *, kernels: bool) -> None:
        _check_pictures(tuple(x.shape[1:]), network.input_shape)
        self.x, self.t = x, t
        self.targets = t
        self._dtype = network.dtype
        self._sparse: SparseBytes | None = None
        self.share = 1.0
        bytes_ = isinstance(x, np.ndarray) and x.dtype == np.uint8
        if kernels and bytes_ and type(network.layers[0]) is Affine and len(t):
            from nudgegrad.gradient.kernels.sparse import SPARSE_SHARE, SparseBytes

            some = x[:: max(1, len(x) // ROWS)]
            self.share = np.count_nonzero(some) / max(1, some.size)
            if self.share <= SPARSE_SHARE:
                self._sparse = SparseBytes(x)
                self.share = self._sparse.share

    def __len__(self) -> int:
        return int(self.x.shape[0])  # sparse arrays have no len

    @property
    def sparse(self) -> bool:
        """Whether the zeros are skipped."""
        return self._sparse is not None

    def take(self, rows: NDArray[np.int64] | slice) -> Any:
        """Return some samples, by number, as the network's inputs: an array or SparseRows."""
        if self._sparse is not None:
            numbers = np.arange(rows.start, rows.stop) if isinstance(rows, slice) else rows
            return self._sparse.take(numbers, self._dtype)
        return as_inputs(self.x[rows], self._dtype)

    def parts(self, width: int = 0) -> list[slice]:
        """Return all samples, some at a time: fewer where each becomes `width` numbers or more."""
        return parts(len(self), width)


def _check_pictures(given: tuple[int, ...], shape: tuple[int, ...] | None) -> None:
    """Raise unless samples are rows, or pictures as the network takes them."""
    if shape is None or len(shape) < 2 or len(given) < 2:
        return
    if [side for side in given if side > 1] == [side for side in shape if side > 1]:
        return  # the one channel of a grey picture need not be there
    last = given[-1:] + given[:-1] == shape
    raise ParameterError(
        f"samples must have the network's input_shape {shape}, or be rows, got {given}"
        + ("; x.transpose(0, 3, 1, 2) puts the channels first" if last else "")
    )


def hold_apart(
    x: Any, t: NDArray[Any], rows: NDArray[np.int64], network: Network, *, kernels: bool
) -> tuple[Samples, Samples | None]:
    """Return the samples that are left without some, and those; all and None where it is none."""
    if not len(rows):
        return Samples(x, t, network, kernels=kernels), None
    rest = np.delete(np.arange(len(t)), rows)
    return (
        Samples(x[rest], t[rest], network, kernels=kernels),
        Samples(x[rows], t[rows], network, kernels=kernels),
    )


def check_targets(network: Network, *parts: Samples) -> bool:
    """Say before a run what does not fit, by a try, and bring targets into the loss's form.

    Return whether the first part's are classes.
    """
    first = parts[0]
    with np.errstate(all="ignore"):  # an overflow is for the run to tell
        output = network.forward(as_inputs(first.x[:1], network.dtype))
    for samples in parts:
        rows = np.broadcast_to(output, (len(samples), output.shape[-1]))
        samples.targets = network.loss_function.targets(rows, samples.t)
    try:
        rows = np.broadcast_to(output, (len(first), output.shape[-1]))
        network.loss_function.hits(rows, first.t)
    except ParameterError:
        return False
    return True
