"""Networks: layers one after another, and a loss."""

from __future__ import annotations

import copy
import math
import os
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Any

import numpy as np

from nudgegrad.arrays import Array, is_integer, namespace
from nudgegrad.gradient import Gradient, compute_gradient
from nudgegrad.gradient.trace import forward_pass
from nudgegrad.layers import (
    Layer,
    connect_layers,
    named_buffers,
    named_parameters,
)
from nudgegrad.losses import CrossEntropy, Loss
from nudgegrad.parts import parts, width_of
from nudgegrad.validation import ParameterError, check_dtype, check_shape

__all__ = ["Network", "Parameters"]


class Parameters(MutableMapping[str, Array]):
    """A network's parameters by name: W1, b1, W2, b2, … The arrays are the live ones.

    Assigning to a name copies the values into the live array; names cannot be added or removed.
    With ``buffers=True``, what layers keep beside parameters: running_mean1, …
    """

    def __init__(self, layers: list[Layer], *, buffers: bool = False) -> None:
        self._buffers = buffers
        self._names = named_buffers(layers) if buffers else named_parameters(layers)

    def __getitem__(self, name: str) -> Array:
        layer, own = self._names[name]
        return (layer.buffers if self._buffers else layer.params)[own]

    def __setitem__(self, name: str, value: Array) -> None:
        if name not in self._names:
            raise KeyError(f"{name!r}: the network has {', '.join(self._names)}")
        live = self[name]
        if value is live:
            return
        value = np.asarray(value) if isinstance(live, np.ndarray) else value
        if tuple(value.shape) != tuple(live.shape):
            raise ParameterError(
                f"{name} must have shape {tuple(live.shape)}, got {tuple(value.shape)}"
            )
        live[...] = value

    def __delitem__(self, name: str) -> None:
        raise TypeError(f"{name!r} cannot be removed from a network")

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"Parameters({', '.join(f'{name} {tuple(self[name].shape)}' for name in self)})"


class Network:
    """Layers one after another, and a loss.

    Parameters
    ----------
    layers
        At least one, made for this network; the last one's output goes into the loss.
    loss
        `CrossEntropy` (softmax included) unless told.
    seed
        Of the starting weights; None draws fresh ones. float32 and float64 networks of one seed
        start from the same numbers, rounded.
    dtype
        ``"float64"`` or ``"float32"``.
    input_shape
        The shape of one sample, such as (1, 28, 28), which layers of pictures must be told. Inputs
        may then be (samples, 1, 28, 28) as well as rows of 784.

    Attributes
    ----------
    layers : list of Layer
    loss_function : Loss
    dtype : numpy.dtype
    input_shape : tuple of int, or None
    params, buffers : Parameters
        Name → live array; buffers are what layers keep beside parameters, and are not learned by
        gradients.

    Examples
    --------
    >>> net = Network([Affine(4, 3), Sigmoid(), Affine(3, 2)], seed=0)
    >>> x, t = np.ones((5, 4)), np.array([0, 1, 0, 1, 1])
    >>> list(net.numerical_gradient(x, t))
    ['W1', 'b1', 'W2', 'b2']
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        loss: Loss | None = None,
        *,
        seed: int | None = None,
        dtype: Any = "float64",
        input_shape: int | Sequence[int] | None = None,
    ) -> None:
        self.layers = list(layers)
        self.input_shape = None if input_shape is None else check_shape("input_shape", input_shape)
        connect_layers(self.layers, self.input_shape)
        self.loss_function = CrossEntropy() if loss is None else loss
        if not isinstance(self.loss_function, Loss):
            got = f"the class {loss.__name__}" if isinstance(loss, type) else type(loss).__name__
            hint = f"; make one of it: {loss.__name__}()" if isinstance(loss, type) else ""
            raise ParameterError(f"loss must be a nudgegrad.Loss, got {got}{hint}")
        self.dtype = check_dtype(dtype)
        try:
            rng = np.random.default_rng(seed)
        except (TypeError, ValueError) as error:
            raise ParameterError(
                f"seed must be a whole number at least 0 or None, got {seed!r}"
            ) from error
        for layer in self.layers:
            layer.initialize(rng)
            for name, array in layer.params.items():
                layer.params[name] = np.asarray(array, dtype=self.dtype)
            for name, array in layer.buffers.items():
                kind = self.dtype if np.asarray(array).dtype.kind == "f" else None
                layer.buffers[name] = np.asarray(array, dtype=kind)
            layer.in_network = True
        self.params = Parameters(self.layers)
        self.buffers = Parameters(self.layers, buffers=True)

    def __repr__(self) -> str:
        layers = ", ".join(map(repr, self.layers))
        return f"{type(self).__name__}([{layers}], {self.loss_function!r}, {self.dtype})"

    def forward(self, x: Array) -> Array:
        """Return the last layer's output: (samples, features) → (samples, outputs)."""
        return forward_pass(self.layers, self._inputs(x))[-1]

    def predict(self, x: Array) -> Array:
        """Return predictions: for `CrossEntropy` each class's probability.

        Parameters
        ----------
        x : (samples, features) array, or (features,) for a single sample
            With an ``input_shape``, also (samples, *input_shape), or that shape for one sample.

        Returns
        -------
        (samples, outputs) array, or (outputs,)
        """
        x = self._inputs(x)
        if x.ndim == 1:
            return self.predict(x[None, :])[0, :]
        return self.loss_function.output(self.forward(x))

    def loss(self, x: Array, t: Array, *, training_step: int | None = None) -> float:
        """Return the mean error over the samples; `t` are integer labels or one-hot rows.

        With the number of a training step, that of the network as it is in that step: see
        `nudgegrad.gradient.compute_gradient`.
        """
        x, t = self._batch(x, t)
        output = forward_pass(list(self.layers), x, None, training_step)[-1]
        return self.loss_function.value(output, self.loss_function.targets(output, t))

    def accuracy(self, x: Array, t: Array) -> float:
        """Return the share of samples whose largest output is the correct class."""
        x, t = self._batch(x, t)
        samples = int(x.shape[0])
        few = isinstance(x, np.ndarray) and samples > 0  # an accelerator is better off with all
        hits = 0
        for rows in parts(samples, width_of(self.layers)) if few else [slice(None)]:
            output = forward_pass(self.layers, x[rows, ...])[-1]
            hits += int(namespace(output).sum(self.loss_function.hits(output, t[rows, ...])))
        return hits / samples if samples else math.nan

    def numerical_gradient(
        self, x: Array, t: Array, method: str = "node", h: float = 1e-4, **options: Any
    ) -> Gradient:
        """Return the loss's gradient by numerical differentiation.

        Parameters
        ----------
        x, t
            A batch, as `loss` takes it.
        method
            ``"naive"``, ``"weight"`` or ``"node"``.
        h
            The nudge.
        **options
            ``error_bars``, ``sample``, ``seed``, ``training_step``, ``progress``, ``cancel``: see
            `nudgegrad.gradient.compute_gradient`.

        Returns
        -------
        Gradient
            A dict from names to arrays: ``{"W1": …, "b1": …, …}``.
        """
        if method == "backprop":
            raise ParameterError(
                "method must be one of naive, weight, node, got 'backprop'; gradient(x, t) is "
                "backpropagation"
            )
        return self._gradient(x, t, method=method, h=h, **options)

    def gradient(self, x: Array, t: Array, method: str = "backprop", **options: Any) -> Gradient:
        """Return the loss's gradient by backpropagation, or by any of the four methods."""
        return self._gradient(x, t, method=method, **options)

    def _gradient(self, x: Array, t: Array, **options: Any) -> Gradient:
        x, t = self._batch(x, t)
        return compute_gradient(self.layers, self.loss_function, x, t, **options)

    def copy(self, dtype: Any = None) -> Network:
        """Return an independent network with equal parameters, in another dtype if told."""
        to = self.dtype if dtype is None else check_dtype(dtype)
        return self.map_parameters(lambda array: np.array(array, dtype=to))

    def map_parameters(self, function: Callable[[Array], Array]) -> Network:
        """Return an independent network with `function` applied to every parameter array.

        And to the buffers that hold floats.

        ``net.map_parameters(torch.asarray)`` gives a network that runs on PyTorch's tensors.
        """
        other = copy.copy(self)
        other.layers = [copy.copy(layer) for layer in self.layers]
        for layer in other.layers:
            layer.params = {name: function(array) for name, array in layer.params.items()}
            layer.buffers = {
                name: function(array) if _is_real(array) else copy.copy(array)
                for name, array in layer.buffers.items()
            }
        other.params = Parameters(other.layers)
        other.buffers = Parameters(other.layers, buffers=True)
        for array in other.params.values():
            if isinstance(array, np.ndarray):
                other.dtype = array.dtype
        return other

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network into a file: what it is made of, parameters and buffers.

        `nudgegrad.load_network` reads it.

        Parameters
        ----------
        path
            Ends in ``.npz``, or in ``.safetensors``, which needs the safetensors library. A file
            that is there is replaced.

        Raises
        ------
        ParameterError
            If a layer or the loss is not the library's own: `save_parameters` saves what it holds.
        """
        from nudgegrad.storage import save_network

        save_network(path, self)

    def save_parameters(self, path: str | os.PathLike[str]) -> None:
        """Write parameters and buffers alone into a file, ``.npz`` or ``.safetensors``."""
        from nudgegrad.storage import save_parameters

        save_parameters(path, self)

    def load_parameters(self, path: str | os.PathLike[str]) -> None:
        """Read parameters and buffers from a file of `save`, `save_parameters` or a checkpoint.

        Raises
        ------
        FileError
            If the file is damaged, or its arrays do not have the names, shapes and dtypes of this
            network's. The network is then as it was.
        """
        from nudgegrad.storage import load_parameters

        load_parameters(path, self)

    def _inputs(self, x: Any) -> Array:
        """Return NumPy inputs in the network's dtype; other libraries' arrays as they are."""
        if isinstance(x, (np.ndarray, np.generic)) or not hasattr(x, "dtype"):
            x = np.asarray(x)
            if x.dtype.kind not in "fiub":
                raise ParameterError(f"x must hold numbers, got {x.dtype}")
            x = x.astype(self.dtype, copy=False)
        return self._as_rows(x)

    def _as_rows(self, x: Array) -> Array:
        """Return samples of the network's input shape as rows."""
        shape = self.input_shape
        if shape is None or len(shape) == 1 or x.ndim == 1:
            return x
        if tuple(x.shape) == shape:
            return namespace(x).reshape(x, (-1,))
        if tuple(x.shape[1:]) == shape:
            return namespace(x).reshape(x, (x.shape[0], -1))
        if x.ndim > 2:
            raise ParameterError(
                f"x must be (samples, {', '.join(map(str, shape))}), or rows of "
                f"{math.prod(shape)} features, got {tuple(x.shape)}"
            )
        return x

    def _batch(self, x: Any, t: Any) -> tuple[Array, Array]:
        """Return inputs and targets as a batch; a single sample becomes a batch of one."""
        x = self._inputs(x)
        t = t if hasattr(t, "dtype") else np.asarray(t)
        if x.ndim == 1:
            x = x[None, :]
            if t.shape != (1,) or not is_integer(t):
                t = t[None, ...]
        if t.ndim == 0 or t.shape[0] != x.shape[0]:
            raise ParameterError(
                f"x and t must have as many samples, got {tuple(x.shape)} and {tuple(t.shape)}"
            )
        if x.shape[0] == 0:
            raise ParameterError("x must hold at least one sample, got none")
        return x, t


def _is_real(array: Array) -> bool:
    return bool(namespace(array).isdtype(array.dtype, "real floating"))
