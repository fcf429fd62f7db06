"""The networks of *Deep Learning from Scratch* (K. Saitoh, 2016), ready to train."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from nudgegrad.layers import Affine, Conv2D, Flatten, Layer, MaxPool2D, ReLU, Sigmoid
from nudgegrad.losses import Loss
from nudgegrad.network import Network
from nudgegrad.validation import ParameterError, check_choice, check_integer, check_shape

__all__ = ["MODELS", "MultiLayerNet", "SimpleConvNet", "TwoLayerNet", "check_model"]


class TwoLayerNet(Network):
    """The lesson's network: affine, an activation, affine, softmax and cross-entropy.

    Parameters
    ----------
    input_size, hidden_size, output_size
        784, 100 and 10 in the lesson.
    weight_init_std
        As for `Affine`.
    activation
        Makes the layer between the two.
    seed, dtype, loss
        As for `Network`.

    Notes
    -----
    Source: *Deep Learning from Scratch*, section 4.5.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        output_size: int,
        weight_init_std: float | str | None = 0.01,
        *,
        activation: type[Layer] = Sigmoid,
        seed: int | None = None,
        dtype: Any = "float64",
        loss: Loss | None = None,
    ) -> None:
        layers = _chain([input_size, hidden_size, output_size], activation, weight_init_std)
        super().__init__(layers, loss, seed=seed, dtype=dtype)


class MultiLayerNet(Network):
    """Affine layers with an activation between each two, softmax and cross-entropy.

    Parameters
    ----------
    input_size, hidden_sizes, output_size
        784, six hidden layers of 100, and 10 in the book.
    weight_init_std
        As for `Affine`; ``"he"`` suits ReLU, ``"xavier"`` sigmoid and tanh.
    activation
        Makes the layers between.
    seed, dtype, loss
        As for `Network`.

    Notes
    -----
    Source: *Deep Learning from Scratch*, section 6.2.
    """

    def __init__(
        self,
        input_size: int,
        hidden_sizes: Sequence[int],
        output_size: int,
        weight_init_std: float | str | None = "he",
        *,
        activation: type[Layer] = ReLU,
        seed: int | None = None,
        dtype: Any = "float64",
        loss: Loss | None = None,
    ) -> None:
        layers = _chain([input_size, *hidden_sizes, output_size], activation, weight_init_std)
        super().__init__(layers, loss, seed=seed, dtype=dtype)


class SimpleConvNet(Network):
    """Convolution, ReLU, 2×2 pooling, affine, ReLU, affine, softmax and cross-entropy.

    Parameters
    ----------
    input_shape
        (channels, height, width) of a picture: (1, 28, 28) in the book.
    filters, kernel_size
        How many kernels, and their side: 30 of 5×5.
    hidden_size, output_size
        100 and 10.
    weight_init_std
        As for `Affine`; the book's 0.01 learns too, more slowly.
    activation
        Makes the layers after the convolution and after the first affine layer.
    seed, dtype, loss
        As for `Network`.

    Notes
    -----
    Source: *Deep Learning from Scratch*, section 7.5.
    """

    def __init__(
        self,
        input_shape: tuple[int, int, int] = (1, 28, 28),
        *,
        filters: int = 30,
        kernel_size: int = 5,
        hidden_size: int = 100,
        output_size: int = 10,
        weight_init_std: float | str | None = "he",
        activation: type[Layer] = ReLU,
        seed: int | None = None,
        dtype: Any = "float64",
        loss: Loss | None = None,
    ) -> None:
        channels, height, width = _picture(
            input_shape, check_integer("kernel_size", kernel_size, 1)
        )
        input_shape = channels, height, width
        convolution = Conv2D(channels, filters, kernel_size, weight_init_std=weight_init_std)
        pool = MaxPool2D(2)
        pool.connect(convolution.connect(input_shape))
        pooled = pool.output_size or 0
        layers = [
            convolution,
            activation(),
            pool,
            Flatten(),
            *_chain([pooled, hidden_size, output_size], activation, weight_init_std),
        ]
        super().__init__(layers, loss, seed=seed, dtype=dtype, input_shape=input_shape)


MODELS = ("two-layer", "multi-layer", "simple-convnet")
"""The models' names on the command line and on the page."""


def check_model(name: str) -> str:
    """Return a model's name; raises ParameterError if there is none of it."""
    return check_choice("model", name, list(MODELS))


def _picture(shape: Any, kernel_size: int) -> tuple[int, int, int]:
    """Return the shape of pictures that a kernel and a pool of 2×2 fit into, or raise."""
    sizes = check_shape("input_shape", shape)
    least = kernel_size + 1
    if len(sizes) != 3 or min(sizes[1:]) < least:
        raise ParameterError(
            f"input_shape must be (channels, height, width) of pictures of at least {least} × "
            f"{least} pixels, for kernels of {kernel_size} × {kernel_size} and a pool of 2 × 2, "
            f"got {sizes}; scale pictures up (a folder's by --image-size)"
        )
    return sizes[0], sizes[1], sizes[2]


def _chain(sizes: Sequence[int], activation: type[Layer], std: float | str | None) -> list[Layer]:
    layers: list[Layer] = []
    for inputs, outputs in pairwise(sizes):
        if layers:
            layers.append(activation())
        layers.append(Affine(inputs, outputs, weight_init_std=std))
    return layers
