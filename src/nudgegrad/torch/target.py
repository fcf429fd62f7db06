"""A module and its loss as one function of tensors that may be nudged."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.func import functional_call

from nudgegrad.torch.captured import captured, hooks_of
from nudgegrad.torch.checked import check_tensor, loss_value
from nudgegrad.torch.frame import Frame
from nudgegrad.torch.inputs import tensors_of
from nudgegrad.torch.kept import Attributes, Kept
from nudgegrad.torch.memory import Memory
from nudgegrad.torch.state import RandomState
from nudgegrad.validation import ParameterError

__all__ = ["Target"]

Tensor = Any


class Target:
    """The loss as a function of tensors that are called leaves.

    The module's tensors work on copies until the end, and so do the inputs.

    Parameters
    ----------
    module, loss_fn, inputs, check_inputs
        As for `nudgegrad.torch.check`.
    stack
        What everything is put back by.

    Attributes
    ----------
    memory : Memory
        What parameters, buffers and inputs work on, by keys of their own.
    tensors : dict of str to tensor
        Its copies.
    keys, names : tuple of str
        Those of the leaves, and what a report calls them.
    buffers : tuple of str
        Keys of the buffers.
    ways : tuple of str
        What the module may be called with in the place of its inputs, in the order to try them in.

        ``"leaf"``  leaves of autograd's graph

        ``"copy"``  copies of such leaves, which the module may write into

        ``"own"``  the very tensors that the user passed, to which a loss may refer
    way : str
        The one in use.
    loss_dtype : numpy.dtype
        Of the loss, as the first pass found it.
    notes : list of str
        What a report should say of the tensors.

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
        stack: ExitStack,
    ) -> None:
        self.module, self.loss_fn = module, loss_fn
        self.random = RandomState()
        stack.callback(self.random.restore_all)
        self.frame = Frame(module, loss_fn)
        self.memory = Memory(stack)
        self.tensors = self.memory.tensors
        self.loss_dtype: np.dtype[Any] = np.dtype(np.float64)
        self.notes: list[str] = []
        leaves, places = self._parameters_and_buffers()
        self._inputs = tensors_of(inputs)
        leaves |= self._floating_inputs(check_inputs, set(leaves.values()))
        if not leaves:
            raise ParameterError(
                "there is nothing to check: no parameter requires a gradient"
                + (", and no input holds floats" if check_inputs else "; check_inputs is False")
            )
        self.keys, self.names = tuple(leaves), tuple(leaves.values())
        self._places = places
        self._attributes = Attributes(self.frame)
        tensors = [*(tensor for _, tensor in self.frame.places()), *self._inputs.tensors]
        self._kept = Kept(self.frame, (module, loss_fn), tensors)
        stack.callback(self._kept.restore, everything=True)
        stack.callback(self._attributes.restore)
        self.way, self.ways = "leaf", ("leaf", "copy", "own")
        if self._are_referred_to():
            self.ways = ("own", "leaf", "copy")

    @property
    def leaves(self) -> list[Tensor]:
        """What is nudged: the memory of the tensors that are checked."""
        return [self.tensors[key] for key in self.keys]

    def choose_way(self, way: str) -> bool:
        """Choose what the module is called with; return False if these inputs do not allow it."""
        if way == "own":
            lendable = self.memory.may_lend
            own = {k: x for k, x in self._own_inputs().items() if k in self.keys or lendable(x)}
            if not all(map(lendable, own.values())) or len(set(map(id, own.values()))) < len(own):
                return False
            for key, tensor in own.items():
                self.memory.lend(key, tensor)
                if key in self.keys:
                    tensor.requires_grad_()
        self.way = way
        return True

    def trace(self) -> tuple[Tensor, dict[str, Tensor]]:
        """Return the loss with autograd's graph, and the leaves of that graph by keys.

        What the forward pass leaves behind stays, because a backward pass may need it: call
        `restore` afterwards.
        """
        self.memory.clear_gradients()
        self.random.restore()
        with torch.enable_grad():
            inputs = self._traced_inputs()
            loss = self._forward(inputs)
        return loss, {key: inputs.get(key, self.memory.owners.get(key)) for key in self.keys}

    def evaluate(self, *, graph: bool) -> float:
        """Return the loss of the leaves as they are.

        Parameters
        ----------
        graph
            Whether autograd records it, which a module may need that differentiates inside.
        """
        self.random.restore()
        try:
            with torch.set_grad_enabled(graph):
                inputs = self._traced_inputs() if graph else self._plain_inputs()
                # A loss may be a view of a tensor that is put back, so it is read at once.
                loss = float(self._forward(inputs).detach())
            if graph:  # elsewhere than at the point it may write into more
                self.note_written(nudged=self.keys)
            return loss
        finally:
            self.restore()

    def loss(self, changes: Mapping[str, Tensor]) -> Tensor:
        """Return the loss with other tensors in the place of some."""
        held = {place: changes[key] for place, key in self._places.items() if key in changes}
        for place in held:
            if self.memory.owners[self._places[place]].layout is not torch.strided:
                raise NotImplementedError(f"{place.removeprefix('module.')} is sparse")
        inputs = {key: changes.get(key, tensor) for key, tensor in self._plain_inputs().items()}
        self.random.restore()
        try:
            # Which tensors are tied is known, and looking for them takes as long as the call.
            loss: Tensor = functional_call(
                self.frame, held, (lambda: self._forward(inputs),), tie_weights=False
            )
            return loss.clone()  # it may be a view of a tensor that is put back
        finally:
            self.restore()

    def note_written(self, nudged: Iterable[str] = ()) -> None:
        """Find out what a forward pass has changed, for `restore`; `nudged` as for `Memory`."""
        self.random.notice()
        self.memory.note(nudged)

    def restore(self) -> None:
        """Put back what an evaluation may have changed, but for nudges."""
        self._attributes.restore()
        self._kept.restore()
        self.memory.restore()

    def _parameters_and_buffers(self) -> tuple[dict[str, str], dict[str, str]]:
        """Lend them, and return the leaves' names and the keys of all places in the frame."""
        leaves: dict[str, str] = {}
        places: dict[str, str] = {}
        keys: dict[int, str] = {}
        buffers = {id(tensor) for tensor in self.frame.buffers()}
        for place, tensor in self.frame.places():
            key = places[place] = keys.setdefault(id(tensor), place)
            if key != place:  # tied
                continue
            name = key.removeprefix("module.")
            if nn.parameter.is_lazy(tensor):
                raise ParameterError(f"{name} has no shape yet: call the module once before")
            if tensor.is_meta:
                raise ParameterError(f"{name} must have values, got a tensor on the device 'meta'")
            checked = place.startswith("module.") and isinstance(tensor, nn.Parameter)
            if checked and tensor.requires_grad and tensor.numel():
                leaves[key] = name
                check_tensor(name, tensor)
                if tensor.layout is not torch.strided:
                    self.notes.append(
                        f"{name} is sparse: what is checked are the values of its "
                        f"{tensor.detach()._nnz():,} specified entries, in their order"
                    )
            if place.startswith("other") and id(tensor) not in buffers:
                self.memory.keep_gradient(key, tensor)  # nothing writes into it
            else:
                self.memory.lend(key, tensor)
        self.buffers = tuple(key for number, key in keys.items() if number in buffers)
        return leaves, places

    def _floating_inputs(self, check_inputs: bool, taken: set[str]) -> dict[str, str]:
        """Copy the inputs, and return the names of those that are checked."""
        leaves = {}
        for k, (tensor, name) in enumerate(zip(*self._inputs[:2], strict=True)):
            key = f"input.{k}"
            while name in taken:
                name += "_"
            taken.add(name)
            floats = tensor.is_floating_point() or tensor.is_complex()
            if tensor.layout is not torch.strided or tensor.is_nested:
                if check_inputs and floats:
                    kind = "nested" if tensor.is_nested else "sparse"
                    self.notes.append(f"{name} is {kind}, and is not checked")
                continue
            if check_inputs and floats and tensor.numel():
                check_tensor(name, tensor, "; check_inputs=False leaves the inputs out")
                leaves[key] = name
            self.memory.copy(key, tensor)
        return leaves

    def _are_referred_to(self) -> bool:
        """Tell whether the inputs themselves are needed, because something else refers to them.

        That is a hook, a function's closure, or another module whose parameters they are.
        """
        inputs = {id(x) for x in self._inputs.tensors if x.requires_grad}
        referred = {id(x) for held in (self.module, self.loss_fn) for x in captured(held)}
        referred |= {id(x) for x in self.memory.owners.values()}
        return not inputs.isdisjoint(referred) or any(map(hooks_of, self._inputs.tensors))

    def _plain_inputs(self) -> dict[str, Tensor]:
        """Return what the module is called with where no graph is needed."""
        if self.way == "own":
            return self._own_inputs()
        return {
            key: self.tensors[key].detach() if key in self.tensors else tensor
            for key, tensor in self._own_inputs().items()
        }

    def _traced_inputs(self) -> dict[str, Tensor]:
        """Return what the module is called with where autograd records it."""
        if self.way == "own":
            return self._own_inputs()
        inputs = self._plain_inputs()
        for key in self.keys:
            if key in inputs:
                inputs[key].requires_grad_()
        return inputs

    def _own_inputs(self) -> dict[str, Tensor]:
        return {f"input.{k}": tensor for k, tensor in enumerate(self._inputs.tensors)}

    def _forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        items = list(inputs.values())
        if self.way == "copy":
            items = [item.clone() for item in items]
        return loss_value(self.loss_fn(self.module(*self._inputs.rebuild(items))))
