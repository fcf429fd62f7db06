"""Every kernel against the array lines that it stands in for, on random networks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import config

import nudgegrad as ng
from nudgegrad.gradient.kernels import sparse, threads, weight
from tests.networks import Case, cases, make_case

ROUNDING = {"float64": 1e-13, "float32": 3e-5}
"""Of a difference, relative to the largest of its layer: the series' terms and some roundoffs."""

METHODS = ["weight", "node"]


@pytest.fixture(params=[False, True], ids=["dense", "sparse"], scope="module", autouse=True)
def every_input_is_sparse(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run everything a second time with sparse products, and what is fused with them."""
    with pytest.MonkeyPatch.context() as patch:
        if request.param:
            patch.setattr(sparse, "SPARSE_SIZE", 0)
            patch.setattr(sparse, "SPARSE_SHARE", 1.0)
        yield


def assert_equal_to_array_lines(case: Case, method: str, h: float, **options: Any) -> None:
    net, x, t = case
    roundoff = float(np.finfo(net.dtype).eps)
    kernels = net.numerical_gradient(x, t, method=method, h=h, **options)
    lines = net.numerical_gradient(x, t, method=method, h=h, kernels=False)
    assert kernels.loss == pytest.approx(lines.loss, rel=20 * roundoff, abs=20 * roundoff)
    assert kernels.loss_evaluations == lines.loss_evaluations
    assert list(kernels) == list(lines)
    for name, expected in lines.items():
        assert kernels[name].dtype == expected.dtype == net.dtype
        size = max(float(np.abs(expected).max()), 1e-2)
        tolerance = ROUNDING[str(net.dtype)] * size * max(1.0, 1e-4 / h)
        np.testing.assert_allclose(kernels[name], expected, rtol=0, atol=tolerance)


@given(cases(), st.sampled_from([1e-5, 1e-4, 1e-3, 0.2, 1.0, 30.0]))
@pytest.mark.parametrize("method", METHODS)
def test_float64(method: str, case: Case, h: float) -> None:
    assert_equal_to_array_lines(case, method, h)


@given(cases(dtype="float32"), st.sampled_from([1e-4, 1e-3, 1e-2, 0.2, 1.0]))
@pytest.mark.parametrize("method", METHODS)
def test_float32(method: str, case: Case, h: float) -> None:
    assert_equal_to_array_lines(case, method, h)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("depth", [1, 2])
def test_sizes_beyond_one_vector_register(
    depth: int, activation: str, method: str, dtype: str
) -> None:
    sizes = [150, *[37] * depth, 11]
    if config.DISABLE_JIT:  # no registers then, but blocks of units
        sizes = [20, *[weight.UNITS + 3] * depth, 5]
    case = make_case(3, sizes, [activation] * depth, "cross_entropy", 7, dtype)
    for name, array in case[0].params.items():
        if name.startswith("W"):
            array *= 0.1  # from inputs of size 1, sums of size 1
    assert_equal_to_array_lines(case, method, 1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_saturated_units_keep_their_digits(method: str) -> None:
    """σ(12) is 1 to float32; its slope is σ(12)·σ(−12) and not y·(1 − y) = 0."""
    net, x, t = make_case(0, [3, 4, 2], ["sigmoid"], "cross_entropy", 5, "float32")
    net.params["b1"] = [12, -12, 17, 0]
    exact = net.copy("float64").numerical_gradient(x.astype("float64"), t, method=method)
    found = net.numerical_gradient(x, t, method=method)
    np.testing.assert_allclose(found["b1"], exact["b1"], rtol=1e-4)


@pytest.mark.parametrize("p_correct", [1e-30, 1e-7, 0.5, 1 - 1e-12])
@pytest.mark.parametrize("epsilon", [0.0, 1e-7])
@pytest.mark.parametrize("method", METHODS)
def test_sure_and_surely_wrong_predictions(method: str, epsilon: float, p_correct: float) -> None:
    net, x, t = make_case(1, [3, 4, 2], ["tanh"], "cross_entropy", 4, "float64")
    net.loss_function = ng.CrossEntropy(epsilon)
    t = np.zeros(4, int)
    net.params["b2"] = [np.log(p_correct), np.log1p(-p_correct)]
    kernels = net.numerical_gradient(x, t, method=method)
    lines = net.numerical_gradient(x, t, method=method, kernels=False)
    for name in lines:
        np.testing.assert_allclose(kernels[name], lines[name], rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("broken", [np.nan, np.inf])
@pytest.mark.parametrize("method", METHODS)
def test_what_is_not_finite_stays_so(method: str, broken: float) -> None:
    net, x, t = make_case(1, [3, 4, 2], ["sigmoid"], "cross_entropy", 4, "float64")
    net.params["W2"][1, 0] = broken
    with np.errstate(all="ignore"):
        gradient = net.numerical_gradient(x, t, method=method)
    assert not np.isfinite(gradient.loss)
    assert np.isnan(gradient["W2"]).any()


@pytest.mark.parametrize("method", METHODS)
def test_layers_and_losses_of_ones_own_are_left_to_the_array_lines(method: str) -> None:
    class Steep(ng.Sigmoid):
        def forward(self, x: Any) -> Any:
            return super().forward(3 * x)

        difference = ng.Layer.difference

    class Doubled(ng.CrossEntropy):
        def samples(self, y: Any, t: Any) -> Any:
            return 2 * super().samples(y, t)

        difference = ng.Loss.difference

    layers = [ng.Affine(4, 5), Steep(), ng.Affine(5, 3), ng.Tanh(), ng.Affine(3, 2)]
    net = ng.Network(layers, Doubled(), seed=0)
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(6, 4)), rng.integers(0, 2, 6)
    naive = net.numerical_gradient(x, t, method="naive")
    found = net.numerical_gradient(x, t, method=method)
    for name in naive:
        np.testing.assert_allclose(found[name], naive[name], rtol=0, atol=1e-7)


@given(cases())
@settings(max_examples=20)
@pytest.mark.parametrize("method", METHODS)
def test_the_number_of_threads_changes_nothing(method: str, case: Case) -> None:
    import nudgegrad.gradient.propagate as propagate

    net, x, t = case
    results = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(propagate, "BLOCK_BYTES", 64)
        patch.setattr(threads, "WORTH_THREADS", 0)
        for number in (1, 2, 5):
            patch.setattr(threads, "available_threads", lambda number=number: number)
            results.append(net.numerical_gradient(x, t, method=method))
    for other in results[1:]:
        for name, array in results[0].items():
            assert array.tobytes() == other[name].tobytes()


@pytest.mark.parametrize("method", METHODS)
def test_progress_and_cancel(method: str) -> None:
    net, x, t = make_case(3, [9, 40, 3], ["relu"], "cross_entropy", 6, "float64")
    told: list[tuple[int, int]] = []
    gradient = net.numerical_gradient(
        x, t, method=method, progress=lambda done, total: told.append((done, total))
    )
    assert told[-1] == (gradient.loss_evaluations, gradient.loss_evaluations)
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    with pytest.raises(ng.Cancelled):
        net.numerical_gradient(x, t, method=method, cancel=lambda: True)
