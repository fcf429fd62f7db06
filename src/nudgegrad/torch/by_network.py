"""Checking a module as a network: what goes there under other names, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from nudgegrad.checker.engine import Options
from nudgegrad.checker.report import ParameterCheck, Report
from nudgegrad.differentiate.leaves import Leaves, matching
from nudgegrad.differentiate.select import select_entries
from nudgegrad.layers import Flatten
from nudgegrad.network import Network
from nudgegrad.torch.claims import Claims
from nudgegrad.torch.convert import Translation, translate
from nudgegrad.torch.losses import agree, recognise_loss
from nudgegrad.torch.target import Target
from nudgegrad.validation import ParameterError

__all__ = ["Conversion", "convert"]

Array = NDArray[Any]

FIELDS = (
    "value", "analytic", "numeric", "error", "tolerance", "verdict", "unverified", "reason"
)  # fmt: skip


class Place(NamedTuple):
    """Where an array of the network is in the module.

    Attributes
    ----------
    name : str
    transpose : bool
        Whether it is the other way round there.
    shape : tuple of int
        It has there.
    """

    name: str
    transpose: bool
    shape: tuple[int, ...]

    def there(self, array: Array) -> Array:
        """Return a network's array as the module has it."""
        return (array.T if self.transpose else array).reshape(self.shape)

    def here(self, array: Array, shape: tuple[int, ...]) -> Array:
        """Return a module's array as the network has it."""
        return (array.T if self.transpose else array).reshape(shape)


@dataclass(frozen=True)
class Conversion:
    """A module, its inputs, loss and claimed gradients in the terms of a network.

    Attributes
    ----------
    network : Network
    x : (samples, features) array
    t : array
        Targets.
    claimed : dict of str to array
        Claimed gradients; zeros of what is not checked.
    places : dict of str to Place
        Of what is checked, by the network's names.
    leaves : Leaves
        What is checked, by the module's names.
    """

    network: Network
    x: Array
    t: Array
    claimed: dict[str, Array]
    places: dict[str, Place]
    leaves: Leaves

    def translate(self, options: Options) -> Options:
        """Return options that mean the same of the network's names.

        Raises
        ------
        ParameterError
            If they do not fit the module's names and shapes.
        """
        select_entries(self.leaves, only=options.only, mask=options.mask)
        patterns = [options.only] if isinstance(options.only, str) else list(options.only or ["*"])
        only = [
            name
            for name, place in self.places.items()
            if any(fnmatchcase(place.name, pattern) for pattern in patterns)
        ]
        mask = options.mask
        if mask is not None:
            arrays = matching(self.leaves, mask, "mask")
            given = dict(zip(self.leaves.names, arrays, strict=True))
            mask = {name: np.zeros(array.shape, bool) for name, array in self.claimed.items()}
            for name, place in self.places.items():
                mask[name] = place.here(given[place.name], mask[name].shape)
        return replace(options, only=only, mask=mask)

    def rename(self, report: Report) -> Report:
        """Return a report on the network as one on the module."""
        by_name = {
            place.name: _moved(report.parameters[name], place)
            for name, place in self.places.items()
        }
        return replace(report, parameters={name: by_name[name] for name in self.leaves.names})


def convert(target: Target, claims: Claims) -> Conversion | str:
    """Return a module, its loss and what is claimed as a network's, or why that cannot be."""
    if not all(map(np.array_equal, claims.first, claims.again)):
        return "its gradient differs from call to call"
    if [key for key in target.tensors if key.startswith("input.")] != ["input.0"]:
        return "it is not called with one tensor"
    if target.way == "own":
        return "a hook or the loss may refer to its input"
    inputs = target.tensors["input.0"]
    if inputs.ndim < 2:
        return f"its input must be a batch of samples, got the shape {tuple(inputs.shape)}"
    if isinstance(target.module, nn.Module) and any(
        _differs_in_training(part) for part in target.module.modules()
    ):
        return "it has dropout or batch normalization in train mode"
    try:
        translation = translate(target.module, tuple(inputs.shape[1:]))
        if not translation.network.params:
            return "it has no parameters"
        if str(inputs.dtype).removeprefix("torch.") != str(translation.network.dtype):
            return "its input is of another dtype"
        found = _convert(target, claims, translation, inputs)
        return found or "its loss is not known, or not the same"
    except ParameterError as error:
        return str(error)
    except Exception as error:  # whatever the module does that its layers do not say
        return f"it could not be converted ({type(error).__name__})"
    finally:
        target.restore()


def _differs_in_training(module: Any) -> bool:
    """Tell whether a module is in train mode, and then does something else than in eval mode.

    A network could do that too, but one nudge before batch normalization moves the whole batch,
    and differences of the parameters are quicker.
    """
    if type(module) is nn.Dropout:
        return bool(module.training and module.p > 0)
    return isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)) and module.training


def _convert(
    target: Target, claims: Claims, translation: Translation, inputs: Any
) -> Conversion | None:
    network = translation.network
    # Among rows they do nothing, and before the first layer they would stand in a kernel's way.
    network.layers[:] = [layer for layer in network.layers if type(layer) is not Flatten]
    with torch.no_grad():
        output = target.module(inputs.clone())
    given = target.evaluate(graph=False)
    known = recognise_loss(target.loss_fn, output)
    if known is None:
        return None
    network.loss_function, t = known
    x = np.array(inputs.cpu().numpy()).reshape(len(inputs), -1)
    if not agree(network.loss(x, t), given, np.asarray(output.cpu().numpy())):
        return None
    checked = dict(zip(target.names, claims.first, strict=True))
    shapes: Mapping[str, Any] = {name: array.shape for name, array in checked.items()}
    names: dict[str, tuple[str, bool]] = {
        name: source for name, source in translation.sources.items() if name in network.params
    }
    by_key = dict(zip(target.keys, target.names, strict=True))
    if "input.0" in by_key:
        names["x"] = by_key["input.0"], False
    places = {
        name: Place(there, transpose, shapes[there])
        for name, (there, transpose) in names.items()
        if there in checked
    }
    own: dict[str, Array] = {**network.params, **({"x": x} if "x" in names else {})}
    claimed = {
        name: places[name].here(checked[places[name].name], array.shape)
        if name in places
        else np.zeros_like(array)
        for name, array in own.items()
    }
    values = {place.name: place.there(own[name]) for name, place in places.items()}
    leaves = Leaves(target.names, tuple(values[name] for name in target.names), list)
    return Conversion(network, x, t, claimed, places, leaves)


def _moved(check: ParameterCheck, place: Place) -> ParameterCheck:
    arrays: dict[str, Any] = {field: place.there(getattr(check, field)) for field in FIELDS}
    return replace(check, name=place.name, **arrays)
