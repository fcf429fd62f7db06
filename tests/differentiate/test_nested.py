"""Tuples, lists, mappings and named tuples of arrays, and choices among their entries."""

from typing import Any, NamedTuple

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.differentiate.leaves import flatten
from nudgegrad.differentiate.select import select_entries, spread_sample
from nudgegrad.validation import ParameterError


class Pair(NamedTuple):
    first: Any
    second: Any


def total(p: Any) -> float:
    return float(sum(np.sum((k + 1) * a**2) for k, a in enumerate(flatten(p).arrays)))


def a() -> Any:
    return np.arange(1.0, 4.0)


def test_structures_come_back() -> None:
    for x in ((a(), a()), [a(), a()], {"W": a(), "b": a()}, Pair(a(), a())):
        gradient = ng.numerical_gradient(total, x)
        assert type(gradient) is type(x)
        first, second = flatten(gradient).arrays
        np.testing.assert_allclose(first, 2 * a(), atol=1e-6)
        np.testing.assert_allclose(second, 4 * a(), atol=1e-6)


def test_names_of_nested_leaves() -> None:
    x = {"encoder": {"W": a(), "b": a()}, "heads": (a(), [a()])}
    assert flatten(x).names == ("encoder.W", "encoder.b", "heads.0", "heads.1.0")
    gradient = ng.numerical_gradient(total, x)
    np.testing.assert_allclose(gradient["heads"][1][0], 8 * a(), atol=1e-6)
    assert flatten(a()).names == ("x",)


def test_a_network_s_live_parameters() -> None:
    net = ng.TwoLayerNet(4, 3, 2, seed=0)
    x, t = np.random.default_rng(0).normal(size=(5, 4)), np.array([0, 1, 0, 1, 1])
    gradient = ng.numerical_gradient(lambda _: net.loss(x, t), net.params)
    for name, expected in net.gradient(x, t).items():
        np.testing.assert_allclose(gradient[name], expected, atol=1e-8)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ({}, "x must hold at least one array"),
        ({"W": np.ones(3, int)}, r"x\['W'\] must hold floats, got int64"),
        ((a(), 1.0), r"x\['1'\] must be a NumPy array.*got float"),
        ({"W": [1.0, 2.0]}, r"x\['W'\] must be a NumPy array.*got list"),
    ],
)
def test_leaves_that_cannot_be_nudged(x: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        ng.numerical_gradient(total, x)


def test_only_mask_and_sample() -> None:
    x = {"W1": np.ones((4, 5)), "W2": np.ones(7), "b": np.ones(3)}
    some = ng.numerical_gradient(total, x, only="W*", sample=5)
    assert np.isfinite(some["W1"]).sum() == 5
    assert np.isfinite(some["W2"]).sum() == 5
    assert np.isnan(some["b"]).all()
    again = ng.numerical_gradient(total, x, only="W*", sample=5)
    np.testing.assert_array_equal(some["W1"], again["W1"])
    mask = {"W1": np.eye(4, 5, dtype=bool), "W2": np.zeros(7, bool), "b": np.ones(3, bool)}
    masked = ng.numerical_gradient(total, x, mask=mask)
    np.testing.assert_array_equal(np.isfinite(masked["W1"]), mask["W1"])
    assert np.isfinite(masked["b"]).all()
    with pytest.raises(ParameterError, match="only must match a name among W1, W2, b, got 'V"):
        ng.numerical_gradient(total, x, only=["W*", "V*"])
    with pytest.raises(ParameterError, match="mask must leave at least one entry"):
        ng.numerical_gradient(total, x, mask={k: np.zeros(v.shape, bool) for k, v in x.items()})
    with pytest.raises(ParameterError, match="mask of W2 must have its shape"):
        ng.numerical_gradient(total, x, mask={**mask, "W2": np.ones(6, bool)})
    with pytest.raises(ParameterError, match="mask of b must be of booleans, got float64"):
        ng.numerical_gradient(total, x, mask={**mask, "b": np.ones(3)})
    with pytest.raises(ParameterError, match=r"mask must have the entries W1, W2, b.*missing: b"):
        ng.numerical_gradient(total, x, mask={"W1": mask["W1"], "W2": mask["W2"]})


def test_a_sample_is_spread_and_without_replacement() -> None:
    rng = np.random.default_rng(0)
    for size, count in ((1000, 10), (17, 16), (5, 5), (5, 9), (3, 1)):
        drawn = spread_sample(np.arange(size), count, rng)
        assert len(set(drawn.tolist())) == min(size, count)
        assert (np.diff(drawn) > 0).all()
        if count < size:  # one in each stretch
            edges = np.linspace(0, size, count + 1).astype(int)
            assert ((edges[:-1] <= drawn) & (drawn < edges[1:])).all()


def test_the_sample_differs_with_the_seed() -> None:
    leaves = flatten(np.ones(1000))
    first, second = (select_entries(leaves, sample=20, seed=seed)[0] for seed in (0, 1))
    assert not np.array_equal(first, second)
