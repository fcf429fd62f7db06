"""Networks that are linear in pieces, and pooling, against the array lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nudgegrad as ng
from nudgegrad.gradient.kernels import pieces, sparse, threads
from nudgegrad.gradient.trace import make_trace
from tests.networks import TrainingCase, make_case, picture_cases

ROUNDING = {"float64": 3e-13, "float32": 3e-5}
"""Of a difference, relative to the largest of the network: products of several layers' weights,
rounded in another order than row by row.
"""


def assert_equal_to_array_lines(case: TrainingCase, h: float) -> None:
    net, x, t, step = case
    options: dict[str, Any] = {"method": "node", "h": h, "training_step": step}
    kernels = net.numerical_gradient(x, t, **options)
    lines = net.numerical_gradient(x, t, kernels=False, **options)
    assert kernels.loss_evaluations == lines.loss_evaluations
    # Slopes may cancel in a parameter, as before a BatchNorm; what was added up has this size.
    size = max(0.1, *(float(np.abs(expected).max()) for expected in lines.values()))
    for name, expected in lines.items():
        assert kernels[name].dtype == expected.dtype == net.dtype
        tolerance = ROUNDING[str(net.dtype)] * size * max(1.0, 1e-4 / h)
        np.testing.assert_allclose(kernels[name], expected, rtol=0, atol=tolerance)


@pytest.fixture(autouse=True, scope="module")
def every_sample_may_switch() -> Iterator[None]:
    """Have row by row what would be left to the array lines whole."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces, "MOST_SWITCHING", 1.0)
        yield


@given(picture_cases(), st.sampled_from([1e-5, 1e-4, 1e-2, 0.2, 2.0]))
@settings(deadline=None)
def test_pictures_in_float64(case: TrainingCase, h: float) -> None:
    assert_equal_to_array_lines(case, h)


@given(picture_cases(dtype="float32"), st.sampled_from([1e-4, 1e-2, 0.2]))
@settings(deadline=None)
def test_pictures_in_float32(case: TrainingCase, h: float) -> None:
    assert_equal_to_array_lines(case, h)


def convnet(dtype: str, seed: int = 0) -> tuple[ng.Network, np.ndarray, np.ndarray]:
    layers: list[ng.Layer] = [
        ng.Conv2D(1, 4, 3), ng.ReLU(), ng.MaxPool2D(2), ng.Flatten(), ng.Affine(36, 11),
        ng.LeakyReLU(0.2), ng.Dropout(0.3), ng.Affine(11, 7), ng.ReLU(), ng.Affine(7, 3),
    ]  # fmt: skip
    net = ng.Network(layers, seed=seed, dtype=dtype, input_shape=(1, 9, 9))
    rng = np.random.default_rng(seed)
    for name, array in net.params.items():
        array[...] = rng.normal(scale=0.4, size=array.shape)
        if name[0] == "b":
            array *= 0.2
    x = rng.normal(size=(9, 81)) * (rng.random((9, 81)) < 0.3)  # some windows see zeros alone
    x[3:5] = 0
    return net, x.astype(dtype), rng.integers(0, 3, 9)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("h", [1e-4, 1e-2, 0.3])
@pytest.mark.parametrize("step", [None, 4])
def test_units_that_switch_and_cells_that_are_equal(step: int | None, h: float, dtype: str) -> None:
    assert_equal_to_array_lines((*convnet(dtype), step), h)


@pytest.mark.parametrize("sparse_input", [False, True])
@pytest.mark.parametrize("h", [1e-4, 1e-2])
def test_deep_networks(h: float, sparse_input: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if sparse_input:
        monkeypatch.setattr(sparse, "SPARSE_SIZE", 0)
        monkeypatch.setattr(sparse, "SPARSE_SHARE", 1.0)
    net, x, t = make_case(3, [30, 20, 20, 20, 5], ["relu"] * 3, "cross_entropy", 23, "float64")
    for name, array in net.params.items():
        if name.startswith("W"):
            array *= 0.25  # from inputs of size 1, sums of size 1
    assert_equal_to_array_lines((net, x, t, None), h)


def test_only_samples_that_switch_go_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    net, x, t = convnet("float64")
    trace = make_trace(net.layers, net.loss_function, x, t, kernels=True)
    row_by_row = pieces._row_by_row
    called: list[Any] = []

    def count(*args: Any) -> Any:
        called.append(args)
        return row_by_row(*args)

    monkeypatch.setattr(pieces, "MOST_SWITCHING", 0.5)
    monkeypatch.setattr(pieces, "_row_by_row", count)
    near = np.abs(trace.activations[5]).min(axis=1)
    assert pieces.piecewise_slopes(trace, 1, float(near.min()) * 1e-3) is not None
    assert called == []
    assert pieces.piecewise_slopes(trace, 1, 0.5) is None
    monkeypatch.setattr(pieces, "MOST_SWITCHING", 1.0)
    assert pieces.piecewise_slopes(trace, 1, 0.5) is not None
    assert sum(len(call[2]) for call in called) == len(x)


def test_other_networks_are_left_to_others() -> None:
    for activation in ("sigmoid", "tanh"):
        net, x, t = make_case(0, [4, 5, 5, 3], [activation] * 2, "cross_entropy", 6, "float64")
        trace = make_trace(net.layers, net.loss_function, x, t, kernels=True)
        assert pieces.piecewise_slopes(trace, 1, 1e-4) is None
    net, x, t = make_case(0, [4, 5, 5, 3], ["relu"] * 2, "mean_squared_error", 6, "float64")
    targets = net.loss_function.targets(net.layers[-1].forward(np.zeros((6, 5))), t)
    trace = make_trace(net.layers, net.loss_function, x, targets, kernels=True)
    assert pieces.piecewise_slopes(trace, 1, 1e-4) is None


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_what_is_not_finite_stays_so(broken: float) -> None:
    net, x, t = convnet("float64")
    net.params["W2"][1, 0] = broken
    with np.errstate(all="ignore"):
        gradient = net.numerical_gradient(x, t)
    assert not np.isfinite(gradient.loss)


def test_the_number_of_threads_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    net, x, t = convnet("float32")
    monkeypatch.setattr(threads, "WORTH_THREADS", 0)
    results = []
    for number in (1, 2, 5):
        monkeypatch.setattr(threads, "available_threads", lambda number=number: number)
        results.append(net.numerical_gradient(x, t))
    for other in results[1:]:
        for name, array in results[0].items():
            assert array.tobytes() == other[name].tobytes()
