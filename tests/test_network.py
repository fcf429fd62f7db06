import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.validation import ParameterError


@pytest.fixture
def net() -> ng.TwoLayerNet:
    return ng.TwoLayerNet(input_size=6, hidden_size=4, output_size=3, weight_init_std=0.5, seed=0)


def test_the_lessons_interface(net: ng.TwoLayerNet) -> None:
    x, t = np.random.default_rng(0).random((5, 6)), np.array([0, 1, 2, 0, 1])
    assert {name: array.shape for name, array in net.params.items()} == {
        "W1": (6, 4), "b1": (4,), "W2": (4, 3), "b2": (3,),
    }  # fmt: skip
    y = net.predict(x)
    assert y.shape == (5, 3)
    np.testing.assert_allclose(y.sum(axis=1), 1)
    assert net.loss(x, t) == pytest.approx(ng.functions.cross_entropy_error(y, t), rel=1e-12)
    assert net.loss(x, np.eye(3)[t]) == net.loss(x, t)
    assert net.accuracy(x, t) == np.mean(y.argmax(axis=1) == t)
    assert net.accuracy(x, np.eye(3)[t]) == net.accuracy(x, t)
    before = net.loss(x, t)
    for name, gradient in net.numerical_gradient(x, t).items():
        net.params[name] -= 0.1 * gradient
    assert net.loss(x, t) < before


def test_a_single_sample(net: ng.TwoLayerNet) -> None:
    x = np.random.default_rng(0).random((2, 6))
    np.testing.assert_allclose(net.predict(x[0]), net.predict(x)[0], rtol=1e-12)
    one = net.loss(x[:1], np.array([2]))
    for t in (np.array(2), np.array([2]), np.array([0, 0, 1])):
        assert net.loss(x[0], t) == pytest.approx(one)


def test_parameters_are_live(net: ng.TwoLayerNet) -> None:
    array = net.params["W1"]
    net.params["W1"] = np.ones((6, 4))
    assert net.params["W1"] is array
    assert np.all(array == 1)
    net.params["W1"] -= 0.5
    assert np.all(array == 0.5)
    with pytest.raises(ParameterError, match=r"W1 must have shape \(6, 4\), got \(4, 6\)"):
        net.params["W1"] = np.ones((4, 6))
    with pytest.raises(KeyError, match="the network has W1, b1, W2, b2"):
        net.params["W3"] = np.ones(3)
    with pytest.raises(TypeError, match="cannot be removed"):
        del net.params["W1"]


def test_seeds_and_dtypes() -> None:
    a, b = (ng.TwoLayerNet(4, 3, 2, seed=7) for _ in range(2))
    c = ng.TwoLayerNet(4, 3, 2, seed=7, dtype="float32")
    fresh = ng.TwoLayerNet(4, 3, 2)
    np.testing.assert_array_equal(a.params["W1"], b.params["W1"])
    np.testing.assert_array_equal(a.params["W1"].astype("float32"), c.params["W1"])
    assert not np.array_equal(a.params["W1"], fresh.params["W1"])
    x = np.ones((2, 4))
    assert c.predict(x).dtype == np.float32
    assert all(g.dtype == np.float32 for g in c.numerical_gradient(x, [0, 1]).values())


def test_weight_init_std() -> None:
    net = ng.TwoLayerNet(500, 40, 10, seed=0)
    assert np.std(net.params["W1"]) == pytest.approx(0.01, rel=0.05)
    assert not net.params["b1"].any()
    assert np.std(ng.Network([ng.Affine(400, 50)], seed=0).params["W1"]) == pytest.approx(
        0.05, rel=0.05
    )


def test_copies_are_independent(net: ng.TwoLayerNet) -> None:
    other = net.copy()
    other.params["b1"] = np.ones(4)
    assert not net.params["b1"].any()
    assert net.copy("float32").dtype == np.float32
    assert repr(net) == (
        "TwoLayerNet([Affine(6, 4), Sigmoid(), Affine(4, 3)], CrossEntropy(epsilon=1e-07), float64)"
    )


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((5, 7), r"layer 1, Affine\(6, 4\), must be given \(samples, 6\), got \(5, 7\)"),
        ((5, 2, 3), r"got \(5, 2, 3\); flatten"),
    ],
)
def test_wrong_inputs_name_the_layer(
    net: ng.TwoLayerNet, shape: tuple[int, ...], message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        net.predict(np.ones(shape))


def test_wrong_batches(net: ng.TwoLayerNet) -> None:
    with pytest.raises(ParameterError, match="as many samples"):
        net.loss(np.ones((3, 6)), np.array([0, 1]))
    for function in (net.numerical_gradient, net.loss, net.accuracy):
        with pytest.raises(ParameterError, match="at least one sample"):
            function(np.ones((0, 6)), np.empty(0, dtype=int))
    with pytest.raises(ParameterError, match="x must hold numbers"):
        net.predict(np.array(["a"]))


def test_a_layer_is_for_one_network(net: ng.TwoLayerNet) -> None:
    before = net.params["W1"].copy()
    with pytest.raises(ParameterError, match=r"layer 1, Affine\(6, 4\), must not be another netw"):
        ng.Network([*net.layers[:2], ng.Affine(4, 2)])
    np.testing.assert_array_equal(net.params["W1"], before)
    fresh = ng.Affine(3, 2)
    with pytest.raises(ParameterError, match="takes 3 features"):
        ng.Network([ng.Affine(5, 4), fresh])
    assert ng.Network([fresh]).params["W1"].shape == (3, 2)  # the first one was never made


def test_wrong_networks() -> None:
    affine = ng.Affine(2, 2)
    for layers, message in (
        ([], "at least one layer"),
        ([affine, affine], "layer 2 must not be the same object"),
        ([ng.Affine(2, 3), ng.Sigmoid(), ng.Affine(4, 2)], "layer 3, .*takes 4 features.*give 3"),
        ([lambda x: x], "layer 1 must be a nudgegrad.Layer, got function"),
    ):
        with pytest.raises(ParameterError, match=message):
            ng.Network(layers)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="loss must be"):
        ng.Network([affine], loss="mse")  # type: ignore[arg-type]
    for seed in ("a", 1.5, -1):
        with pytest.raises(ParameterError, match=r"seed must be a whole number .*, got"):
            ng.Network([affine], seed=seed)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="dtype must be 'float32' or 'float64', got 'int8'"):
        ng.Network([affine], dtype="int8")


def test_accuracy_goes_by_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    network = ng.TwoLayerNet(6, 5, 3, weight_init_std=1.0, seed=0)
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(50, 6)), rng.integers(3, size=50)
    right = int((network.predict(x).argmax(axis=1) == t).sum())
    assert network.accuracy(x, t) == right / 50
    monkeypatch.setattr("nudgegrad.parts.WIDE_NUMBERS", 5 * 7)
    assert network.accuracy(x, t) == right / 50
    assert network.accuracy(x, np.eye(3)[t]) == right / 50
