"""The complex step of functions that are not analytic is refused, not answered by a zero."""

from typing import Any

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.validation import ParameterError

X = np.array([0.7, -1.3, 2.1])


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(np.abs(x)),
        lambda x: np.sum(np.abs(x) ** 2),
        lambda x: np.sum(x * np.conj(x)),
        lambda x: np.vdot(x, x),
        lambda x: np.linalg.norm(x),
        lambda x: np.sum(np.real(x) ** 3),
        lambda x: np.sum(x.real * x),
        lambda x: np.sum(np.abs(x) * x),
        lambda x: np.sum(x**2) + np.abs(x[1]),
        lambda x: np.sum(x**2) + 1e-3 * np.conj(x[2]),
        lambda x: np.sum(np.sin(x)).real,
        lambda x: np.sum(np.sqrt(x.real**2 + x.imag**2)),
    ],
)
@pytest.mark.parametrize("error_bars", [False, True])
def test_functions_that_are_not(f: Any, error_bars: bool) -> None:
    options: Any = {"scheme": "complex-step", "error_bars": error_bars}
    runs: list[Any] = [
        lambda: ng.numerical_gradient(f, X.copy(), **options),
        lambda: ng.numerical_gradient(f, X.copy(), "auto", **options),
        lambda: ng.numerical_gradient(f, X.copy(), workers=2, **options),
        lambda: ng.numerical_gradient(f, X.copy(), bounds=(-1.3, 2.1), **options),
        lambda: ng.numerical_gradient(
            lambda p: np.exp(p["b"][0]) + f(p["a"]), {"b": np.ones(1), "a": X.copy()}, **options
        ),
        lambda: ng.numerical_jacobian(lambda x: [x[0] ** 2, f(x)], X.copy(), **options),
    ]
    for run in runs:
        with pytest.raises(ParameterError, match=r"f must be analytic.*use scheme='central'"):
            run()


def test_one_entry_of_many() -> None:
    x = np.random.default_rng(0).normal(size=20_000)
    with pytest.raises(ParameterError, match="f must be analytic"):
        ng.numerical_jacobian(
            lambda b: np.stack([np.sum(b**2, 1), np.sum(b, 1) + np.abs(b[:, 777])], 1),
            x, scheme="complex-step", vectorized=True, max_bytes=2**24,
        )  # fmt: skip


@pytest.mark.parametrize(
    "f",
    [
        lambda x: np.sum(np.sin(x) * np.exp(x)),
        lambda x: np.sum(1 / (1 + np.exp(-50 * x))),
        lambda x: np.sum(np.sin(1e5 * x)),  # no real nudge says anything of it
        lambda x: np.sum(np.where(np.real(x) > 0, x**2, 0)),
        lambda x: 5.0,
        lambda x: 1e9 + np.sum(x),
        lambda x: np.prod(x) + 1e-9 * np.sum(x**5),
        lambda x: np.sum(np.sqrt(x - x + 0.25 + x**2)),
        lambda x: np.sum(np.log(x + 1.3000001)),  # the real nudges leave its domain
    ],
)
def test_functions_that_are(f: Any) -> None:
    found = ng.numerical_gradient(f, X.copy(), scheme="complex-step")
    h = 1e-30  # the method itself, by hand
    for k in range(3):
        z = X.astype(complex)
        z[k] += 1j * h
        assert found[k] == pytest.approx(np.imag(f(z)) / h, rel=1e-12, abs=1e-300)


def test_at_zeros_and_in_every_structure() -> None:
    x = {"a": np.zeros((2, 2)), "b": np.zeros(())}
    found = ng.numerical_gradient(
        lambda x: np.sum(np.sin(x["a"])) * np.cos(x["b"]) + x["b"], x, scheme="complex-step"
    )
    np.testing.assert_array_equal(found["a"], 1)
    assert found["b"] == 1
    assert ng.numerical_gradient(lambda x: x**2, np.array(3.0), scheme="complex-step") == 6


def test_a_function_that_is_complex_at_the_point() -> None:
    for f in (lambda x: np.sum(np.sqrt(x - 10)), lambda x: np.exp(1j * x[0])):
        with pytest.raises(ParameterError, match="f must be real at x for the complex step"):
            ng.numerical_gradient(f, X.copy(), scheme="complex-step")


def test_bounds_hold_for_the_real_nudges() -> None:
    x = np.array([0.0, 1.0, 0.5])

    def f(x: Any) -> Any:
        assert (np.real(x) >= 0).all()
        assert (np.real(x) <= 1).all()
        return np.sum(np.abs(x) + x)

    with pytest.raises(ParameterError, match="f must be analytic"):
        ng.numerical_gradient(f, x, scheme="complex-step", bounds=(0, 1))
