"""The four methods against each other, on networks of pictures, in and out of training."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings

import nudgegrad as ng
from tests.networks import TrainingCase, picture_cases

NAIVE_ROUNDING = 1e-10  # of a plain float64 difference of losses of size 1, h = 1e-4


def compute(case: TrainingCase, method: str, **options: Any) -> ng.Gradient:
    net, x, t, step = case
    bars = method != "backprop"
    return net.gradient(x, t, method, training_step=step, error_bars=bars, **options)


def within_its_bars(found: ng.Gradient, exact: ng.Gradient) -> None:
    """Hold a numeric gradient to the derivative.

    A bar is the leading term of the truncation error: half as much again for the rest.
    """
    assert found.errors is not None
    for name in exact:
        rounding = 1e-14 * (1 + np.abs(exact[name]).max())  # that of backprop
        error = np.abs(found[name] - exact[name])
        assert np.all(error <= 1.5 * found.errors[name] + rounding), name


@settings(max_examples=60)
@given(picture_cases())
def test_all_four_agree(case: TrainingCase) -> None:
    naive, weight, node, backprop = (compute(case, method) for method in ng.gradient.METHODS)
    assert list(naive) == list(weight) == list(node) == list(backprop) == list(case[0].params)
    for name in naive:
        # The same differences, to the rounding of plain ones.
        tolerance = NAIVE_ROUNDING * max(1.0, naive.loss)
        np.testing.assert_allclose(weight[name], naive[name], rtol=0, atol=tolerance)
    for numeric in (naive, weight, node):
        within_its_bars(numeric, backprop)


@settings(max_examples=40)
@given(picture_cases(dtype="float32"))
def test_float32_is_within_its_error_bars_of_float64(case: TrainingCase) -> None:
    net, x, t, step = case
    exact = net.copy("float64").gradient(x, t, training_step=step)
    largest = max(np.abs(array).max() for array in exact.values())
    forward_rounding = 64 * np.finfo(np.float32).eps * (largest + 1e-3)
    for method in ("weight", "node", "backprop"):
        found = compute(case, method)
        for name in exact:
            assert found[name].dtype == np.float32
            # Backpropagation takes 1 from probabilities that may be next to it.
            bar = 1e-5 if found.errors is None else 1.5 * found.errors[name]
            assert np.all(np.abs(found[name] - exact[name]) <= bar + forward_rounding), name


@settings(max_examples=20)
@given(picture_cases())
def test_blocks_and_kernels_do_not_change_the_numbers(case: TrainingCase) -> None:
    import nudgegrad.gradient.propagate as propagate

    net, x, t, step = case
    with pytest.MonkeyPatch.context() as patch:
        whole = {m: net.gradient(x, t, m, training_step=step) for m in ("weight", "node")}
        patch.setattr(propagate, "BLOCK_BYTES", 64)
        for method, expected in whole.items():
            for kernels in (False, True):
                found = net.gradient(x, t, method, training_step=step, kernels=kernels)
                for name in expected:
                    np.testing.assert_allclose(found[name], expected[name], rtol=1e-7, atol=1e-12)


@settings(max_examples=20)
@given(picture_cases())
def test_evaluations_are_counted_as_they_are_told(case: TrainingCase) -> None:
    net, x, t, step = case
    for method in ("naive", "weight", "node"):
        told: list[tuple[int, int]] = []
        found = net.gradient(
            x, t, method, training_step=step, progress=lambda *both, told=told: told.append(both)
        )
        assert told[-1] == (found.loss_evaluations, found.loss_evaluations)
