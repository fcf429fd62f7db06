"""Each method against the one before it, on random networks."""

import numpy as np
import pytest
from hypothesis import given, settings

from tests.networks import Case, cases

NAIVE_ROUNDING = 1e-10  # of a plain float64 difference of losses of size 1, h = 1e-4


@given(cases())
def test_weight_equals_naive(case: Case) -> None:
    net, x, t = case
    naive = net.numerical_gradient(x, t, method="naive")
    weight = net.numerical_gradient(x, t, method="weight")
    assert list(weight) == list(naive) == list(net.params)
    for name in naive:
        tolerance = NAIVE_ROUNDING * max(1.0, naive.loss)
        np.testing.assert_allclose(weight[name], naive[name], rtol=0, atol=tolerance)


@given(cases())
def test_node_is_within_its_error_bar_of_naive(case: Case) -> None:
    net, x, t = case
    naive = net.numerical_gradient(x, t, method="naive")
    node = net.numerical_gradient(x, t, method="node", error_bars=True)
    assert node.errors is not None
    for name in naive:
        tolerance = node.errors[name] + NAIVE_ROUNDING * max(1.0, naive.loss)
        assert np.all(np.abs(node[name] - naive[name]) <= tolerance)


@given(cases())
def test_backprop_is_within_the_error_bars_of_node_and_weight(case: Case) -> None:
    net, x, t = case
    backprop = net.gradient(x, t)
    for method in ("node", "weight"):
        numeric = net.numerical_gradient(x, t, method=method, error_bars=True)
        assert numeric.errors is not None
        for name in backprop:
            rounding = 1e-14 * (1 + np.abs(backprop[name]).max())  # backprop's own
            error = np.abs(numeric[name] - backprop[name])
            # The bar is the leading term of the truncation error: half as much again for the rest.
            assert np.all(error <= 1.5 * numeric.errors[name] + rounding)


@given(cases())
def test_backprop_is_within_the_error_bars_of_naive(case: Case) -> None:
    net, x, t = case
    backprop = net.gradient(x, t)
    naive = net.numerical_gradient(x, t, method="naive", error_bars=True)
    assert naive.errors is not None
    for name in naive:
        assert np.all(np.abs(naive[name] - backprop[name]) <= 1.5 * naive.errors[name])


@given(cases(dtype="float32"))
@pytest.mark.parametrize("method", ["weight", "node"])
def test_float32_is_within_its_error_bars_of_float64_naive(method: str, case: Case) -> None:
    net, x, t = case
    exact = net.copy("float64")
    naive = exact.numerical_gradient(x, t, method="naive")
    numeric = net.numerical_gradient(x, t, method=method, error_bars=True)
    assert numeric.errors is not None
    # The bars are those of the differences; the forward pass that they start from is rounded too.
    largest = max(np.abs(array).max() for array in naive.values())
    forward_rounding = 8 * np.finfo(np.float32).eps * largest
    for name in naive:
        assert numeric[name].dtype == np.float32
        assert numeric.errors[name].dtype == np.float32
        error = np.abs(numeric[name] - naive[name])
        assert np.all(error <= numeric.errors[name] + forward_rounding)


@given(cases(dtype="float32"))
@settings(max_examples=20)
def test_plain_float32_differences_are_within_their_error_bars(case: Case) -> None:
    net, x, t = case
    backprop = net.copy("float64").gradient(x, t)
    naive = net.numerical_gradient(x, t, method="naive", error_bars=True)
    assert naive.errors is not None
    for name in naive:
        assert np.all(np.abs(naive[name] - backprop[name]) <= 2 * naive.errors[name])


@given(cases())
@settings(max_examples=20)
def test_blocks_do_not_change_the_numbers(case: Case) -> None:
    import nudgegrad.gradient.propagate as propagate

    net, x, t = case
    whole = {m: net.numerical_gradient(x, t, method=m, error_bars=True) for m in ("weight", "node")}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(propagate, "BLOCK_BYTES", 64)
        for method, expected in whole.items():
            found = net.numerical_gradient(x, t, method=method, error_bars=True)
            assert found.errors is not None
            assert expected.errors is not None
            for name in expected:
                np.testing.assert_allclose(found[name], expected[name], rtol=1e-9, atol=1e-14)
                np.testing.assert_allclose(
                    found.errors[name], expected.errors[name], rtol=0.5, atol=1e-12
                )


def test_float32_node_is_good_to_a_hundred_thousandth(lesson_batch: Case) -> None:
    net, x, t = lesson_batch
    node = net.copy("float32").numerical_gradient(x, t)
    backprop = net.gradient(x, t)
    for name in backprop:
        error = np.abs(node[name] - backprop[name]).max() / np.abs(backprop[name]).max()
        assert error < 1e-5
