"""PyTorch's sequential modules as networks, and networks as PyTorch's."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from nudgegrad.layers import Affine, Layer, Shape, named_buffers, named_parameters
from nudgegrad.losses import Loss
from nudgegrad.network import Network
from nudgegrad.torch.losses import to_loss
from nudgegrad.torch.table import BY_LAYER, BY_MODULE, REASONS, Pair
from nudgegrad.validation import ParameterError, check_dtype, check_shape

__all__ = ["Source", "Translation", "from_torch", "to_torch", "translate"]

DTYPES = {"float32": torch.float32, "float64": torch.float64}

KNOWN = ", ".join(kind.__name__ for kind in BY_MODULE)

GO_ON = "to go on, replace it, or write it as a nudgegrad.Layer and make the nudgegrad.Network"


class Source(NamedTuple):
    """Where an array of the network comes from.

    Attributes
    ----------
    name : str
        As in ``module.state_dict()``.
    transpose : bool
        Whether it is the other way round there.
    """

    name: str
    transpose: bool


class Translation(NamedTuple):
    """A module as a network.

    Attributes
    ----------
    network : Network
        With copies of all arrays.
    sources : dict of str to Source
        Of its parameters and buffers that the module has, by the network's names.
    """

    network: Network
    sources: dict[str, Source]


def from_torch(
    module: Any,
    input_shape: int | Sequence[int] | None = None,
    *,
    loss: Any = None,
    dtype: Any = None,
) -> Network:
    """Return a PyTorch module as a network that computes the same, with copies of its arrays.

    Parameters
    ----------
    module : torch.nn.Sequential
        Of Linear, Conv2d, MaxPool2d, Flatten, Dropout, BatchNorm1d, BatchNorm2d, ReLU, LeakyReLU,
        GELU("tanh"), Sigmoid, Tanh and Identity; Sequentials within it are opened up, and so are
        classes derived from it that call their modules as it does. Or one of these alone.
    input_shape
        The shape of one sample, such as (1, 28, 28), which modules for pictures must be told.
    loss : nudgegrad.Loss, or torch.nn.CrossEntropyLoss, MSELoss or BCEWithLogitsLoss
        None takes `nudgegrad.CrossEntropy`.
    dtype
        ``"float32"`` or ``"float64"``; None takes the module's.

    Returns
    -------
    Network
        Its ``forward`` gives what the module gives in eval mode, to rounding, and its training
        steps are as the module's in train mode; dropout's masks are its own. All outputs are rows:
        pictures leave channel by channel. Layers without a bias get one of zeros.

    Raises
    ------
    ParameterError
        If the library does not have a module, or not with its settings; two share a tensor; or
        they are of several dtypes, or another one than these two.

    Examples
    --------
    >>> module = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh(), torch.nn.Linear(3, 2))
    >>> from_torch(module)
    Network([Affine(4, 3), Tanh(), Affine(3, 2)], CrossEntropy(epsilon=1e-07), float32)
    """
    return translate(module, input_shape, loss=loss, dtype=dtype).network


def translate(
    module: Any,
    input_shape: int | Sequence[int] | None = None,
    *,
    loss: Loss | Any = None,
    dtype: Any = None,
) -> Translation:
    """Return what `from_torch` returns, and where its arrays are in the module."""
    parts = list(_parts(module, ""))
    _check_apart(parts)
    shape: Shape | None = None
    if input_shape is not None:
        shape = input_shape = check_shape("input_shape", input_shape)
    layers: list[Layer] = []
    origins: dict[int, tuple[str, Pair, Any]] = {}
    for name, part in parts:
        pair = BY_MODULE[type(part)]
        try:
            layer = pair.to_ours(part, shape)
            if layer is not None:
                shape = layer.connect(shape)
                layers.append(layer)
                origins[id(layer)] = name, pair, part
        except ParameterError as error:
            raise ParameterError(f"{_called(name, part)} {error}; {GO_ON}") from None
    kind = _dtype(parts) if dtype is None else check_dtype(dtype)
    network = Network(layers, to_loss(loss), seed=0, dtype=kind, input_shape=input_shape)
    sources: dict[str, Source] = {}
    for arrays, names in (
        (network.params, named_parameters(network.layers)),
        (network.buffers, named_buffers(network.layers)),
    ):
        for name, (layer, own) in names.items():
            prefix, pair, part = origins[id(layer)]
            held = next((held for held in pair.arrays if held.ours == own), None)
            tensor = None if held is None else getattr(part, held.theirs)
            if held is None or tensor is None:  # a bias that is left out, or the seed of masks
                continue
            array = _array(tensor, network.dtype)
            arrays[name] = array.T if held.transpose else array
            sources[name] = Source(f"{prefix}{held.theirs}", held.transpose)
    return Translation(network, sources)


def to_torch(network: Network) -> Any:
    """Return a network as a PyTorch module that computes the same, with copies of its arrays.

    Parameters
    ----------
    network
        Of the library's own layers.

    Returns
    -------
    torch.nn.Sequential
        In eval mode, with the network's dtype, on the CPU. It takes (samples, *input_shape), rows
        if the network has no ``input_shape``, and gives what ``network.forward`` gives, to
        rounding: rows, before softmax, which both libraries' losses have in them. A Flatten stands
        wherever pictures become rows. ``module.train()`` makes it ready to be trained.

    Raises
    ------
    ParameterError
        If PyTorch has no such layer.

    Examples
    --------
    >>> import nudgegrad as ng
    >>> to_torch(ng.Network([ng.Affine(4, 3), ng.Tanh()], seed=0))
    Sequential(
      (0): Linear(in_features=4, out_features=3, bias=True)
      (1): Tanh()
    )
    """
    if not isinstance(network, Network):
        raise ParameterError(f"network must be a nudgegrad.Network, got {type(network).__name__}")
    shape = network.input_shape
    dtype = DTYPES[str(network.dtype)]
    modules = []
    with torch.random.fork_rng(devices=[]):  # modules draw starting weights
        for number, layer in enumerate(network.layers, 1):
            called = f"layer {number}, {layer!r},"
            pair = BY_LAYER.get(type(layer))
            if pair is None:
                raise ParameterError(
                    f"{called} is none that PyTorch has too ({', '.join(_names_of_layers())}); to "
                    "go on, write it as a torch.nn.Module, and convert what is before and after it"
                )
            if type(layer) is Affine and shape is not None and len(shape) > 1:
                modules.append(nn.Flatten())
            try:
                module = pair.to_theirs(layer, shape).to(dtype)
            except ParameterError as error:
                raise ParameterError(f"{called} {error}") from None
            _fill(module, layer, pair)
            modules.append(module)
            shape = copy.copy(layer).connect(shape)
        if shape is not None and len(shape) > 1:
            modules.append(nn.Flatten())
    return nn.Sequential(*modules).eval()


def _parts(module: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield the modules of a Sequential one after another, each with the prefix of its names."""
    pair = BY_MODULE.get(type(module))
    known = pair is not None and set(module._parameters) <= {held.theirs for held in pair.arrays}
    sequential = _is_sequential(type(module))
    if not known and not sequential:
        reason = REASONS.get(
            type(module), f"is not a Sequential of layers that both libraries have: {KNOWN}"
        )
        raise ParameterError(f"{_called(prefix, module)} {reason}; {GO_ON}")
    if module._forward_hooks or module._forward_pre_hooks or "forward" in vars(module):
        raise ParameterError(
            f"{_called(prefix, module)} has a forward hook, or a forward pass of its own, which a "
            f"network would not call; {GO_ON}"
        )
    if sequential:
        # Not named_children(), which leaves out what comes a second time.
        for name, child in module._modules.items():
            yield from _parts(child, f"{prefix}{name}.")
        return
    yield prefix, module


def _is_sequential(kind: type[Any]) -> bool:
    """Tell whether a class calls one module after another, as a Sequential or one derived does."""
    return issubclass(kind, nn.Sequential) and all(
        getattr(kind, name) is getattr(nn.Sequential, name)
        for name in ("forward", "__call__", "__iter__")
    )


def _check_apart(parts: list[tuple[str, Any]]) -> None:
    """Raise if a tensor is in two places: the network's copies would not move together."""
    places: dict[int, str] = {}
    for prefix, part in parts:
        for name, tensor in part._parameters.items():
            if tensor is None:
                continue
            if tensor.is_meta:
                raise ParameterError(
                    f"module must hold numbers, but {prefix}{name} is on the device 'meta'; "
                    "module.to_empty(device='cpu') and load_state_dict() give it some"
                )
            if id(tensor) in places:
                raise ParameterError(
                    f"module must not share tensors, got one as {places[id(tensor)]} and "
                    f"{prefix}{name}: a network has one copy for each layer; {GO_ON}"
                )
            places[id(tensor)] = f"{prefix}{name}"


def _dtype(parts: list[tuple[str, Any]]) -> str:
    """Return the dtype that all parameters and floating buffers have."""
    tensors = [t for _, part in parts for t in (*part.parameters(), *part.buffers())]
    found = {t.dtype for t in tensors if t.is_floating_point()} or {torch.get_default_dtype()}
    names = sorted(str(kind).removeprefix("torch.") for kind in found)
    if len(names) > 1 or names[0] not in DTYPES:
        raise ParameterError(
            f"module must hold float32 or float64 throughout, got {' and '.join(names)}; "
            "module.float() makes it so, or dtype='float32' does in the network alone"
        )
    return names[0]


def _called(prefix: str, module: Any) -> str:
    """Return what a message calls a module: where it is, and what it is."""
    where = f"module {prefix.removesuffix('.')}" if prefix else "module"
    what = repr(module) if isinstance(module, nn.Module) else _kind(module)
    if "\n" in what:
        what = type(module).__name__
    return f"{where}, {what},"


def _kind(value: Any) -> str:
    return getattr(value, "__name__", type(value).__name__)


def _names_of_layers() -> list[str]:
    return [kind.__name__ for kind in BY_LAYER if kind is not None]


def _array(tensor: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    values: NDArray[Any] = tensor.detach().cpu().to(DTYPES[str(dtype)]).numpy()
    return values


def _fill(module: Any, layer: Layer, pair: Pair) -> None:
    """Copy a layer's arrays into a module."""
    own = {**layer.params, **layer.buffers}
    with torch.no_grad():
        for held in pair.arrays:
            array = own[held.ours]
            tensor = array if isinstance(array, torch.Tensor) else torch.as_tensor(np.array(array))
            getattr(module, held.theirs).copy_(tensor.T if held.transpose else tensor)
