"""A whole network in one file: what it is made of, as JSON, and its arrays."""

from __future__ import annotations

import os
from typing import Any

from nudgegrad._version import __version__
from nudgegrad.files import FileError
from nudgegrad.layers import Shape
from nudgegrad.network import Network
from nudgegrad.storage.arrays import read_arrays, write_arrays
from nudgegrad.storage.description import describe, describe_layers, make, make_layers
from nudgegrad.storage.parameters import PREFIXES, check_arrays, fill, kept_arrays
from nudgegrad.validation import ParameterError, check_choice, check_shape

__all__ = ["load_network", "save_network"]

FORMAT = 1


def save_network(path: str | os.PathLike[str], network: Network) -> None:
    """Write a network into a file, as ``Network.save`` does."""
    document = {
        "format": FORMAT,
        "version": __version__,
        "dtype": str(network.dtype),
        "input_shape": network.input_shape,
        "layers": describe_layers(network.layers),
        "loss": describe(network.loss_function, "loss"),
    }
    write_arrays(path, kept_arrays(network), document)


def load_network(path: str | os.PathLike[str]) -> Network:
    """Return the network that ``Network.save`` wrote into a file.

    Nothing in the file is executed, and sizes are compared with what the file really holds before
    anything is allocated.

    Parameters
    ----------
    path
        Ends in ``.npz``, or in ``.safetensors``, which needs the safetensors library.

    Returns
    -------
    Network
        Of the same layers, loss, dtype and arrays; a `TwoLayerNet`, say, comes back as a `Network`.

    Raises
    ------
    FileError
        If the file is damaged, or is no network's.
    ParameterError
        If the path ends in neither.

    Examples
    --------
    >>> import nudgegrad as ng
    >>> net = ng.Network([ng.Affine(4, 3), ng.Sigmoid(), ng.Affine(3, 2)], seed=0)
    >>> net.save("net.npz")
    >>> ng.load_network("net.npz")
    Network([Affine(4, 3), Sigmoid(), Affine(3, 2)], CrossEntropy(epsilon=1e-07), float64)
    """
    arrays, document = read_arrays(path)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise FileError(
            f"{path}: does not say what network it is of, in format {FORMAT}; network.save(path) "
            "writes such a file, and of a run: nudgegrad export. For parameters alone, build the "
            "network in Python and read network.load_parameters(path)"
        )
    try:
        held = sum(array.size for name, array in arrays.items() if name.startswith(PREFIXES))
        network = _build(document, held)
    except (KeyError, ValueError, OverflowError) as error:  # numbers beyond all bounds
        reason = f"{error} is missing" if isinstance(error, KeyError) else error
        raise FileError(f"{path}: its network cannot be built: {reason}") from error
    check_arrays(path, network, arrays)
    fill(network, arrays)
    return network


def _build(document: dict[str, Any], held: int) -> Network:
    """Return a network as described, unless it needs other than `held` numbers."""
    dtype = check_choice("dtype", document["dtype"], ("float32", "float64"))
    shape: Shape | None = document["input_shape"]
    if shape is not None:
        shape = check_shape("input_shape", shape)
    loss = make(document["loss"], "loss", loss=True)
    layers, entries = make_layers(document["layers"], shape)
    if entries != held:
        raise ParameterError(f"its layers must have {entries} numbers, the file has {held}")
    return Network(layers, loss, seed=0, dtype=dtype, input_shape=shape)
