"""The one call: counts, progress, cancellation, samples, errors, and users' own layers."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import nudgegrad as ng
from nudgegrad.gradient import METHODS
from nudgegrad.validation import ParameterError
from tests.networks import make_case

Array = NDArray[Any]

NUMERICAL = ("naive", "weight", "node")


@pytest.fixture
def case() -> tuple[ng.Network, Array, Array]:
    return make_case(3, [4, 3, 2], ["sigmoid"], "cross_entropy", 5, "float64")


@pytest.mark.parametrize(
    ("method", "evaluations"),
    # 4·3 + 3 + 3·2 + 2 = 23 parameters; (3 + 2) units · 5 samples = 25 nodes
    [("naive", 2 * 23), ("weight", 2 * 23), ("node", 2 * 25), ("backprop", 1)],
)
def test_evaluations_are_counted(case: Any, method: str, evaluations: int) -> None:
    net, x, t = case
    told: list[tuple[int, int]] = []
    gradient = net.gradient(x, t, method=method, progress=lambda *state: told.append(state))
    assert gradient.loss_evaluations == evaluations
    assert gradient.loss == pytest.approx(net.loss(x, t), rel=1e-14)
    assert gradient.method == method
    assert told[-1] == (evaluations, evaluations)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    if method != "backprop":
        assert (
            net.gradient(x, t, method=method, error_bars=True).loss_evaluations == 2 * evaluations
        )


def test_naive_really_evaluates_the_loss_so_often(case: Any, monkeypatch: Any) -> None:
    net, x, t = case
    calls = 0
    forward = ng.Sigmoid.forward

    def counted(self: ng.Sigmoid, values: Array) -> Any:
        nonlocal calls
        calls += 1
        return forward(self, values)

    monkeypatch.setattr(ng.Sigmoid, "forward", counted)
    net.gradient(x, t, method="naive")
    assert calls == 2 * 23 + 1
    calls = 0
    net.gradient(x, t, method="node", kernels=False)
    assert calls == 1


@pytest.mark.parametrize("error_bars", [False, True])
@pytest.mark.parametrize("method", NUMERICAL)
def test_progress_ends_at_its_total_though_zero_inputs_are_skipped(
    case: Any, method: str, error_bars: bool
) -> None:
    net, x, t = case
    x = np.where(np.arange(x.shape[1]) < 2, 0.0, x)  # two inputs that are zero in every sample
    told: list[tuple[int, int]] = []
    net.gradient(x, t, method=method, error_bars=error_bars, progress=lambda *s: told.append(s))
    assert told[-1][0] == told[-1][1]
    assert [done for done, _ in told] == sorted({done for done, _ in told})


@pytest.mark.parametrize("method", NUMERICAL)
def test_cancelling_leaves_the_parameters_alone(case: Any, method: str) -> None:
    net, x, t = case
    before = {name: array.tobytes() for name, array in net.params.items()}
    with pytest.raises(ng.Cancelled, match="of"):
        net.numerical_gradient(x, t, method=method, cancel=lambda: True)
    assert {name: array.tobytes() for name, array in net.params.items()} == before


@pytest.mark.parametrize("method", METHODS)
def test_gradients_leave_the_parameters_alone(case: Any, method: str) -> None:
    net, x, t = case
    before = {name: array.tobytes() for name, array in net.params.items()}
    net.gradient(x, t, method=method)
    assert {name: array.tobytes() for name, array in net.params.items()} == before


def test_naive_on_a_sample_says_which(case: Any) -> None:
    net, x, t = case
    whole = net.numerical_gradient(x, t, method="naive")
    part = net.numerical_gradient(x, t, method="naive", sample=8, seed=1)
    assert part.sampled is not None
    assert all(mask.any() for mask in part.sampled.values())
    drawn = sum(int(mask.sum()) for mask in part.sampled.values())
    assert part.loss_evaluations == 2 * drawn
    assert 7 <= drawn <= 10
    assert "sample of" in repr(part)
    for name, mask in part.sampled.items():
        np.testing.assert_array_equal(part[name][mask], whole[name][mask])
        assert np.all(np.isnan(part[name][~mask]))
    again = net.numerical_gradient(x, t, method="naive", sample=8, seed=1)
    assert again.sampled is not None
    assert all(np.array_equal(part.sampled[k], again.sampled[k]) for k in part.sampled)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "nodes"}, "method must be one of .*did you mean 'node'"),
        ({"h": 0}, "h must be a finite number, above 0, got 0"),
        ({"h": float("nan")}, "h must be"),
        ({"method": "node", "sample": 5}, "only naive takes it"),
        ({"method": "naive", "sample": 0}, "sample must be at least 1, got 0"),
        ({"method": "backprop", "error_bars": True}, "error_bars must be False"),
    ],
)
def test_wrong_options(case: Any, options: dict[str, Any], message: str) -> None:
    net, x, t = case
    with pytest.raises(ParameterError, match=message):
        net.gradient(x, t, **options)


def test_numerical_gradient_refuses_backprop(case: Any) -> None:
    net, x, t = case
    with pytest.raises(ParameterError, match=r"gradient\(x, t\) is backpropagation"):
        net.numerical_gradient(x, t, method="backprop")


class Square(ng.Layer):
    """A user's layer: forward alone."""

    def forward(self, x: Array) -> Array:
        return np.asarray(0.5 * x**2 + x)


class Scale(ng.Layer):
    """A user's layer with a parameter, and not linear in it."""

    def __init__(self, size: int) -> None:
        self.params["a"] = np.linspace(0.5, 1.5, size)

    def forward(self, x: Array) -> Array:
        return np.asarray(x * np.exp(self.params["a"]))


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_layer_with_only_forward(dtype: str) -> None:
    layers = [ng.Affine(4, 3), Square(), Scale(3), ng.Affine(3, 3), Square(), ng.Affine(3, 2)]
    net = ng.Network(layers, seed=0, dtype=dtype)
    rng = np.random.default_rng(0)
    x, t = rng.uniform(-1, 1, (6, 4)).astype(dtype), rng.integers(0, 2, 6)
    assert list(net.params) == ["W1", "b1", "a1", "W2", "b2", "W3", "b3"]
    exact = net.copy("float64").numerical_gradient(x, t, method="naive")
    for method in NUMERICAL:
        # Plain subtractions in float32 round: a larger nudge is the remedy.
        h = 1e-4 if dtype == "float64" else 1e-2
        found = net.numerical_gradient(x, t, method=method, h=h, error_bars=True)
        assert found.errors is not None
        for name in exact:
            error = np.abs(found[name] - exact[name])
            assert np.all(error <= found.errors[name] + 1e-10)
            assert error.max() < (1e-7 if dtype == "float64" else 2e-3)
    with pytest.raises(ParameterError, match=r"layer 5, Square\(\) has no backward"):
        net.gradient(x, t)


def test_a_nudge_too_small_for_the_parameters_dtype() -> None:
    net = ng.Network([Scale(3), ng.Affine(3, 2)], seed=0, dtype="float32")
    net.params["a1"] = np.full(3, 60.0)
    before = net.params["a1"].tobytes()
    for method in NUMERICAL:
        with pytest.raises(ParameterError, match="h must be large enough to change"):
            net.numerical_gradient(np.zeros((1, 3)), np.array([0]), method=method, h=1e-6)
        assert net.params["a1"].tobytes() == before


def test_a_layer_that_lacks_parameter_gradient() -> None:
    class Backward(Scale):
        def backward(self, x: Array, y: Array, dy: Array) -> Array:
            return np.asarray(dy * np.exp(self.params["a"]))

    net = ng.Network([Backward(2), ng.Affine(2, 2)], seed=0)
    with pytest.raises(ParameterError, match=r"layer 1, Backward\(\) has parameters but no"):
        net.gradient(np.ones((1, 2)), np.array([0]))


def test_a_loss_without_gradient() -> None:
    class Absolute(ng.Loss):
        def samples(self, y: Array, t: Array) -> Array:
            return np.asarray(np.sum(np.abs(y - t), axis=1))

    net = ng.Network([ng.Affine(2, 2)], Absolute(), seed=0)
    x, t = np.ones((1, 2)), np.array([[5.0, -5.0]])
    naive = net.numerical_gradient(x, t, method="naive")
    node = net.numerical_gradient(x, t, method="node")
    np.testing.assert_allclose(node["W1"], naive["W1"], atol=1e-9)
    with pytest.raises(ParameterError, match=r"loss Absolute\(\) has no gradient"):
        net.gradient(x, t)
