"""A module and its loss as one function of copies of their tensors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
import torch
from torch import nn
from torch.func import functional_call

from nudgegrad.differentiate.leaves import flatten
from nudgegrad.torch.state import Attributes, RandomState
from nudgegrad.validation import ParameterError

__all__ = ["Frame", "Target", "loss_value", "numpy_dtype"]

Tensor = Any
Result = TypeVar("Result")

CHECKED = (torch.float16, torch.float32, torch.float64)


class Frame(nn.Module):  # type: ignore[misc, unused-ignore]
    """Holds a module and its loss while work is done with other tensors in the place of theirs.

    The loss belongs in here, because it may read the module's parameters: to penalise them, say.

    Parameters
    ----------
    module, loss_fn
        Only what is a `torch.nn.Module`, or a method of one, is held.
    """

    def __init__(self, module: Any, loss_fn: Any) -> None:
        super().__init__()
        for name, held in (("module", module), ("loss", loss_fn)):
            owner = getattr(held, "__self__", held)
            if isinstance(owner, nn.Module):
                setattr(self, name, owner)

    def forward(self, work: Callable[[], Result]) -> Result:
        """Do the work."""
        return work()


class Target:
    """The loss as a function of copies: neither the module's tensors nor its inputs are touched.

    Parameters
    ----------
    module, loss_fn, inputs, check_inputs
        As for `nudgegrad.torch.check`.
    frame
        That holds them.
    random
        The random state that every evaluation starts from.

    Attributes
    ----------
    tensors : dict of str to tensor
        All copies, by keys of their own.
    keys, names : tuple of str
        Those of the leaves, the tensors that are checked, and what a report calls them.
    buffers : tuple of str
        Keys of the buffers.
    written : set of str
        Keys of the tensors that a forward pass writes into, of which every evaluation gets its
        own copy. The first passes find them.
    loss_dtype : numpy.dtype
        Of the loss, as the first pass found it.

    Raises
    ------
    ParameterError
        If there is nothing to check, or it is of a dtype that cannot be checked.
    """

    def __init__(
        self,
        module: Callable[..., Any],
        loss_fn: Callable[[Any], Any],
        inputs: tuple[Any, ...],
        check_inputs: bool,
        frame: Frame,
        random: RandomState,
    ) -> None:
        self.module, self.loss_fn, self.frame, self.random = module, loss_fn, frame, random
        self.tensors: dict[str, Tensor] = {}
        self._attributes = Attributes(frame)
        self.written: set[str] = set()
        self.loss_dtype: np.dtype[Any] = np.dtype(np.float64)
        leaves: dict[str, str] = {}
        self._places: dict[str, str] = {}  # where in the frame, and the key of what belongs there
        keys: dict[int, str] = {}
        for place, tensor in _tensors(frame):
            key = self._places[place] = keys.setdefault(id(tensor), place)
            if key != place:  # tied
                continue
            if nn.parameter.is_lazy(tensor):
                raise ParameterError(f"{key} has no shape yet: call the module once before")
            checked = place.startswith("module.") and isinstance(tensor, nn.Parameter)
            if checked and tensor.requires_grad and tensor.numel():
                name = key.removeprefix("module.")
                _check_dtype(name, tensor)
                leaves[key] = name
            self.tensors[key] = _copy(tensor)
        buffers = {id(tensor) for tensor in frame.buffers()}
        self.buffers = tuple(key for number, key in keys.items() if number in buffers)
        self._items, self._names, self._rebuild = _flat(inputs)
        for position, name in self._input_names(leaves.values()).items():
            tensor = self._items[position]
            floats = tensor.is_floating_point() or tensor.is_complex()
            if check_inputs and floats and tensor.numel():
                _check_dtype(name, tensor, "; check_inputs=False leaves the inputs out")
                leaves[f"input.{position}"] = name
            self.tensors[f"input.{position}"] = _copy(tensor)
        if not leaves:
            raise ParameterError(
                "there is nothing to check: no parameter requires a gradient"
                + (", and no input holds floats" if check_inputs else "; check_inputs is False")
            )
        self.keys, self.names = tuple(leaves), tuple(leaves.values())

    @property
    def leaves(self) -> list[Tensor]:
        """The copies that are checked."""
        return [self.tensors[key] for key in self.keys]

    def loss(self, changes: Mapping[str, Tensor]) -> Tensor:
        """Return the loss, a tensor of one entry, with other tensors in the place of some copies.

        Starts from the saved random state; copies that a forward pass writes into stay as they
        are, and so do the module's attributes.
        """
        tensors = {**self.tensors, **self._own_copies(), **changes}
        self.random.restore()
        try:
            return self._in_place(tensors, lambda: self._forward(tensors))
        finally:
            self._attributes.restore()

    def repeatedly(self, work: Callable[[Callable[[], Tensor]], Result]) -> Result:
        """Do work that may call for the loss many times, and may change copies in between.

        That is faster than calling `loss` each time. The copies that a forward pass writes into
        are put back after each evaluation.
        """

        def inside() -> Result:
            attributes = Attributes(self.frame)
            saved = self._own_copies()

            def evaluate() -> Tensor:
                self.random.restore()
                try:
                    return self._forward(self.tensors)
                finally:
                    attributes.restore()
                    for key, tensor in saved.items():
                        self.tensors[key].copy_(tensor)

            return work(evaluate)

        with torch.no_grad():
            return self._in_place(self.tensors, inside)

    def note_written(self, used: Mapping[str, Tensor]) -> None:
        """Compare what an evaluation used with the copies that it came from."""
        for key, tensor in used.items():
            if not torch.equal(tensor, self.tensors[key]):  # also for NaN, which does no harm
                self.written.add(key)

    def _in_place(self, tensors: Mapping[str, Tensor], work: Callable[[], Result]) -> Result:
        """Do work while these tensors are in the place of the module's own."""
        held = {place: tensors[key] for place, key in self._places.items()}
        # That tensors are tied is known, and looking for it each time takes as long as the call.
        result: Result = functional_call(self.frame, held, (work,), tie_weights=False)
        return result

    def _own_copies(self) -> dict[str, Tensor]:
        return {key: self.tensors[key].clone() for key in self.written}

    def _forward(self, tensors: Mapping[str, Tensor]) -> Tensor:
        items = [tensors.get(f"input.{k}", item) for k, item in enumerate(self._items)]
        return loss_value(self.loss_fn(self.module(*self._rebuild(items))))

    def _input_names(self, taken: Any) -> dict[int, str]:
        """Return names of the inputs' tensors, none of which a parameter has, by position."""
        positions = [k for k, item in enumerate(self._items) if isinstance(item, torch.Tensor)]
        used, names = set(taken), {}
        single = all(name.partition(".")[0] == "0" for name in self._names)
        for k in positions:
            number, dot, rest = self._names[k].partition(".")
            name = f"input{'' if single else number}{dot}{rest}"
            while name in used:
                name += "_"
            names[k] = name
        return names


def loss_value(loss: Any) -> Tensor:
    """Return a loss as a tensor without axes, or raise."""
    if not isinstance(loss, torch.Tensor):
        raise ParameterError(
            f"loss_fn must return a tensor, got {type(loss).__name__}: .item() and NumPy cut the "
            "way back"
        )
    if loss.numel() != 1:
        raise ParameterError(
            f"loss_fn must return one number, got shape {tuple(loss.shape)}; return its sum or mean"
        )
    if loss.dtype not in CHECKED:
        raise ParameterError(
            f"loss_fn must return float16, float32 or float64, got {_plain(loss.dtype)}"
        )
    return loss.reshape(())


def numpy_dtype(dtype: Any) -> np.dtype[Any]:
    """Return NumPy's name of one of the dtypes that can be checked."""
    return np.dtype(_plain(dtype))


def _plain(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def _check_dtype(name: str, tensor: Tensor, hint: str = "") -> None:
    if tensor.layout is not torch.strided:
        raise ParameterError(f"{name} must be a dense tensor, got {tensor.layout}{hint}")
    if tensor.is_complex():
        raise ParameterError(
            f"{name} must be real, got {_plain(tensor.dtype)}: pass its real and imaginary parts, "
            f"and put them together in the module{hint}"
        )
    if tensor.dtype not in CHECKED:
        raise ParameterError(
            f"{name} must be float16, float32 or float64, got {_plain(tensor.dtype)}, whose steps "
            f"are too coarse for differences: check module.float() or module.double(){hint}"
        )


def _tensors(frame: Frame) -> Iterator[tuple[str, Tensor]]:
    """Yield every place of a parameter or buffer once; tied ones have several."""
    for prefix, child in frame.named_modules():
        for named in (child.named_parameters, child.named_buffers):
            yield from named(prefix, recurse=False, remove_duplicate=False)


def _copy(tensor: Tensor) -> Tensor:
    if tensor.layout is not torch.strided:
        return tensor.detach().clone()
    return tensor.detach().clone(memory_format=torch.contiguous_format)


def _flat(inputs: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[str, ...], Callable[..., Any]]:
    """Return what tuples, lists and dicts of inputs hold, its names, and what rebuilds them."""
    if not inputs:
        return (), (), lambda items: ()
    flat = flatten(inputs, "inputs", nudgeable=False)
    return flat.arrays, flat.names, flat.rebuild
