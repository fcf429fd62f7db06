"""What f may return: anything that is one real number, subtracted as a float."""

from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.differentiate.values import ComplexValue, any_array, complex_number, real_number
from nudgegrad.validation import ParameterError


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (np.array([3.0]), np.float64(3.0)),
        (np.array([[[3.0]]], np.float32), np.float32(3.0)),
        (np.array([3], np.uint8), 3.0),
        (np.array([Fraction(1, 2)]), 0.5),
        (Fraction(1, 2), 0.5),
        (Decimal("0.5"), 0.5),
        (7, 7.0),
        (10**400, np.inf),
        (-Fraction(10**400), -np.inf),
        (np.uint64(2**63), 2.0**63),
        (np.float16(1.5), np.float16(1.5)),
        (np.longdouble("1.5"), np.longdouble("1.5")),
    ],
)
def test_real_numbers(value: Any, expected: Any) -> None:
    found = real_number(value)
    assert found == expected
    assert type(found) is type(expected)
    assert complex_number(value) == expected


@pytest.mark.parametrize(
    "value",
    [True, np.bool_(True), np.array([True]), None, "1", b"1", np.array("1"), [1.0], {},
     np.timedelta64(1, "s"), np.ones(2), np.empty(0), object(), Ellipsis],
)  # fmt: skip
def test_what_is_not_a_number(value: Any) -> None:
    for read in (real_number, complex_number):
        with pytest.raises(ParameterError, match="f must return one real number, got") as caught:
            read(value)
        assert not isinstance(caught.value, ComplexValue)


@pytest.mark.parametrize("value", [1j, np.complex64(1), np.array([[1j]])])
def test_complex_numbers(value: Any) -> None:
    with pytest.raises(ComplexValue, match=r"got complex.*return its real part"):
        real_number(value)
    assert complex_number(value) == np.ravel(value)[0]


def test_numbers_of_mpmath_and_sympy() -> None:
    mpmath, sympy = pytest.importorskip("mpmath"), pytest.importorskip("sympy")
    for value in (mpmath.mpf("0.5"), sympy.Float("0.5"), sympy.Rational(1, 2), sympy.sqrt(4) / 4):
        assert real_number(value) == 0.5
        assert type(real_number(value)) is float
    for value in (mpmath.mpc(1, 2), sympy.I):
        with pytest.raises(ComplexValue):
            real_number(value)
    with pytest.raises(ParameterError, match="got Symbol a"):
        real_number(sympy.Symbol("a"))
    assert complex_number(mpmath.mpc(1, 2)) == 1 + 2j
    x = np.array([0.7, 0.2])
    gradient = ng.numerical_gradient(lambda x: mpmath.sin(x[0]) * mpmath.mpf(x[1]), x)
    np.testing.assert_allclose(gradient, [0.2 * np.cos(0.7), np.sin(0.7)], rtol=1e-8)


def test_scalars_of_pytorch() -> None:
    torch = pytest.importorskip("torch")
    found = real_number(torch.tensor([[2.0]], requires_grad=True))
    assert (found, type(found)) == (2.0, np.float32)
    assert real_number(torch.tensor(2.0, dtype=torch.bfloat16)) == 2.0
    assert real_number(torch.tensor(2)) == 2.0
    assert complex_number(torch.tensor(1j)) == 1j
    for value in (torch.tensor(True), torch.ones(2)):
        with pytest.raises(ParameterError, match="f must return one real number"):
            real_number(value)
    with pytest.raises(ComplexValue):
        real_number(torch.tensor(1j))
    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(
        ng.numerical_gradient(lambda x: torch.tensor(x, requires_grad=True).pow(2).sum(), x),
        2 * x, rtol=1e-8,
    )  # fmt: skip
    jacobian = ng.numerical_jacobian(lambda x: torch.tensor(x, requires_grad=True) ** 2, x)
    np.testing.assert_allclose(jacobian, np.diag(2 * x), atol=1e-7)


def test_scalars_of_jax() -> None:
    jnp = pytest.importorskip("jax.numpy")
    for value in (jnp.array(2.0), jnp.array([[2.0]]), jnp.array(2), jnp.array(2, jnp.bfloat16)):
        assert real_number(value) == 2.0
    with pytest.raises(ComplexValue):
        real_number(jnp.array(1j))
    with pytest.raises(ParameterError, match=r"an array of shape \(2,\)"):
        real_number(jnp.ones(2))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint64, np.int8, np.int16, np.int64])
def test_integers_do_not_wrap_around(dtype: Any) -> None:
    # A count that falls from 3 to 1 where x rises: in uint64 the difference is 2⁶⁴ − 2.
    def count(x: Any) -> Any:
        return dtype(3 if x[0] < 0 else 1)

    def small(x: Any) -> Any:  # and from 100 to −100, where there are negative ones
        lowest = -100 if np.issubdtype(dtype, np.signedinteger) else 0
        return np.array([100 if x[0] < 0 else lowest], dtype)

    x, h = np.zeros(1), 0.5
    for options in ({}, {"workers": 2}, {"scheme": "five-point", "error_bars": True}):
        found = ng.numerical_gradient(count, x, h, **options)
        slope = found.gradient if options.get("error_bars") else found
        assert slope[0] == (-2.0 if len(options) < 2 else -2 * (4 / 3 - 1 / 6))
    rows = ng.numerical_gradient(
        lambda b: np.where(b[:, 0] < 0, 3, 1).astype(dtype), x, h, vectorized=True
    )
    assert rows[0] == -2.0
    jump = small(np.array([1.0])).astype(float) - 100
    np.testing.assert_array_equal(ng.numerical_jacobian(small, x, h), [jump])


def test_arrays_of_fractions() -> None:
    found = any_array([[Fraction(1, 2), Decimal("0.25")], [1, 2.0]])
    np.testing.assert_array_equal(found, [[0.5, 0.25], [1, 2]])
    with pytest.raises(ParameterError, match="f must return one real number, got str"):
        any_array(np.array([Fraction(1, 2), "a"], dtype=object))
    with pytest.raises(ParameterError, match="f must return an array of numbers, got bool"):
        any_array([True])


def test_an_identity_gives_values_and_not_the_live_array() -> None:
    x = np.array([1.0, 2.0])
    for scheme in ("forward", "central"):
        jacobian = ng.numerical_jacobian(lambda x: x, x, scheme=scheme, error_bars=True)
        np.testing.assert_allclose(jacobian.gradient, np.eye(2), atol=1e-9)
        assert jacobian.value is not x


def test_a_view_of_a_batch_is_a_value() -> None:
    x = np.array([1.0, 2.0])
    found = ng.numerical_gradient(lambda batch: batch[:, 0], x, vectorized=True)
    np.testing.assert_allclose(found, [1, 0], atol=1e-9)
