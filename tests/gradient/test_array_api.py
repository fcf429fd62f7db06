"""The same lines run on arrays of another library: the strict one has nothing but the standard."""

import array_api_strict as xp
import numpy as np
import pytest

import nudgegrad as ng
from tests.networks import make_case


@pytest.mark.parametrize("loss", ["cross_entropy", "pure_cross_entropy", "mean_squared_error"])
@pytest.mark.parametrize("method", ["weight", "node", "backprop"])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_strict_arrays_give_what_numpy_gives(method: str, dtype: str, loss: str) -> None:
    net, x, t = make_case(5, [4, 3, 3, 3, 2], ["sigmoid", "tanh", "relu"], loss, 4, dtype)
    expected = net.gradient(x, t, method=method, error_bars=method != "backprop")
    strict = net.map_parameters(xp.asarray)
    found = strict.gradient(
        xp.asarray(x), xp.asarray(t), method=method, error_bars=method != "backprop"
    )
    for name in expected:
        assert found[name].dtype == getattr(xp, dtype)
        np.testing.assert_allclose(np.asarray(found[name]), expected[name], rtol=1e-5, atol=1e-7)
    assert found.loss == pytest.approx(expected.loss, rel=1e-6)


def test_functions_on_strict_arrays() -> None:
    x = np.array([[-1000.0, 0.5, 1000.0]])
    for function in (ng.functions.sigmoid, ng.functions.softmax, ng.functions.sigmoid_grad):
        np.testing.assert_array_equal(np.asarray(function(xp.asarray(x))), function(x))
    y = np.array([[0.2, 0.8], [0.5, 0.5]])
    for t in (np.array([1, 0]), np.eye(2)):
        found = ng.functions.cross_entropy_error(xp.asarray(y), xp.asarray(t))
        assert found == ng.functions.cross_entropy_error(y, t)
