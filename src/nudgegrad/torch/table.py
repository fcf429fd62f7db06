"""The layers that PyTorch and this library both have, and where each keeps its arrays.

Whatever goes from one to the other reads this one table: `from_torch`, `to_torch`, the checker.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from torch import nn

from nudgegrad.layers import (
    GELU,
    Affine,
    BatchNorm,
    Conv2D,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Shape,
    Sigmoid,
    Tanh,
)
from nudgegrad.validation import ParameterError

__all__ = ["BY_LAYER", "BY_MODULE", "REASONS", "Held", "Pair"]


class Held(NamedTuple):
    """An array that both keep.

    Attributes
    ----------
    ours, theirs : str
        What it is called.
    transpose : bool
        Whether it is the other way round there.
    """

    ours: str
    theirs: str
    transpose: bool = False


class Pair(NamedTuple):
    """A kind of layer that both have.

    Attributes
    ----------
    ours : type of Layer, or None
        None of a module that does nothing.
    theirs : tuple of types
        Of modules; which of them may depend on the shape of what comes in.
    to_ours, to_theirs
        Take a module or a layer and the shape of one sample that comes in, None if that is not
        known, and return the other without its arrays. They raise ParameterError, with a message
        that goes on from the module's name, if the other cannot do the same.
    arrays : tuple of Held
    """

    ours: type[Layer] | None
    theirs: tuple[type[Any], ...]
    to_ours: Callable[[Any, Shape | None], Layer | None]
    to_theirs: Callable[[Any, Shape | None], Any]
    arrays: tuple[Held, ...] = ()


def _affine(module: Any, shape: Shape | None) -> Layer:
    if shape is not None and len(shape) != 1:
        raise ParameterError(f"acts on the last axis of samples of {shape}: put nn.Flatten before")
    return Affine(module.in_features, module.out_features)


def _convolution(module: Any, shape: Shape | None) -> Layer:
    _must(module, "dilation", (1, 1))
    _must(module, "groups", 1)
    if module.padding_mode != "zeros":
        raise ParameterError(f"pads with {module.padding_mode!r}, nudgegrad.Conv2D with zeros only")
    size, padding = tuple(module.kernel_size), module.padding
    if padding == "valid":
        padding = (0, 0)
    elif padding == "same":
        if any(side % 2 == 0 for side in size):
            raise ParameterError("pads one side more than the other ('same', an even kernel)")
        padding = tuple(side // 2 for side in size)
    return Conv2D(
        module.in_channels,
        module.out_channels,
        size,
        stride=_one("stride", module.stride),
        padding=_one("padding", padding),
    )


def _pool(module: Any, shape: Shape | None) -> Layer:
    _must(module, "padding", 0, (0, 0))
    _must(module, "dilation", 1, (1, 1))
    _must(module, "ceil_mode", False)
    _must(module, "return_indices", False)
    size = module.kernel_size
    size = size if isinstance(size, int) else tuple(size)
    return MaxPool2D(size, stride=_one("stride", module.stride))


def _flatten(module: Any, shape: Shape | None) -> Layer:
    if (module.start_dim, module.end_dim) != (1, -1):
        raise ParameterError("must be nn.Flatten(1, -1), a row for each sample")
    return Flatten()


def _dropout(module: Any, shape: Shape | None) -> Layer:
    return Dropout(module.p)


def _batch_norm(module: Any, shape: Shape | None) -> Layer:
    axes = 1 if shape is None else len(shape)
    if axes not in ((1, 2) if type(module) is nn.BatchNorm1d else (3,)):
        known = "rows of features" if shape is None else f"samples of {shape}"
        raise ParameterError(
            f"does not take {known}; tell the shape of one sample with input_shape=(channels, "
            "height, width)"
        )
    if module.running_mean is None or module.running_var is None:
        raise ParameterError(
            "keeps no running mean and variance, which nudgegrad.BatchNorm takes outside of "
            "training: make it with track_running_stats=True"
        )
    if module.momentum is None:
        raise ParameterError(
            "averages over all batches (momentum=None), nudgegrad.BatchNorm by a fixed share: "
            "set its momentum to a number"
        )
    return BatchNorm(module.num_features, momentum=module.momentum, epsilon=module.eps)


def _gelu(module: Any, shape: Shape | None) -> Layer:
    if module.approximate != "tanh":
        raise ParameterError(
            "is the exact GELU, and nudgegrad.GELU the form with tanh, because the array API has "
            "no erf: use nn.GELU('tanh'), which differs by less than 1e-3"
        )
    return GELU()


def _to_convolution(layer: Conv2D, shape: Shape | None) -> Any:
    return nn.Conv2d(
        layer.in_channels,
        layer.out_channels,
        layer.kernel_size,
        stride=layer.stride,
        padding=layer.padding,
    )


def _to_batch_norm(layer: BatchNorm, shape: Shape | None) -> Any:
    axes = 1 if shape is None else len(shape)
    if axes > 3:
        raise ParameterError(f"takes samples of {shape}, PyTorch's BatchNorm2d at most pictures")
    kind = nn.BatchNorm2d if axes == 3 else nn.BatchNorm1d
    return kind(layer.size, eps=layer.epsilon, momentum=layer.momentum)


def _must(module: Any, name: str, *allowed: Any) -> None:
    value = getattr(module, name)
    if value not in allowed:
        raise ParameterError(
            f"has {name}={value}, and nudgegrad's layer can only do {name}={allowed[0]}"
        )


def _one(name: str, value: Any) -> int:
    """Return what is the same down and across as one number."""
    if isinstance(value, int):
        return value
    down, across = value
    if down != across:
        raise ParameterError(
            f"has {name}={tuple(value)}, and nudgegrad's layer the same {name} down and across"
        )
    return int(down)


WEIGHT, BIAS = Held("W", "weight"), Held("b", "bias")
STATISTICS = tuple(Held(name, name) for name in ("running_mean", "running_var"))

PAIRS = (
    Pair(
        Affine, (nn.Linear,), _affine,
        lambda layer, _: nn.Linear(layer.input_size, layer.output_size),
        (Held("W", "weight", transpose=True), BIAS),
    ),
    Pair(Conv2D, (nn.Conv2d,), _convolution, _to_convolution, (WEIGHT, BIAS)),
    Pair(
        MaxPool2D, (nn.MaxPool2d,), _pool,
        lambda layer, _: nn.MaxPool2d(layer.kernel_size, layer.stride),
    ),
    Pair(Flatten, (nn.Flatten,), _flatten, lambda *_: nn.Flatten()),
    Pair(Dropout, (nn.Dropout,), _dropout, lambda layer, _: nn.Dropout(layer.p)),
    Pair(
        BatchNorm, (nn.BatchNorm1d, nn.BatchNorm2d), _batch_norm, _to_batch_norm,
        (Held("gamma", "weight"), Held("beta", "bias"), *STATISTICS),
    ),
    Pair(ReLU, (nn.ReLU,), lambda *_: ReLU(), lambda *_: nn.ReLU()),
    Pair(
        LeakyReLU, (nn.LeakyReLU,), lambda module, _: LeakyReLU(module.negative_slope),
        lambda layer, _: nn.LeakyReLU(layer.negative_slope),
    ),
    Pair(GELU, (nn.GELU,), _gelu, lambda *_: nn.GELU("tanh")),
    Pair(Sigmoid, (nn.Sigmoid,), lambda *_: Sigmoid(), lambda *_: nn.Sigmoid()),
    Pair(Tanh, (nn.Tanh,), lambda *_: Tanh(), lambda *_: nn.Tanh()),
    Pair(None, (nn.Identity,), lambda *_: None, lambda *_: nn.Identity()),
)  # fmt: skip

BY_LAYER: dict[Any, Pair] = {pair.ours: pair for pair in PAIRS}
BY_MODULE: dict[Any, Pair] = {kind: pair for pair in PAIRS for kind in pair.theirs}

_IN_THE_LOSS = "is part of the loss here: leave it out, and take loss=nudgegrad.CrossEntropy()"
REASONS: dict[Any, str] = {nn.Softmax: _IN_THE_LOSS, nn.LogSoftmax: _IN_THE_LOSS}
"""Why some modules are not in the table, where there is more to say than that."""
