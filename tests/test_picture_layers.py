"""Layers that see pictures, and those that do something else in training."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import nudgegrad as ng
from nudgegrad.validation import ParameterError

Array = NDArray[Any]


def test_convolution_worked_by_hand() -> None:
    layer = ng.Conv2D(1, 1, 2)
    assert layer.connect((1, 2, 3)) == (1, 1, 2)
    layer.params.update(W=np.array([[[[1.0, 2], [3, 4]]]]), b=np.array([0.5]))
    x = np.array([[1.0, 0, 2, 0, 1, 0]])  # 1 0 2 above 0 1 0
    # 1·1 + 2·0 + 3·0 + 4·1 + ½ = 5.5 and 1·0 + 2·2 + 3·1 + 4·0 + ½ = 7.5
    np.testing.assert_array_equal(layer.forward(x), [[5.5, 7.5]])
    # The lower middle cell is seen with 4 by the first place and with 3 by the second.
    rows = layer.fan_out(x, layer.forward(x), np.array([[0.5]]), slice(4, 5), "difference")
    np.testing.assert_array_equal(rows, [[[2.0, 1.5]]])
    gradient = layer.parameter_gradient(x, layer.forward(x), np.array([[1.0, 10]]))
    np.testing.assert_array_equal(gradient["W"][0, 0], [[1, 20], [10, 1]])
    np.testing.assert_array_equal(gradient["b"], [11])
    # 1·(1 2 0 / 3 4 0) + 10·(0 1 2 / 0 3 4)
    np.testing.assert_array_equal(
        layer.backward(x, layer.forward(x), np.array([[1.0, 10]])), [[1, 12, 20, 3, 34, 40]]
    )


@given(
    seed=st.integers(0, 10**6), shape=st.tuples(*[st.integers(1, 7)] * 3),
    kernel=st.tuples(st.integers(1, 3), st.integers(1, 3)), stride=st.integers(1, 3),
    padding=st.integers(0, 2), out=st.integers(1, 3),
)  # fmt: skip
def test_convolution_is_what_loops_say(
    seed: int, shape: Any, kernel: tuple[int, int], stride: int, padding: int, out: int
) -> None:
    rng = np.random.default_rng(seed)
    channels, height, width = shape
    layer = ng.Conv2D(channels, out, kernel, stride=stride, padding=padding)
    if height + 2 * padding < kernel[0] or width + 2 * padding < kernel[1]:
        with pytest.raises(ParameterError, match="takes pictures of at least"):
            layer.connect(shape)
        return
    layer.initialize(rng)
    layer.params["b"] = rng.normal(size=out)
    _, down, across = layer.connect(shape)
    x = rng.normal(size=(2, *shape))
    around = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    expected = np.empty((2, out, down, across))
    for n, o, p, q in np.ndindex(expected.shape):
        seen = around[
            n, :, p * stride : p * stride + kernel[0], q * stride : q * stride + kernel[1]
        ]
        expected[n, o, p, q] = np.sum(seen * layer.params["W"][o]) + layer.params["b"][o]
    np.testing.assert_allclose(layer.forward(x.reshape(2, -1)), expected.reshape(2, -1), atol=1e-13)


def test_pooling_worked_by_hand() -> None:
    layer = ng.MaxPool2D(2)
    assert layer.connect((1, 2, 5)) == (1, 1, 2)  # the last column is left out
    x = np.array([[1.0, 4, 0, 7, 9, 3, 2, 6, 5, 9]])
    y = layer.forward(x)
    np.testing.assert_array_equal(y, [[4, 7]])  # of 1 4 3 2 and of 0 7 6 5
    d = np.array([[5.0, -2, 1, -2, 3, 0.5, 1, 2, 1, 3]])
    moved, units = layer.carry(x, y, d, slice(None), "difference")
    # 1+5 passes 4; 4−2 falls below 3; 7−2 below 6; 3+½ and 2+1 reach nothing; 6+2 passes 7.
    np.testing.assert_array_equal(moved, [[2, -1, 0, -1, 0, 0, 0, 1, 0, 0]])
    np.testing.assert_array_equal(units, [0, 0, 1, 1, 0, 0, 0, 1, 1, 0])
    # Together: max(6, 2, 3.5, 3) − 4 and max(1, 5, 8, 6) − 7.
    np.testing.assert_array_equal(layer.difference(x, y, d), [[2, 1]])
    np.testing.assert_array_equal(
        layer.backward(x, y, np.array([[1.0, 10]])), [[0, 1, 0, 10, 0, 0, 0, 0, 0, 0]]
    )


@given(
    seed=st.integers(0, 10**6), shape=st.tuples(*[st.integers(2, 6)] * 3),
    kernel=st.tuples(st.integers(1, 2), st.integers(1, 2)), stride=st.integers(1, 3),
)  # fmt: skip
def test_separate_nudges_of_cells_are_differences_of_each_alone(
    seed: int, shape: Any, kernel: tuple[int, int], stride: int
) -> None:
    rng = np.random.default_rng(seed)
    layer = ng.MaxPool2D(kernel, stride=stride)
    layer.connect(shape)
    x = np.stack([rng.permutation(int(np.prod(shape))) for _ in range(3)]).astype(float)
    y, d = layer.forward(x), rng.integers(-9, 10, x.shape).astype(float)
    alone = np.stack([np.where(np.arange(x.shape[1]) == j, d, 0.0) for j in range(x.shape[1])], 1)
    expected = np.stack([layer.forward(x + alone[:, j]) - y for j in range(x.shape[1])], 1)
    np.testing.assert_array_equal(layer.fan_out(x, y, d, slice(None), "difference"), expected)
    for rule in (layer.difference, layer.difference_apart):
        np.testing.assert_array_equal(rule(x[:, None], y[:, None], alone), expected)
    assert layer.keeps_units == (stride >= max(kernel))
    if layer.keeps_units:
        chosen = rng.permutation(x.shape[1])[:5]
        moved, units = layer.carry(x, y, d[:, chosen], chosen, "difference")
        assert not isinstance(units, slice)
        rows = moved[..., None] * np.eye(y.shape[1])[units]
        np.testing.assert_array_equal(rows, expected[:, chosen])


@given(
    seed=st.integers(0, 10**6), shape=st.tuples(*[st.integers(2, 6)] * 3),
    kernel=st.integers(1, 2), stride=st.integers(1, 2), size=st.floats(-0.9, 0.9),
)  # fmt: skip
def test_cells_that_are_equal_share_what_they_do_together(
    seed: int, shape: Any, kernel: int, stride: int, size: float
) -> None:
    rng = np.random.default_rng(seed)
    layer = ng.MaxPool2D(kernel, stride=stride)
    layer.connect(shape)
    x = rng.integers(0, 4, (3, int(np.prod(shape)))).astype(float)
    y = layer.forward(x)
    apart = layer.fan_out(x, y, np.full_like(x, size), slice(None), "difference")
    for value in range(4):  # move all cells of one value, by less than to the next one
        together = np.where(x == value, size, 0.0)
        expected = layer.difference(x, y, together)
        found = np.sum(np.where((x == value)[..., None], apart, 0.0), axis=1)
        np.testing.assert_allclose(found, expected, atol=1e-12)
        np.testing.assert_allclose(layer.difference_apart(x, y, together), expected, atol=1e-12)
    if layer.keeps_units:
        moved, units = layer.carry(x, y, np.full_like(x, size), slice(None), "difference")
        assert not isinstance(units, slice)
        np.testing.assert_allclose(moved[..., None] * np.eye(y.shape[1])[units], apart, atol=1e-12)


def test_the_empty_part_of_a_picture() -> None:
    layers = [
        ng.Conv2D(1, 3, 2), ng.GELU(), ng.MaxPool2D(2), ng.Conv2D(3, 2, 2), ng.Tanh(),
        ng.MaxPool2D(2, stride=1), ng.Affine(2 * 3 * 3, 3),
    ]  # fmt: skip
    net = ng.Network(layers, input_shape=(1, 11, 11), seed=0)
    rng = np.random.default_rng(0)
    net.params["b1"] += rng.normal(size=3)
    x = np.zeros((4, 1, 11, 11))
    x[:, :, :4, 3:7] = rng.normal(size=(4, 1, 4, 4))
    t = np.array([0, 1, 2, 0])
    exact = net.gradient(x, t)
    for method in ("naive", "weight", "node"):
        found = net.numerical_gradient(x, t, method, error_bars=True)
        assert found.errors is not None
        for name in exact:
            assert np.all(np.abs(found[name] - exact[name]) <= 1.5 * found.errors[name])
    assert ng.check(net, x, t).passed


def test_small_nudges_of_large_maxima_keep_their_digits() -> None:
    layer = ng.MaxPool2D(2)
    layer.connect((1, 2, 2))
    x = np.array([[1000.0, 1, 2, 3]], dtype=np.float32)
    d = np.array([[1e-6, 1, 1, 1]], dtype=np.float32)
    assert layer.difference(x, layer.forward(x), d)[0, 0] == np.float32(1e-6)
    assert layer.carry(x, layer.forward(x), d, slice(None), "difference")[0][0, 0] == d[0, 0]


@pytest.mark.parametrize("cells", [1, 4])
@given(seed=st.integers(0, 10**6), size=st.floats(-9, 1), nudges=st.integers(1, 3))
def test_batch_norms_rule_is_exact(cells: int, seed: int, size: float, nudges: int) -> None:
    rng = np.random.default_rng(seed)
    for dtype in (np.float32, np.float64):
        layer = ng.BatchNorm(2)
        layer.connect((2, cells, 1))
        layer.initialize(rng)
        layer.params.update(gamma=rng.normal(size=2).astype(dtype), beta=np.ones(2, dtype))
        x = rng.normal(rng.normal(scale=3), rng.uniform(0.3, 2), (5, 2 * cells)).astype(dtype)
        d = (10**size * rng.normal(size=(5, nudges, 2 * cells))).astype(dtype)
        batch = layer.prepare(x, 0)
        y = batch.forward(x)
        change = batch.difference(x[:, None], y[:, None], d)
        assert change.dtype == dtype
        expected = exact(layer, x[:, None], d)
        scale = batch.magnitude(x[:, None], y[:, None], np.abs(d))
        assert np.all(np.abs(change - expected) <= 20 * np.finfo(dtype).eps * scale + 1e-17)
        if cells > 1:
            part, units = batch.partial(x, y, d[..., :cells], slice(0, cells), "difference")
            whole = np.concatenate([d[..., :cells], np.zeros_like(d[..., cells:])], axis=-1)
            assert units == slice(0, cells)
            expected = batch.difference(x[:, None], y[:, None], whole)[..., units]
            tolerance = 20 * np.finfo(dtype).eps * scale[..., units].max()
            np.testing.assert_allclose(part, expected, rtol=0, atol=tolerance)


def exact(layer: ng.BatchNorm, x: Array, d: Array) -> Any:
    def normalize(values: Array) -> Any:
        v = values.astype(np.longdouble).reshape(len(values), -1, 2, layer.cells)
        v = v - v.mean(axis=(0, -1), keepdims=True)
        v = v / np.sqrt(np.mean(v**2, axis=(0, -1), keepdims=True) + layer.epsilon)
        v = v * layer.params["gamma"].astype(np.longdouble)[:, None]
        return v.reshape(len(values), -1, 2 * layer.cells)

    return normalize(x.astype(np.longdouble) + d.astype(np.longdouble)) - normalize(x)


def test_batch_norm_takes_running_statistics_to_predict() -> None:
    net = ng.Network([ng.BatchNorm(3), ng.Affine(3, 2)], seed=0)
    x, t = np.random.default_rng(0).normal(2, 3, (50, 3)), np.zeros(50, int)
    before = {name: array.copy() for name, array in net.buffers.items()}
    gradient = net.gradient(x, t, training_step=0)
    for name, array in before.items():
        np.testing.assert_array_equal(net.buffers[name], array)  # a gradient changes nothing
    np.testing.assert_allclose(gradient.buffers["running_mean1"], 0.1 * x.mean(axis=0))
    np.testing.assert_allclose(gradient.buffers["running_var1"], 0.9 + 0.1 * x.var(axis=0, ddof=1))
    assert net.gradient(x, t).buffers == {}
    for step in range(100):
        net.buffers.update(net.gradient(x, t, training_step=step).buffers)
    assert net.loss(x, t) == pytest.approx(net.loss(x, t, training_step=0), rel=1e-2)


def test_masks_follow_from_seed_and_step() -> None:
    x, t = np.ones((200, 10)), np.zeros(200, int)

    def outputs(net: ng.Network, step: int) -> Array:
        masked: Array = net.layers[0].prepare(x, step).forward(x)
        return masked

    net = ng.Network([ng.Dropout(0.2, seed=1), ng.Affine(10, 2)], seed=0)
    mask = outputs(net, 3)
    assert set(np.unique(mask)) == {0.0, 1.25}
    assert np.mean(mask == 0) == pytest.approx(0.2, abs=0.03)
    np.testing.assert_array_equal(mask, outputs(net, 3))
    np.testing.assert_array_equal(mask, outputs(net.copy(), 3))
    assert np.any(mask != outputs(net, 4))
    assert np.any(mask != outputs(ng.Network([ng.Dropout(0.2, seed=2), ng.Affine(10, 2)]), 3))
    assert net.loss(x, t) == net.loss(0 + x, t) != net.loss(x, t, training_step=3)
    assert net.loss(x, t, training_step=3) == net.gradient(x, t, training_step=3).loss
    # Without a seed of its own it has one from the network's.
    a, b, c = (ng.Network([ng.Dropout(0.2), ng.Affine(10, 2)], seed=s) for s in (5, 5, 6))
    np.testing.assert_array_equal(outputs(a, 0), outputs(b, 0))
    assert np.any(outputs(a, 0) != outputs(c, 0))
    np.testing.assert_array_equal(outputs(a.copy("float32"), 0) == 0, outputs(a, 0) == 0)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ng.Conv2D(0, 1, 3), "in_channels must be at least 1, got 0"),
        (lambda: ng.Conv2D(1, 1, (3, 0)), "kernel_size must be at least 1, got 0"),
        (lambda: ng.Conv2D(1, 1, (3, 3, 3)), "kernel_size must be a whole number"),  # type: ignore[arg-type]
        (lambda: ng.Conv2D(1, 1, 3, stride=0), "stride must be at least 1, got 0"),
        (lambda: ng.Conv2D(1, 1, 3, weight_init_std="hee"), "did you mean 'he'"),
        (lambda: ng.MaxPool2D((1, 2)), "stride must be given"),
        (lambda: ng.Dropout(1), "p must be a finite number, at least 0 and below 1, got 1"),
        (lambda: ng.BatchNorm(3, momentum=1.5), "momentum must be at most 1, got 1.5"),
        (lambda: ng.BatchNorm(3, epsilon=0), "epsilon must be"),
        (lambda: ng.LeakyReLU(-1), "negative_slope must be"),
    ],
)
def test_wrong_arguments(make: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        make()


@pytest.mark.parametrize(
    ("layers", "shape", "message"),
    [
        ([ng.Conv2D(1, 2, 3)], None, r"layer 1, Conv2D\(1, 2, 3\), must know .*input_shape="),
        ([ng.Conv2D(1, 2, 3)], (784,), r"layer 1, .* takes pictures .*got samples of \(784,\)"),
        ([ng.Conv2D(3, 2, 3)], (1, 28, 28), "takes 3 channels, but what comes in has 1"),
        ([ng.ReLU(), ng.MaxPool2D(2)], (1, 1, 2), r"layer 2, .*at least 2×2 .*got \(1, 1, 2\)"),
        ([ng.Conv2D(1, 2, 3), ng.Affine(9, 2)], (1, 6, 6),
         r"layer 2, Affine\(9, 2\), takes 9 features, .*give 32, as \(2, 4, 4\)"),
        ([ng.BatchNorm(2)], (3,), r"takes 2 features, but the layers before it give 3"),
        ([ng.BatchNorm(2)], (3, 4, 4), r"takes 2 channels, .*give 3, as \(3, 4, 4\)"),
        ([ng.Flatten()], (0, 3), r"input_shape must be whole numbers .*got \(0, 3\)"),
        ([ng.Flatten()], "28", "input_shape must be whole numbers .*got '28'"),
    ],
)  # fmt: skip
def test_wrong_shapes(layers: list[ng.Layer], shape: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        ng.Network(layers, input_shape=shape)


def test_inputs_are_rows_or_pictures() -> None:
    layers = [ng.Conv2D(1, 2, 3), ng.Flatten(), ng.Affine(2 * 4 * 4, 3)]
    net = ng.Network(layers, input_shape=(1, 6, 6), seed=0)
    x, t = np.random.default_rng(0).normal(size=(5, 1, 6, 6)), np.array([0, 1, 2, 0, 1])
    rows = x.reshape(5, 36)
    np.testing.assert_array_equal(net.predict(x), net.predict(rows))
    np.testing.assert_allclose(net.predict(x[0]), net.predict(rows)[0], rtol=1e-12)
    assert net.loss(x, t) == net.loss(rows, t)
    assert net.accuracy(x, t) == net.accuracy(rows, t)
    assert net.loss(x[0], np.array(0)) == net.loss(rows[:1], t[:1])
    for name, gradient in net.numerical_gradient(x, t).items():
        np.testing.assert_array_equal(gradient, net.numerical_gradient(rows, t)[name])
    with pytest.raises(ParameterError, match=r"x must be \(samples, 1, 6, 6\), or rows of 36"):
        net.predict(x.reshape(5, 6, 6, 1))
    with pytest.raises(ParameterError, match=r"must be given \(samples, 36\), got \(5, 35\)"):
        net.predict(rows[:, 1:])
    assert net.copy().input_shape == (1, 6, 6)
    # Rows make it harmless if Flatten is missing.
    short = ng.Network([ng.Conv2D(1, 2, 3), ng.Affine(32, 3)], input_shape=(1, 6, 6), seed=0)
    assert list(short.params) == ["W1", "b1", "W2", "b2"]


def test_initializers() -> None:
    for init, expected in (("he", 2), ("xavier", 1), (None, 1)):
        net = ng.Network(
            [ng.Conv2D(8, 64, 5, weight_init_std=init), ng.Affine(64, 500, weight_init_std=init)],
            input_shape=(8, 5, 5), seed=0,
        )  # fmt: skip
        assert np.std(net.params["W1"]) == pytest.approx(np.sqrt(expected / 200), rel=0.05)
        assert np.std(net.params["W2"]) == pytest.approx(np.sqrt(expected / 64), rel=0.05)
    assert np.std(ng.Network([ng.Affine(100, 100, weight_init_std=3)]).params["W1"]) > 2
