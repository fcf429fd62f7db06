"""Functions that write into their argument, and functions that remember it."""

from typing import Any

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.differentiate.evaluate import InPlace, Vectorized, Workers
from nudgegrad.differentiate.leaves import flatten
from nudgegrad.differentiate.values import real_array, real_number
from nudgegrad.validation import ParameterError

WAYS: list[dict[str, Any]] = [
    {}, {"h": "auto"}, {"scheme": "forward"}, {"scheme": "richardson", "error_bars": True},
    {"scheme": "complex-step"}, {"workers": 2},
]  # fmt: skip


def centred(x: Any) -> Any:
    x -= x.mean()
    return np.sum(x**3)


def in_order(x: Any) -> Any:
    x.sort()
    return np.sum(x * np.arange(len(x)))


def clipped(x: Any) -> Any:  # at some points alone
    if np.real(x[1]) > 1 or np.imag(x[1]) > 0:
        x[0] = 9
    return np.sum(x**2)


def then_raises(x: Any) -> Any:
    x *= 2
    raise RuntimeError("no")


@pytest.mark.parametrize("f", [centred, in_order, clipped])
@pytest.mark.parametrize("options", WAYS)
def test_a_function_that_writes(f: Any, options: Any) -> None:
    x = np.array([3.0, 1.0, 2.0])
    with pytest.raises(ParameterError, match=r"f must not change its argument, but x has changed.*"
                       r"pass lambda x: f\(x.copy\(\)\)"):  # fmt: skip
        ng.numerical_gradient(f, x, **options)
    np.testing.assert_array_equal(x, [3, 1, 2])
    found = ng.numerical_gradient(lambda x: f(x.copy()), x, **options)
    assert np.all(np.isfinite(found.gradient if options.get("error_bars") else found))


@pytest.mark.parametrize("f", [centred, in_order, clipped])
def test_a_check_of_a_function_that_writes(f: Any) -> None:
    x = np.array([3.0, 1.0, 2.0])
    with pytest.raises(ParameterError, match="f must not change its parameters, but params has"):
        ng.check(f, x, np.ones(3))
    np.testing.assert_array_equal(x, [3, 1, 2])


def test_a_function_that_writes_and_raises() -> None:
    x = np.array([3.0, 1.0, 2.0])
    for options in WAYS:
        with pytest.raises(RuntimeError, match="no"):
            ng.numerical_gradient(then_raises, x, **options)
        np.testing.assert_array_equal(x, [3, 1, 2])


def test_every_array_is_put_back() -> None:
    def f(p: Any) -> float:
        p["b"][...] = np.nan
        p["c"][0] = -0.0
        return float(p["a"].sum())

    p = {"a": np.ones(3), "b": np.array([np.nan, 1.0]), "c": np.zeros(2)}
    before = {name: array.tobytes() for name, array in p.items()}
    with pytest.raises(ParameterError, match="f must not change its argument, but b, c have"):
        ng.numerical_gradient(f, p)
    assert {name: array.tobytes() for name, array in p.items()} == before


def test_a_batch_that_is_written_into() -> None:
    def centred(batch: Any) -> Any:
        batch -= batch.mean(axis=1, keepdims=True)
        return (batch**3).sum(axis=1)

    x = np.array([3.0, 1.0, 2.0])
    evaluate = Vectorized(centred, flatten(x), real_array)
    match = "f must not change its argument"
    for run in (
        lambda: ng.numerical_gradient(centred, x, vectorized=True),
        lambda: ng.numerical_gradient(
            lambda p: centred(p["b"]) + p["a"].sum(1), {"a": np.ones(2), "b": x}, vectorized=True
        ),
        lambda: evaluate.at(0, np.array([0]), np.array([[1.0]])),
        evaluate.centre,
        lambda: ng.check(centred, x, x, vectorized=True),
    ):
        with pytest.raises(ParameterError, match=match):
            run()
        np.testing.assert_array_equal(x, [3, 1, 2])
    evaluate.f = lambda batch: batch.sum(axis=1)  # what was written is not used again
    np.testing.assert_array_equal(evaluate.at(0, np.array([0]), np.array([[1.0]])), [[4.0]])


class SameObject:
    """Remembers the value for the last array, by what object it is."""

    def __init__(self) -> None:
        self.last: Any = None
        self.value: Any = None

    def known(self, x: Any) -> bool:
        return self.last is x

    def __call__(self, x: Any) -> Any:
        if not self.known(x):
            self.last, self.value = x, np.sum(x**2)
        return self.value


class EqualValues(SameObject):
    """Compares values, but with the array itself, which has changed too."""

    def known(self, x: Any) -> bool:
        return self.last is not None and np.array_equal(self.last, x)


class ById(SameObject):
    """Remembers all values by the arrays' addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[int, Any] = {}

    def __call__(self, x: Any) -> Any:
        return self.values.setdefault(id(x), np.sum(x**2))


class OwnCopy(EqualValues):
    """Is right: it compares values with those of a copy."""

    def __call__(self, x: Any) -> Any:
        if not self.known(x):
            self.last, self.value = x.copy(), np.sum(x**2)
        return self.value


REMEMBERS = r"f must compute its value anew when \w+ is nudged in place.*f\(x.copy\(\)\)"


@pytest.mark.parametrize("kind", [SameObject, EqualValues, ById])
@pytest.mark.parametrize("options", WAYS)
def test_a_function_that_remembers(kind: Any, options: Any) -> None:
    x = np.array([3.0, 1.0, 2.0])
    with pytest.raises(ParameterError, match=REMEMBERS):
        ng.numerical_gradient(kind(), x, **options)
    np.testing.assert_array_equal(x, [3, 1, 2])


@pytest.mark.parametrize("kind", [SameObject, EqualValues, ById])
def test_a_check_of_a_function_that_remembers(kind: Any) -> None:
    x = np.array([3.0, 1.0, 2.0])
    with pytest.raises(ParameterError, match=REMEMBERS):
        ng.check(kind(), x, 2 * x)


def test_one_array_of_several_that_is_remembered() -> None:
    memory = SameObject()
    p = {"a": np.ones(2), "b": np.ones(2)}
    with pytest.raises(ParameterError, match="anew when b is nudged in place"):
        ng.numerical_gradient(lambda p: p["a"].sum() * memory(p["b"]), p)


def test_functions_that_remember_nothing_false() -> None:
    x = np.array([3.0, 1.0, 2.0])
    for options in WAYS:
        found = ng.numerical_gradient(OwnCopy(), x, **options)
        gradient = found.gradient if options.get("error_bars") else found
        np.testing.assert_allclose(gradient, 2 * x, rtol=1e-3)
    assert ng.check(OwnCopy(), x, 2 * x).passed


@pytest.mark.parametrize(
    "f",
    [
        lambda _: 3.0,
        lambda x: np.sum(x**2),  # its differences are zero by symmetry
        lambda x: np.sum(np.floor(x + 0.5)),
        lambda x: np.prod(x),
    ],
)
def test_slopes_that_are_zero(f: Any) -> None:
    np.testing.assert_array_equal(ng.numerical_gradient(f, np.zeros(4)), 0)
    report = ng.check(f, np.zeros(4), np.zeros(4), sample=2)
    assert report.counts["wrong"] == 0


def test_evaluations_that_look_for_a_memory_are_counted() -> None:
    calls = 0

    def f(_: Any) -> float:
        nonlocal calls
        calls += 1
        return 3.0

    found = ng.numerical_gradient(f, np.zeros(4), error_bars=True)
    assert found.evaluations == calls
    calls = 0
    assert ng.check(f, np.zeros(4), np.zeros(4)).evaluations == calls


def test_live_arrays_that_f_reads_by_itself() -> None:
    x = np.zeros(3)
    np.testing.assert_array_equal(ng.numerical_gradient(lambda _: float(np.sum(x**2)), x), 0)


def test_evaluators_say_what_they_are_told() -> None:
    x = np.array([3.0, 1.0, 2.0])
    leaves = flatten(x)
    for evaluate in (
        InPlace(centred, x, leaves, argument="weights"),
        Workers(centred, leaves, real_number, 2, "threads"),
    ):
        with pytest.raises(ParameterError, match=r"f must not change its (weights|argument)"):
            evaluate.centre()
