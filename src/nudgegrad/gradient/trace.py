"""The trace: one forward pass, kept, from which all differences start."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from nudgegrad.arrays import Array, namespace
from nudgegrad.layers import Affine, Layer
from nudgegrad.losses import CrossEntropy, Loss
from nudgegrad.validation import ParameterError

__all__ = ["Trace", "forward_pass", "make_trace"]

KINDS = (np.dtype(np.float32), np.dtype(np.float64))
"""What kernels are for."""


@dataclass(frozen=True)
class Trace:
    """A forward pass, kept.

    Attributes
    ----------
    layers, loss : the network's
        In a training step, the layers are those that `Layer.prepare` gives, of the same parameters.
    activations : list of (samples, features) arrays
        ``activations[k]`` is the input of layer k, ``activations[-1]`` the last layer's output.
    targets : array
        The targets as ``loss.targets`` returns them, samples first.
    batch_size : int
        Samples of the whole batch, whose mean the loss is; `take` leaves it as it is.
    kernels : bool
        Whether compiled kernels take the place of array lines where they fit.
    slopes : dict of int to array
        With kernels: the slope of each activation that has one, by its place among the layers.
    by_node : dict of int to array
        Central differences of the loss by each entry of ``activations[k]``, for those k for which
        the kernel of the forward pass has computed them too.
    """

    layers: list[Layer]
    loss: Loss
    activations: list[Array]
    targets: Array
    batch_size: int
    kernels: bool = False
    slopes: dict[int, Array] = field(default_factory=dict)
    by_node: dict[int, Array] = field(default_factory=dict)

    def take(self, rows: Array | slice) -> Trace:
        """Return the trace of some samples, by a slice or an array of indices."""

        def chosen(array: Array) -> Array:
            if isinstance(rows, slice):
                return array[rows, ...]
            return namespace(array).take(array, rows, axis=0)

        return replace(
            self,
            layers=[layer.take(rows) for layer in self.layers],
            activations=[chosen(array) for array in self.activations],
            targets=chosen(self.targets),
            slopes={k: chosen(array) for k, array in self.slopes.items()},
        )

    def mixes_samples(self, k: int) -> bool:
        """Tell whether a nudge of one sample's ``activations[k]`` moves other samples' errors."""
        return any(layer.mixes_samples for layer in self.layers[k:])

    def dense(self) -> Trace:
        """Return the same with an input that is an ordinary array, as the array lines need it."""
        x = self.activations[0]
        if not hasattr(x, "to_dense"):
            return self
        return replace(self, activations=[x.to_dense(), *self.activations[1:]])

    @property
    def output(self) -> Array:
        """The predictions: for `CrossEntropy` each class's probability."""
        return self._output_and_loss[0]

    def loss_value(self) -> float:
        """Return the batch's loss."""
        return self._output_and_loss[1]

    @cached_property
    def _output_and_loss(self) -> tuple[Array, float]:
        y = self.activations[-1]
        if self.kernels and isinstance(self.loss, CrossEntropy):
            from nudgegrad.gradient.kernels.probabilities import has_kernel, probabilities_and_loss

            if has_kernel(self.loss):
                return probabilities_and_loss(y, self.targets, self.loss.epsilon)
        return self.loss.output(y), self.loss.value(y, self.targets)


def make_trace(
    layers: list[Layer],
    loss: Loss,
    x: Array,
    t: Array,
    *,
    kernels: bool = False,
    checked: bool = False,
    h: float | None = None,
    training_step: int | None = None,
) -> Trace:
    """Carry a batch through a network, and return what that leaves.

    Parameters
    ----------
    layers, loss
        The network.
    x : (samples, features) array
        In the dtype of the parameters.
    t : labels or targets, as `loss` takes them
    kernels
        Whether to use compiled kernels, if these are NumPy arrays of float32 or float64.
    checked
        Whether `t` are as many targets as samples, as ``loss.targets`` returns them.
    h
        The nudge, if slopes by every node will be asked for: a kernel may compute them on the way.
    training_step
        Which step of a training this is, for layers that do something else then. None: none.

    Raises
    ------
    ParameterError
        If sizes do not fit.
    """
    slopes: dict[int, Array] = {}
    kernels = kernels and _has_kernels(layers, x)
    if kernels:
        from nudgegrad.gradient.kernels.sparse import without_zeros

        if type(layers[0]) is Affine:
            x = without_zeros(x)
        if h is not None and x.shape[0]:
            trace = _fused_trace(layers, loss, x, t, h, checked=checked)
            if trace is not None:
                return trace
    if training_step is not None:
        layers = list(layers)
    activations = forward_pass(layers, x, slopes if kernels else None, training_step)
    samples = int(x.shape[0])
    if samples == 0:
        raise ParameterError("x must hold at least one sample, got none")
    targets = t if checked else _targets(loss, activations[-1], t)
    return Trace(layers, loss, activations, targets, samples, kernels, slopes)


def _targets(loss: Loss, y: Array, t: Array) -> Array:
    targets = loss.targets(y, t)
    if targets.shape[0] != y.shape[0]:
        raise ParameterError(f"t must have {y.shape[0]} samples like x, got {targets.shape[0]}")
    # For read-only arrays, as of the bundled data, kernels would be compiled a second time.
    return np.require(targets, requirements="W") if type(targets) is np.ndarray else targets


def _fused_trace(
    layers: list[Layer], loss: Loss, x: Array, t: Array, h: float, *, checked: bool
) -> Trace | None:
    """Return the trace with the slopes by every node, if a kernel makes both at once."""
    from nudgegrad.gradient.kernels import two_layer

    if not two_layer.fits(layers, loss, x):
        return None
    classes = layers[2].params["W"].shape[1]
    t = t if checked else _targets(loss, np.empty((x.shape[0], classes), x.dtype), t)
    done = two_layer.two_layer_pass(layers, loss, x, t, h)
    if done is None:
        return None
    activations = [x, done.sums, done.hidden, done.output]
    by_node = {1: done.by_sums, 3: done.by_output}
    trace = Trace(layers, loss, activations, t, x.shape[0], True, {}, by_node)
    trace.__dict__["_output_and_loss"] = done.probabilities, done.loss  # what it caches
    return trace


def forward_pass(
    layers: list[Layer],
    x: Array,
    slopes: dict[int, Array] | None = None,
    training_step: int | None = None,
) -> list[Array]:
    """Return the input and every layer's output, after checking that they fit together.

    Activations that have a kernel are computed by it if `slopes` is given, and leave theirs there.
    In a training step each layer is prepared for it when its input is known, and the list `layers`
    then holds the prepared ones.
    """
    known: tuple[type[Layer], ...] = ()
    if slopes is not None:
        from nudgegrad.gradient.kernels.elementwise import KNOWN as known
        from nudgegrad.gradient.kernels.elementwise import activate
    activations = [x]
    for number, layer in enumerate(layers, 1):
        x = activations[-1]
        if layer.input_size is not None and (x.ndim != 2 or x.shape[1] != layer.input_size):
            raise ParameterError(
                f"layer {number}, {layer!r}, must be given (samples, {layer.input_size}), got "
                f"{tuple(x.shape)}" + ("; flatten each sample to one row" if x.ndim > 2 else "")
            )
        if training_step is not None:
            layer = layers[number - 1] = layer.prepare(x, training_step)
        if slopes is not None and type(layer) in known:
            y, slopes[number - 1] = activate(layer, x)
        elif type(layer).__module__.startswith("nudgegrad."):
            y = layer.forward(x)
        else:
            y = _guarded(number, layer, x)
        activations.append(y)
    return activations


def _guarded(number: int, layer: Layer, x: Array) -> Array:
    """Return the output of a layer that somebody else wrote, or raise if it is not as it must be.

    Activations are kept, so that what a layer wrote into its input would be taken for the output
    of the layer before.
    """
    what = f"layer {number}, {layer!r}, must"
    samples = int(x.shape[0])
    if type(x) is np.ndarray:
        x = x.view()
        x.flags.writeable = False
    try:
        y = layer.forward(x)
    except ValueError as error:
        if "read-only" not in str(error):
            raise
        raise ParameterError(
            f"{what} not write into its input: forward(x) must return a new array"
        ) from error
    shape = getattr(y, "shape", None)
    if shape is None or len(shape) != 2 or shape[0] != samples:
        got = type(y).__name__ if shape is None else f"shape {tuple(shape)}"
        raise ParameterError(
            f"{what} return an array (samples, features) for {samples} samples, got {got}"
        )
    return y.copy() if type(y) is np.ndarray and not y.flags.writeable else y


def _has_kernels(layers: list[Layer], x: Any) -> bool:
    """Tell whether all arrays are NumPy's, contiguous and of one dtype that kernels are for."""
    kind = getattr(x, "dtype", None)
    if kind not in KINDS or getattr(x, "ndim", 0) != 2:
        return False
    for layer in layers:
        for array in layer.params.values():
            if type(array) is not np.ndarray or array.dtype != kind:
                return False
            if not array.flags.c_contiguous:
                return False
    return True
