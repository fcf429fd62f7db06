"""What a check may be given: claims of every kind, and more arguments."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.checker import Case
from nudgegrad.validation import ParameterError

X = np.array([1.0, 2.0, 3.0])


def squares(x: Any) -> Any:
    return np.sum(x**2)


@pytest.mark.parametrize("lost", [np.nan, np.inf, -np.inf])
def test_the_same_lost_value_twice_is_no_change(lost: float) -> None:
    report = ng.check(squares, X.copy(), lambda x: np.where(x == 2, lost, 2 * x))
    assert report.notes == ()
    assert (report.counts["ok"], report.counts["wrong"]) == (2, 1)
    assert not report.passed
    everywhere = ng.check(squares, X.copy(), lambda x: np.full(3, lost))
    assert everywhere.notes == ()
    assert everywhere.counts["wrong"] == 3


@pytest.mark.parametrize(("first", "second"), [(np.nan, 4.0), (4.0, np.nan), (np.inf, -np.inf)])
def test_a_lost_value_that_comes_and_goes_is_a_change(first: float, second: float) -> None:
    calls = iter([first, second])
    report = ng.check(squares, X.copy(), lambda x: np.array([2, next(calls), 6]))
    assert report.notes == ("the gradient differs from call to call at one point",)
    assert not report.passed


def test_none_stands_for_zeros() -> None:
    p = {"a": X.copy(), "b": X.copy(), "c": np.ones(2)}

    def f(p: Any) -> Any:
        return np.sum(p["a"] ** 2) + 0 * np.sum(p["b"])

    right = {"a": 2 * X, "b": None, "c": None}
    for claimed in (right, lambda p: right):
        report = ng.check(f, p, claimed)
        assert report.counts["wrong"] == 0
        assert report.notes == ("the gradient of b, c is None, and was taken as zeros",)
        np.testing.assert_array_equal(report.parameters["b"].analytic, 0)
    report = ng.check(f, p, {**right, "a": None, "b": 0 * X})
    assert report.counts["wrong"] == 3
    nested = ng.check(lambda p: squares(p["x"]), {"x": X.copy(), "y": [X.copy()]},
                      {"x": 2 * X, "y": None})  # fmt: skip
    assert nested.notes == ("the gradient of y.0 is None, and was taken as zeros",)


@pytest.mark.parametrize("x", [X, {"a": X, "b": X.copy()}, (X, X.copy())])
@pytest.mark.parametrize("claimed", [None, lambda x: None])
def test_nothing_claimed(x: Any, claimed: Any) -> None:
    with pytest.raises(ParameterError, match=r"gradients must hold an array for.*got None: does a"):
        ng.check(lambda x: 0.0, x, claimed)


def test_sparse_claims() -> None:
    sparse = pytest.importorskip("scipy.sparse")
    x, weights = np.ones((3, 3)), np.diag([1.0, 2.0, 3.0])
    for claimed in (
        sparse.csr_matrix(weights),
        sparse.coo_array(weights),
        lambda x: sparse.csc_array(weights),
    ):
        assert ng.check(lambda x: np.sum(weights * x), x, claimed).passed
    p = {"a": x, "b": X.copy()}
    right = {"a": sparse.csr_array(weights), "b": 2 * X}
    assert ng.check(lambda p: np.sum(weights * p["a"]) + squares(p["b"]), p, right).passed
    with pytest.raises(ParameterError, match=r"gradients of params must have its shape \(3,\)"):
        ng.check(squares, X.copy(), sparse.csr_array(weights))


def test_claims_of_other_kinds() -> None:
    for claimed in (
        [2, 4, 6],
        (2.0, 4.0, 6.0),
        np.array([2, 4, 6], np.uint8),
        [Fraction(2), Fraction(4), 6.0],
        {"whatever": 2 * X},
        (2 * X,),
    ):
        assert ng.check(squares, X.copy(), claimed).passed
    rows = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert ng.check(squares, rows, [[2, 4], [6, 8]]).passed
    scalars = [np.array(1.0), np.array(2.0)]
    assert ng.check(lambda p: p[0] * p[1], scalars, [2.0, 1.0]).passed


def test_claims_of_pytorch() -> None:
    torch = pytest.importorskip("torch")
    claimed = (2 * torch.tensor(X)).requires_grad_()
    assert ng.check(squares, X.copy(), claimed).passed
    assert ng.check(squares, X.copy(), claimed.detach().to_sparse()).passed


@pytest.mark.parametrize(
    ("claimed", "message"),
    [
        (
            np.ones(3, complex),
            "gradients of params must be real numbers, got complex128; check",
        ),
        ([1, 1j, 0], "real and imaginary parts of a complex parameter as two arrays"),
        (np.ones(3, bool), "gradients of params must be real numbers, got bool"),
        (np.array(["a", "b", "c"]), "gradients of params must be real numbers, got <U1"),
        (np.ones((3, 1)), r"gradients of params must have its shape \(3,\), got \(3, 1\)"),
    ],
)
def test_claims_that_do_not_fit(claimed: Any, message: str) -> None:
    for given in (claimed, lambda x: claimed):
        with pytest.raises(ParameterError, match=message):
            ng.check(squares, X.copy(), given)


def test_more_arguments() -> None:
    def loss(p: Any, x: Any, t: Any) -> Any:
        return np.mean((x @ p["w"] + p["b"] - t) ** 2)

    def gradients(p: Any, x: Any, t: Any) -> Any:
        off = 2 * (x @ p["w"] + p["b"] - t) / len(t)
        return {"w": x.T @ off, "b": off.sum()}

    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(5, 3)), rng.normal(size=5)
    p = {"w": rng.normal(size=3), "b": np.zeros(())}
    assert ng.check(loss, p, gradients, args=(x, t)).passed
    assert ng.check(loss, p, gradients(p, x, t), args=(x, t)).passed
    assert not ng.check(loss, p, lambda p, x, t: gradients(p, x, 0 * t), args=(x, t)).passed
    assert ng.check(lambda x, n: n * np.sum(x), X.copy(), lambda x, n: n + 0 * x, args=3).passed
    assert Case(loss, p, gradients, args=(x, t)).run().passed


def test_gradients_that_write_into_their_argument() -> None:
    x = X.copy()

    def writes(x: Any) -> Any:
        x *= 2
        return x

    with pytest.raises(ParameterError, match="gradients must not change its parameters, but"):
        ng.check(squares, x, writes)
    np.testing.assert_array_equal(x, X)


def test_floating_point_errors_that_raise_are_those_of_f() -> None:
    x = np.array([1.0, 3e-200])
    with np.errstate(all="raise"):
        assert ng.check(np.sum, x, np.ones(2)).counts["wrong"] == 0
        with pytest.raises(FloatingPointError):
            ng.check(lambda x: np.sum(np.log(-x)), x, np.ones(2))
        np.testing.assert_allclose(ng.numerical_gradient(np.sum, x, "auto"), 1, rtol=1e-6)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_keys_that_cannot_be_sorted() -> None:
    pytest.importorskip("jax")
    p = {1: X.copy(), "1": X.copy()}
    assert ng.check(lambda p: squares(p[1]) + np.sum(p["1"]), p, {1: 2 * X, "1": np.ones(3)}).passed
