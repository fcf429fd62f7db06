"""Batches, threads and processes give what one call after another gives."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nudgegrad as ng
from nudgegrad.differentiate.evaluate import InPlace, Vectorized, Workers, any_array
from nudgegrad.differentiate.in_place import real_number
from nudgegrad.differentiate.leaves import flatten
from nudgegrad.validation import ParameterError


def one(p: Any) -> Any:
    return np.sum(np.sin(p["a"])) * np.sum(p["b"] ** 2)


def many(p: Any) -> Any:
    a, b = p["a"], p["b"]
    return np.sin(a).reshape(len(a), -1).sum(1) * (b**2).reshape(len(b), -1).sum(1)


def point(seed: int, rows: int, columns: int, dtype: str = "float64") -> Any:
    rng = np.random.default_rng(seed)
    return {
        "a": rng.normal(size=(rows, columns)).astype(dtype),
        "b": rng.normal(size=columns).astype(dtype),
    }


@settings(max_examples=30)
@given(st.integers(0, 99), st.integers(1, 5), st.integers(1, 5), st.integers(1, 400))
def test_batches(seed: int, rows: int, columns: int, max_bytes: int) -> None:
    x = point(seed, rows, columns)
    expected = ng.numerical_gradient(one, x)
    found = ng.numerical_gradient(many, x, vectorized=True, max_bytes=max_bytes)
    for name in x:
        np.testing.assert_allclose(found[name], expected[name], atol=1e-9)


@pytest.mark.parametrize("backend", ["threads", "processes"])
def test_workers(backend: str) -> None:
    def f(p: Any) -> Any:  # other processes cannot import a module of tests
        return np.sum(np.sin(p["a"])) * np.sum(p["b"] ** 2)

    x = point(0, 4, 3)
    expected = ng.numerical_gradient(f, x)
    found = ng.numerical_gradient(f, x, workers=2, backend=backend)
    for name in x:
        np.testing.assert_array_equal(found[name], expected[name])


@settings(max_examples=30)
@given(st.integers(0, 99), st.sampled_from(["float64", "float32"]))
def test_all_evaluators_give_the_same_values(seed: int, dtype: str) -> None:
    x = point(seed, 3, 2, dtype)
    leaves = flatten(x)
    rng = np.random.default_rng(seed)
    indices = rng.integers(0, 6, size=4)
    points = rng.normal(size=(4, 3)).astype(dtype)
    direction = [rng.normal(size=array.shape) for array in leaves.arrays]
    sizes = np.array([0.1, -0.2, 0.0])
    slow = InPlace(one, x, leaves)
    before = [array.tobytes() for array in leaves.arrays]
    tolerance: dict[str, Any] = {"rtol": 1e-5 if dtype == "float32" else 1e-12, "atol": 1e-6}
    for fast in (
        Vectorized(many, leaves, any_array),
        Workers(one, leaves, real_number, 2, "threads"),
    ):
        np.testing.assert_allclose(fast.centre(), slow.centre(), **tolerance)
        np.testing.assert_allclose(
            fast.at(0, indices, points), slow.at(0, indices, points), **tolerance
        )
        np.testing.assert_allclose(
            fast.along(direction, sizes), slow.along(direction, sizes), **tolerance
        )
    assert [array.tobytes() for array in leaves.arrays] == before


def test_a_batch_is_put_back_when_f_raises() -> None:
    x = np.arange(3.0)
    calls = 0

    def f(batch: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise RuntimeError("no")
        return batch.sum(1)

    evaluate = Vectorized(f, flatten(x), any_array)
    points = np.full((2, 1), 9.0)
    evaluate.at(0, np.array([0, 1]), points)
    with pytest.raises(RuntimeError):
        evaluate.at(0, np.array([1, 2]), points)
    np.testing.assert_array_equal(evaluate.at(0, np.array([0, 0]), points), [[12.0], [12.0]])


def test_a_whole_direction_is_put_back_when_f_raises() -> None:
    x = np.arange(3.0)

    def f(_: Any) -> Any:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        InPlace(f, x, flatten(x)).along([np.ones(3)], np.ones(1))
    np.testing.assert_array_equal(x, np.arange(3.0))


@pytest.mark.parametrize("value", [np.zeros(3), np.zeros((8, 1)), 1.0])
def test_a_function_that_takes_no_batch(value: Any) -> None:
    with pytest.raises(ParameterError, match=r"f must return an array of shape \(8,\)"):
        ng.numerical_gradient(lambda _: value, np.ones(4), vectorized=True)


def test_options_that_do_not_go_together() -> None:
    with pytest.raises(ParameterError, match="workers must be 1 with vectorized=True, got 2"):
        ng.numerical_gradient(many, point(0, 1, 1), vectorized=True, workers=2)
    with pytest.raises(ParameterError, match="relative must be False with h='auto'"):
        ng.numerical_gradient(one, point(0, 1, 1), "auto", relative=True)
    with pytest.raises(ParameterError, match="workers must be a whole number at least 1"):
        ng.numerical_gradient(one, point(0, 1, 1), workers=1.5)  # type: ignore[arg-type]


def test_a_cancelled_gradient() -> None:
    x = np.ones(100)
    with pytest.raises(ng.Cancelled, match="stopped after 32 of 200"):
        ng.numerical_gradient(lambda x: x.sum(), x, cancel=lambda: True)
    np.testing.assert_array_equal(x, np.ones(100))
