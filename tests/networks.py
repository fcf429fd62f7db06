"""Random networks and batches for the tests."""

from collections.abc import Callable

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import nudgegrad as ng
from nudgegrad.gradient.trace import forward_pass

ACTIVATIONS: dict[str, Callable[[], ng.Layer]] = {
    "sigmoid": ng.Sigmoid,
    "tanh": ng.Tanh,
    "relu": ng.ReLU,
    "leaky_relu": lambda: ng.LeakyReLU(0.1),
    "gelu": ng.GELU,
}
LOSSES: dict[str, Callable[[], ng.Loss]] = {
    "cross_entropy": ng.CrossEntropy,
    "pure_cross_entropy": lambda: ng.CrossEntropy(0),
    "smoothed_cross_entropy": lambda: ng.CrossEntropy(label_smoothing=0.2),
    "pure_smoothed_cross_entropy": lambda: ng.CrossEntropy(0, label_smoothing=0.2),
    "mean_squared_error": ng.MeanSquaredError,
    "binary_cross_entropy": ng.BinaryCrossEntropy,
}

Case = tuple[ng.Network, np.ndarray, np.ndarray]


def make_case(
    seed: int, sizes: list[int], activations: list[str], loss: str, samples: int, dtype: str
) -> Case:
    """Build a network with weights of size 1 and a batch in which some inputs are zero."""
    rng = np.random.default_rng(seed)
    layers: list[ng.Layer] = []
    for inputs, outputs, name in zip(sizes[:-1], sizes[1:], [*activations, None], strict=True):
        layers.append(ng.Affine(inputs, outputs, weight_init_std=1.0))
        if name is not None:
            layers.append(ACTIVATIONS[name]())
    net = ng.Network(layers, LOSSES[loss](), seed=seed, dtype=dtype)
    for name, array in net.params.items():
        if name.startswith("b"):
            array[...] = rng.normal(scale=0.3, size=array.shape)
    x = rng.uniform(-1, 1, size=(samples, sizes[0])) * (rng.random((samples, sizes[0])) < 0.7)
    t = rng.integers(0, sizes[-1], samples)
    return net, x.astype(dtype), _targets(t, sizes[-1], loss)


def _targets(t: np.ndarray, classes: int, loss: str) -> np.ndarray:
    return np.eye(classes, dtype=int)[t] if loss == "binary_cross_entropy" else t


@st.composite
def cases(draw: st.DrawFn, dtype: str = "float64") -> Case:
    """Draw a network of depth 1 to 4 with a batch that is nowhere near a kink of ReLU."""
    depth = draw(st.integers(1, 4))
    sizes = draw(st.lists(st.integers(1, 5), min_size=depth, max_size=depth))
    sizes.append(draw(st.integers(2, 4)))
    names = st.sampled_from(sorted(ACTIVATIONS))
    activations = draw(st.lists(names, min_size=depth - 1, max_size=depth - 1))
    loss = draw(st.sampled_from(sorted(LOSSES)))
    net, x, t = make_case(
        draw(st.integers(0, 10**6)), sizes, activations, loss, draw(st.integers(1, 5)), dtype
    )
    assume(is_smooth(net, x, None, 0.02))
    return net, x, t


def is_smooth(net: ng.Network, x: np.ndarray, training_step: int | None, gap: float) -> bool:
    """Tell whether no kink is near, where no derivative exists for the methods to agree on.

    Nor a batch so narrow that a nudge is wide beside it.
    """
    layers = list(net.layers)
    values = forward_pass(layers, net._inputs(x), None, training_step)
    for layer, inputs in zip(layers, values, strict=False):
        if isinstance(layer, (ng.ReLU, ng.LeakyReLU)) and np.abs(inputs).min() <= gap:
            return False
        if isinstance(layer, ng.MaxPool2D) and layer.kernel_size != (1, 1):
            second, largest = np.moveaxis(np.sort(layer.window.patches(inputs), axis=2), 2, 0)[-2:]
            # Equal cells that are zero were cut off by ReLU or left out: none of them moves.
            if not np.all((largest - second > gap) | ((largest == 0) & (second == 0))):
                return False
        if isinstance(layer, ng.BatchNorm) and training_step is not None:
            channels = inputs.reshape(len(inputs), layer.size, layer.cells)
            if channels.std(axis=(0, 2)).min() <= 0.3:
                return False
    return True


TrainingCase = tuple[ng.Network, np.ndarray, np.ndarray, int | None]
"""A network, a batch, and the number of a training step or None."""


@st.composite
def picture_cases(draw: st.DrawFn, dtype: str = "float64") -> TrainingCase:
    """Draw a convolutional network with all kinds of layers, in or out of training."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    shape = (draw(st.integers(1, 2)), draw(st.integers(3, 6)), draw(st.integers(3, 6)))
    samples, classes = draw(st.integers(1, 4)), draw(st.integers(2, 3))
    names = st.sampled_from([*sorted(ACTIVATIONS), None])
    layers: list[ng.Layer] = []
    here: tuple[int, ...] = shape
    for _ in range(draw(st.integers(1, 2))):
        padding = draw(st.integers(0, 1))
        sides = [draw(st.integers(1, min(3, size + 2 * padding))) for size in here[1:]]
        convolution = ng.Conv2D(
            here[0], draw(st.integers(1, 3)), (sides[0], sides[1]), stride=draw(st.integers(1, 2)),
            padding=padding, weight_init_std=0.7,
        )  # fmt: skip
        pool = ng.MaxPool2D(draw(st.integers(1, 2)), stride=draw(st.integers(1, 2)))
        here = convolution.connect(here)
        layers += [convolution, *_between(draw, here[0], names)]
        if draw(st.booleans()) and min(here[1:]) >= pool.kernel_size[0]:
            layers.append(pool)
            here = pool.connect(here)
    if draw(st.booleans()):
        layers.append(ng.Flatten())
    width = draw(st.integers(1, 4))
    layers += [
        ng.Affine(int(np.prod(here)), width, weight_init_std=0.7),
        *_between(draw, width, names),
        ng.Affine(width, classes, weight_init_std="he"),
    ]
    loss = draw(st.sampled_from(sorted(LOSSES)))
    net = ng.Network(layers, LOSSES[loss](), seed=int(rng.integers(10**6)), dtype=dtype,
                     input_shape=shape)  # fmt: skip
    for name, array in net.params.items():
        if name[0] != "W":
            array += rng.normal(scale=0.3, size=array.shape)
    for name, array in net.buffers.items():
        if name.startswith("running"):
            array += rng.uniform(-0.3, 0.3, size=array.shape)
    x = rng.normal(size=(samples, *shape)) * (rng.random((samples, *shape)) < 0.8)
    training_step = draw(st.one_of(st.none(), st.integers(0, 100)))
    assume(is_smooth(net, x, training_step, 3e-3))
    t = _targets(rng.integers(0, classes, samples), classes, loss)
    return net, x.astype(dtype), t, training_step


def _between(draw: st.DrawFn, size: int, names: st.SearchStrategy[str | None]) -> list[ng.Layer]:
    """Draw what may stand between two layers that mix units."""
    layers: list[ng.Layer] = [ng.BatchNorm(size)] if draw(st.booleans()) else []
    name = draw(names)
    if name is not None:
        layers.append(ACTIVATIONS[name]())
    return [*layers, ng.Dropout(0.3)] if draw(st.booleans()) else layers
