"""The same lines run on arrays of another library: the strict one has nothing but the standard."""

import array_api_strict as xp
import numpy as np
import pytest

import nudgegrad as ng
from tests.networks import LOSSES, make_case


@pytest.mark.parametrize("loss", sorted(LOSSES))
@pytest.mark.parametrize("method", ["weight", "node", "backprop"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_strict_arrays_give_what_numpy_gives(method: str, dtype: str, loss: str) -> None:
    activations = ["sigmoid", "tanh", "relu", "leaky_relu", "gelu"]
    net, x, t = make_case(5, [4, 3, 3, 3, 3, 3, 2], activations, loss, 4, dtype)
    expected = net.gradient(x, t, method=method, error_bars=method != "backprop")
    strict = net.map_parameters(xp.asarray)
    found = strict.gradient(
        xp.asarray(x), xp.asarray(t), method=method, error_bars=method != "backprop"
    )
    for name in expected:
        assert found[name].dtype == getattr(xp, dtype)
        np.testing.assert_allclose(np.asarray(found[name]), expected[name], rtol=1e-5, atol=1e-7)
    assert found.loss == pytest.approx(expected.loss, rel=1e-6)


@pytest.mark.parametrize("method", ["weight", "node", "backprop"])
@pytest.mark.parametrize("training_step", [None, 3])
@pytest.mark.parametrize("overlap", [False, True])
def test_pictures_in_strict_arrays(method: str, training_step: int | None, overlap: bool) -> None:
    net = ng.Network(
        [
            ng.Conv2D(1, 2, 3, padding=1), ng.BatchNorm(2), ng.Tanh(), ng.MaxPool2D(2),
            ng.Dropout(0.4), ng.Conv2D(2, 3, 2), ng.GELU(),
            ng.MaxPool2D(1 + overlap, stride=1), ng.Flatten(),
            ng.Affine(12 if overlap else 27, 3), ng.BatchNorm(3), ng.Affine(3, 2),
        ],
        input_shape=(1, 8, 8),
        seed=0,
    )  # fmt: skip
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(3, 1, 8, 8)), np.array([0, 1, 1])
    options = {"training_step": training_step, "error_bars": method != "backprop"}
    expected = net.gradient(x, t, method, **options)
    strict = net.map_parameters(xp.asarray)
    found = strict.gradient(xp.asarray(x), xp.asarray(t), method, **options)
    for name in expected:
        np.testing.assert_allclose(np.asarray(found[name]), expected[name], rtol=1e-5, atol=1e-9)
    assert list(found.buffers) == list(expected.buffers)
    for name, buffer in expected.buffers.items():
        np.testing.assert_allclose(np.asarray(found.buffers[name]), buffer, rtol=1e-6)


def test_functions_on_strict_arrays() -> None:
    x = np.array([[-1000.0, 0.5, 1000.0]])
    for function in (ng.functions.sigmoid, ng.functions.softmax, ng.functions.sigmoid_grad):
        np.testing.assert_array_equal(np.asarray(function(xp.asarray(x))), function(x))
    y = np.array([[0.2, 0.8], [0.5, 0.5]])
    for t in (np.array([1, 0]), np.eye(2)):
        found = ng.functions.cross_entropy_error(xp.asarray(y), xp.asarray(t))
        assert found == ng.functions.cross_entropy_error(y, t)
