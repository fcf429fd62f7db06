"""A network's parameters and buffers, by the names that they have in files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.files import FileError
from nudgegrad.storage.arrays import read_arrays, write_arrays

if TYPE_CHECKING:
    from nudgegrad.network import Network

__all__ = ["check_arrays", "fill", "kept_arrays", "load_parameters", "save_parameters"]

PREFIXES = ("parameter.", "buffer.")


def kept_arrays(network: Network) -> dict[str, Any]:
    """Return the live arrays of a network by their names in files: ``parameter.W1``, …"""
    kept = zip(PREFIXES, (network.params, network.buffers), strict=True)
    return {f"{prefix}{name}": array for prefix, arrays in kept for name, array in arrays.items()}


def save_parameters(path: str | os.PathLike[str], network: Network) -> None:
    """Write a network's parameters and buffers into a file, as ``Network.save_parameters`` does."""
    write_arrays(path, kept_arrays(network))


def load_parameters(path: str | os.PathLike[str], network: Network) -> None:
    """Read a network's parameters and buffers from a file, as ``Network.load_parameters`` does."""
    arrays, _ = read_arrays(path)
    check_arrays(path, network, arrays)
    fill(network, arrays)


def check_arrays(
    path: str | os.PathLike[str], network: Network, arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Raise unless a file's arrays are those of a network.

    What is called neither ``parameter.…`` nor ``buffer.…`` is something else of a checkpoint's.

    Raises
    ------
    FileError
        With the name of the array that is missing, too much, or of another shape or dtype.
    """
    kept = kept_arrays(network)
    for name, live in kept.items():
        saved = arrays.get(name)
        if saved is None or saved.shape != live.shape or saved.dtype != live.dtype:
            received = "none" if saved is None else f"{saved.dtype} of shape {saved.shape}"
            raise FileError(
                f"{path}: {name.replace('.', ' ', 1)} must be {live.dtype} of shape "
                f"{tuple(live.shape)}, the file has {received}{_hint(live, saved)}"
            )
    for name in arrays:
        if name.startswith(PREFIXES) and name not in kept:
            raise FileError(
                f"{path}: holds {name.replace('.', ' ', 1)}, which the network does not have; it "
                f"has {', '.join((*network.params, *network.buffers))}"
            )


def fill(network: Network, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Copy arrays, which fit, into a network's own."""
    for name, live in kept_arrays(network).items():
        live[...] = arrays[name]


def _hint(live: Any, saved: NDArray[Any] | None) -> str:
    """Say how to mend a dtype that differs."""
    if saved is None or saved.shape != live.shape or saved.dtype not in (np.float32, np.float64):
        return ""
    return (
        f"; make the network with dtype={str(saved.dtype)!r}, read the file, and go on with "
        f"network.copy({str(live.dtype)!r})"
    )
