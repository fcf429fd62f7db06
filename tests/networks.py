"""Random networks and batches for the tests."""

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import nudgegrad as ng

ACTIVATIONS = {"sigmoid": ng.Sigmoid, "tanh": ng.Tanh, "relu": ng.ReLU}
LOSSES = {
    "cross_entropy": ng.CrossEntropy,
    "pure_cross_entropy": lambda: ng.CrossEntropy(0),
    "mean_squared_error": ng.MeanSquaredError,
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
    return net, x.astype(dtype), t


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
    values = x
    for layer in net.layers:
        if isinstance(layer, ng.ReLU):
            # At a kink no derivative exists for the methods to agree on.
            assume(np.abs(values).min() > 0.02)
        values = layer.forward(values)
    return net, x, t
