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


def waves(x: Any) -> Any:
    return np.exp(1j * x) * x[0]


def slopes_of_waves(x: Any) -> Any:
    slopes = np.diag(1j * np.exp(1j * x) * x[0])
    slopes[:, 0] += np.exp(1j * x)
    return slopes


@pytest.mark.parametrize("scheme", SCHEMES[:-1])
@pytest.mark.parametrize("h", [None, "auto"])
def test_a_complex_function_of_real_numbers(scheme: str, h: Any) -> None:
    x = np.array([0.5, 2.0])
    found = ng.numerical_jacobian(waves, x, h, scheme=scheme, error_bars=True)
    error = np.abs(found.gradient - slopes_of_waves(x))
    assert found.gradient.dtype == np.complex128
    assert found.errors.dtype == np.float64
    assert error.max() < 2e-4
    assert (error <= 1.5 * found.errors + 1e-14).all()
    np.testing.assert_array_equal(found.value, waves(x))
    for options in ({}, {"workers": 2}, {"bounds": (0.5, 2)}):
        plain = ng.numerical_jacobian(waves, x, scheme=scheme, **options)
        assert plain.dtype == np.complex128
        np.testing.assert_allclose(plain, slopes_of_waves(x), atol=2e-4)


def test_complex_values_of_other_kinds() -> None:
    x = np.array([0.5, 2.0])
    batches = ng.numerical_jacobian(lambda b: np.exp(1j * b) * b[:, :1], x, vectorized=True)
    np.testing.assert_allclose(batches, slopes_of_waves(x), atol=1e-7)
    some = ng.numerical_jacobian(waves, x, mask=np.array([True, False]))
    np.testing.assert_allclose(some[:, 0], slopes_of_waves(x)[:, 0], atol=1e-7)
    assert np.isnan(some[:, 1]).all()
    one = ng.numerical_jacobian(lambda x: complex(x[0], x[1]), x, error_bars=True)
    np.testing.assert_allclose(one.gradient, [1, 1j], atol=1e-9)
    assert one.value == 0.5 + 2j
    nested = ng.numerical_jacobian(lambda p: {"a": 1}["a"] * 1j * p["b"], {"b": x, "n": 3})
    np.testing.assert_allclose(nested["b"], 1j * np.eye(2), atol=1e-9)
    assert nested["n"] is None
    with pytest.raises(ParameterError, match="f must be real at x for the complex step"):
        ng.numerical_jacobian(waves, x, scheme="complex-step")
    with pytest.raises(ParameterError, match="f must return one real number, got complex"):
        ng.numerical_gradient(lambda x: np.sum(waves(x)), x)
    with pytest.raises(ParameterError, match="f must return real numbers, got complex128"):
        ng.numerical_gradient(lambda b: np.exp(1j * b).sum(1), x, vectorized=True)


def test_more_arguments() -> None:
    x = np.array([0.1, 0.2, -0.3, 0.4])

    def g(x: Any, matrix: Any, power: int = 1) -> Any:
        return np.sin(matrix @ x) ** power

    for args in (MATRIX, (MATRIX,), (MATRIX, 1)):
        np.testing.assert_allclose(ng.numerical_jacobian(g, x, args=args), truth(x), atol=1e-8)
    total = ng.numerical_gradient(lambda x, a, b: np.sum(a * x + b), x, args=(2, 3), workers=2)
    np.testing.assert_allclose(total, 2)
    own = ng.numerical_gradient(lambda x: np.sum(x), x, args=())
    np.testing.assert_allclose(own, 1)
    assert ng.differentiate.count_evaluations(x, args=(2, 3)) == 8
