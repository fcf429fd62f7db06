"""Jacobians of functions of arrays to arrays."""

from typing import Any

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.validation import ParameterError

SCHEMES = ["forward", "central", "five-point", "richardson", "complex-step"]
MATRIX = np.random.default_rng(0).normal(size=(3, 4))


def f(x: Any) -> Any:
    return np.sin(MATRIX @ x)


def truth(x: Any) -> Any:
    return np.cos(MATRIX @ x)[:, None] * MATRIX


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("h", [None, "auto"])
def test_a_vector_of_a_vector(scheme: str, h: Any) -> None:
    x = np.array([0.1, 0.2, -0.3, 0.4])
    found = ng.numerical_jacobian(f, x, h, scheme=scheme, error_bars=True)
    assert found.gradient.shape == (3, 4)
    error = np.abs(found.gradient - truth(x))
    assert error.max() < 2e-4
    assert (error <= 1.5 * found.errors + 1e-15).all()
    np.testing.assert_array_equal(found.value, f(x))
    plain = ng.numerical_jacobian(f, x, h, scheme=scheme)
    np.testing.assert_allclose(plain, truth(x), atol=2e-4)


def test_batches_and_workers() -> None:
    x = np.array([0.1, 0.2, -0.3, 0.4])
    expected = ng.numerical_jacobian(f, x)
    for options in ({"workers": 2}, {"vectorized": True}, {"vectorized": True, "max_bytes": 1}):
        function = f if "workers" in options else lambda x: np.sin(x @ MATRIX.T)
        found = ng.numerical_jacobian(function, x, **options)
        np.testing.assert_allclose(found, expected, atol=1e-10)


def test_shapes_and_structures() -> None:
    p = {"a": np.ones((2, 3)), "b": np.ones(())}
    found = ng.numerical_jacobian(lambda p: p["a"] * p["b"] ** 2, p)
    assert found["a"].shape == (2, 3, 2, 3)
    assert found["b"].shape == (2, 3)
    np.testing.assert_allclose(found["b"], 2.0, atol=1e-8)
    np.testing.assert_allclose(found["a"].reshape(6, 6), np.eye(6), atol=1e-8)


def test_a_function_that_returns_its_own_buffer() -> None:
    buffer = np.empty(2)

    def g(x: Any) -> Any:
        buffer[:] = x**2
        return buffer

    np.testing.assert_allclose(
        ng.numerical_jacobian(g, np.array([1.0, 2.0])), [[2, 0], [0, 4]], atol=1e-8
    )


def test_not_numbers() -> None:
    with pytest.raises(ParameterError, match="f must return an array of numbers, got <U1"):
        ng.numerical_jacobian(lambda _: np.array(["a"]), np.ones(2))


def test_some_entries() -> None:
    found = ng.numerical_jacobian(f, np.ones(4), mask=np.array([True, False, False, True]))
    assert np.isnan(found[:, 1:3]).all()
    assert np.isfinite(found[:, [0, 3]]).all()
