"""Layers that users write: right by every method with `forward` alone, or refused with a reason."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import nudgegrad as ng
from nudgegrad.validation import ParameterError

Array = NDArray[Any]


class Centre(ng.Layer):
    """Subtracts the batch's mean."""

    mixes_samples = True

    def forward(self, x: Array) -> Array:
        return np.asarray(x - x.mean(axis=0))


class SilentCentre(ng.Layer):
    """The same, and does not say so."""

    def forward(self, x: Array) -> Array:
        return np.asarray(x - x.mean(axis=0))


class Noise(ng.Layer):
    def forward(self, x: Array) -> Array:
        return x + np.random.default_rng().normal(size=x.shape)


class Scale(ng.Layer):
    """A factor for each unit: elementwise, and its parameters go with all units only."""

    elementwise = True

    def __init__(self, size: int) -> None:
        self.params["s"] = np.linspace(0.5, 2, size)

    def forward(self, x: Array) -> Array:
        return np.asarray(x * self.params["s"])


class Overwrite(ng.Layer):
    def forward(self, x: Array) -> Array:
        x[x < 0] = 0
        return x


class Returns(ng.Layer):
    def __init__(self, what: Any) -> None:
        self.what = what

    def forward(self, x: Array) -> Any:
        return self.what


DENSE = (None, 7)
PICTURES = ((1, 8, 8), 64)


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        ([ng.Affine(7, 6), Centre(), ng.Tanh(), ng.Affine(6, 3)], DENSE),
        ([ng.Affine(7, 6), Centre(), ng.Affine(6, 3), Centre()], DENSE),
        ([ng.Conv2D(1, 2, 3), ng.Tanh(), Centre(), ng.Affine(72, 3)], PICTURES),
        ([ng.Affine(7, 6), Scale(6), ng.Affine(6, 3)], DENSE),
        ([ng.Conv2D(1, 2, 3), ng.Tanh(), Scale(72), ng.Affine(72, 3)], PICTURES),
        ([ng.Conv2D(1, 2, 3), ng.MaxPool2D(2), Scale(18), ng.Affine(18, 3)], PICTURES),
    ],
    ids=lambda value: "-".join(type(v).__name__ for v in value) if type(value) is list else "",
)
@pytest.mark.parametrize("options", [{}, {"kernels": False}, {"error_bars": True}], ids=str)
def test_forward_is_enough(layers: Any, shape: Any, options: dict[str, bool]) -> None:
    net = ng.Network([another(layer) for layer in layers], seed=1, input_shape=shape[0])
    x, t = np.random.default_rng(2).normal(size=(5, shape[1])), np.array([0, 1, 2, 2, 1])
    naive = net.numerical_gradient(x, t, method="naive")
    largest = max(np.abs(array).max() for array in naive.values())
    for method, tolerance in (("weight", 1e-10), ("node", 1e-6)):
        found = net.gradient(x, t, method=method, **options)
        for name in naive:
            np.testing.assert_allclose(found[name], naive[name], rtol=0, atol=tolerance * largest)


def another(layer: ng.Layer) -> ng.Layer:
    """Return another layer of the same arguments: a layer is for one network."""
    if isinstance(layer, Scale):
        return Scale(layer.params["s"].size)
    if isinstance(layer, ng.Affine):
        return ng.Affine(layer.input_size, layer.output_size)
    if isinstance(layer, ng.Conv2D):
        return ng.Conv2D(layer.in_channels, layer.out_channels, layer.kernel_size)
    return ng.MaxPool2D(layer.kernel_size) if isinstance(layer, ng.MaxPool2D) else type(layer)()


@pytest.mark.parametrize("layer", [SilentCentre, Noise])
@pytest.mark.parametrize("method", ["weight", "node"])
def test_samples_that_are_not_apart_are_seen(layer: type[ng.Layer], method: str) -> None:
    net = ng.Network([ng.Affine(4, 3), layer(), ng.Affine(3, 2)], seed=0)
    x = np.random.default_rng(0).normal(size=(5, 4))
    with pytest.raises(ParameterError, match="set its mixes_samples = True"):
        net.numerical_gradient(x, np.zeros(5, int), method=method)


def test_what_a_layer_may_not_return_or_do() -> None:
    x, t = np.random.default_rng(0).normal(size=(5, 4)), np.zeros(5, int)
    before = x.copy()
    with pytest.raises(ParameterError, match=r"layer 1, Overwrite\(\), must not write into its"):
        ng.Network([Overwrite(), ng.Affine(4, 2)]).loss(x, t)
    np.testing.assert_array_equal(x, before)
    for what, got in (([1.0], "got list"), (np.ones(5), r"got shape \(5,\)"), (None, "NoneType")):
        with pytest.raises(ParameterError, match=rf"layer 2, Returns\(\), must return .*{got}"):
            ng.Network([ng.Affine(4, 2), Returns(what)]).loss(x, t)


def test_an_input_that_is_returned_is_no_window_on_what_is_kept() -> None:
    class Identity(ng.Layer):
        def forward(self, x: Array) -> Array:
            return x

    net, x = ng.Network([Identity()]), np.ones((2, 3))
    net.forward(x)[...] = 7
    assert (x == 1).all()


def test_errors_of_a_layers_own_are_left_alone() -> None:
    class Fails(ng.Layer):
        def forward(self, x: Array) -> Array:
            raise ValueError("my own reason")

    with pytest.raises(ValueError, match=r"^my own reason$"):
        ng.Network([Fails()]).forward(np.ones((2, 3)))


def test_layers_that_contradict_themselves_and_classes() -> None:
    class Both(Centre):
        elementwise = True

    with pytest.raises(ParameterError, match=r"layer 2, Both.., must not be both elementwise and"):
        ng.Network([ng.Affine(3, 2), Both()])
    with pytest.raises(ParameterError, match=r"layer 1 .* got the class ReLU; make one of it: ReL"):
        ng.Network([ng.ReLU])  # type: ignore[list-item]
    with pytest.raises(ParameterError, match=r"got the class MeanSquaredError; make one"):
        ng.Network([ng.ReLU()], loss=ng.MeanSquaredError)  # type: ignore[arg-type]


class Returning(ng.Loss):
    """Squares, by a function of the errors (samples, outputs)."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def samples(self, y: Array, t: Array) -> Any:
        return self.function((y - t) ** 2)


def squares(loss: ng.Loss) -> tuple[ng.Network, Array, Array]:
    rng = np.random.default_rng(0)
    net = ng.Network([ng.Affine(4, 3)], loss, seed=0)
    return net, rng.normal(size=(5, 4)), rng.normal(size=(5, 3))


def test_a_loss_with_samples_alone() -> None:
    class Writes(ng.Loss):
        def samples(self, y: Array, t: Array) -> Array:
            y -= t
            return np.asarray((y**2).mean(axis=-1))

    reference, x, t = squares(ng.MeanSquaredError())
    exact = reference.gradient(x, t)
    for loss in (Returning(lambda errors: errors.mean(axis=-1)), Writes()):
        net = squares(loss)[0]
        for method in ("naive", "weight", "node"):
            found = net.gradient(x, t, method=method)
            for name in exact:
                np.testing.assert_allclose(found[name], exact[name], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize(
    ("function", "got"),
    [
        (lambda errors: errors.mean(), r"got shape \(\); the mean is taken elsewhere"),
        (lambda errors: errors, r"got shape \(5, 3\)"),
        (lambda errors: [0.0] * len(errors), "got list"),
    ],
)
def test_what_a_loss_may_not_return(function: Any, got: str) -> None:
    net, x, t = squares(Returning(function))
    for call in (net.loss, net.numerical_gradient):
        with pytest.raises(ParameterError, match=r"Returning\(\) must return one error for each"):
            call(x, t)
    with pytest.raises(ParameterError, match=got):
        net.loss(x, t)


@pytest.mark.parametrize(
    "function",
    [
        lambda errors: errors.mean(axis=-1) / errors.sum(),
        lambda errors: errors.mean(axis=-1) + np.random.default_rng().normal(),
    ],
    ids=["mixed", "chance"],
)
@pytest.mark.parametrize("method", ["weight", "node"])
def test_losses_that_do_not_keep_samples_apart_are_seen(function: Any, method: str) -> None:
    net, x, t = squares(Returning(function))
    with pytest.raises(ParameterError, match="gives another error for a sample alone"):
        net.numerical_gradient(x, t, method=method)
