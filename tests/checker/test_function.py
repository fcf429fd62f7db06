"""Checking any function: structures, budgets, and who changes what."""

from typing import Any

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.checker import Cost
from nudgegrad.validation import ParameterError


def loss(p: Any) -> float:
    return float(np.sum(np.tanh(p["x"] @ p["W"] + p["b"])))


def gradient(p: Any) -> Any:
    slope = 1 - np.tanh(p["x"] @ p["W"] + p["b"]) ** 2
    return {"x": slope @ p["W"].T, "W": p["x"].T @ slope, "b": slope.sum(0)}


def params(dtype: str = "float64") -> Any:
    rng = np.random.default_rng(0)
    shapes = {"x": (5, 4), "W": (4, 3), "b": (3,)}
    return {name: rng.normal(size=shape).astype(dtype) for name, shape in shapes.items()}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_arrays_or_a_function_of_them(dtype: str) -> None:
    p = params(dtype)
    before = {name: array.tobytes() for name, array in p.items()}
    for claimed in (gradient(p), gradient):
        report = ng.check(loss, p, claimed)
        assert report.passed, str(report)
        assert report.counts["ok"] == 35
        assert report.coverage == 1
    assert {name: array.tobytes() for name, array in p.items()} == before


def test_workers_and_batches() -> None:
    p = params()

    def batched(p: Any) -> Any:
        return np.tanh(p["x"] @ p["W"] + p["b"][:, None]).sum((1, 2))

    def own(p: Any) -> float:  # other processes cannot import a module of tests
        return float(np.sum(np.tanh(p["x"] @ p["W"] + p["b"])))

    for options in ({"workers": 2}, {"workers": 2, "backend": "processes"}):
        assert ng.check(own, p, gradient, **options).passed
    report = ng.check(batched, p, gradient, vectorized=True)
    assert report.passed
    assert "batches" in report.method


def test_a_choice_of_entries() -> None:
    report = ng.check(loss, params(), gradient, only=["W", "b"], sample=2)
    assert report.checked == 4
    assert report.coverage == pytest.approx(4 / 35)
    assert (report.parameters["x"].verdict == 0).all()
    assert "4 of 35" in report.outcome


def test_a_budget_becomes_a_sample() -> None:
    calls = 0

    def slow(p: Any) -> float:
        nonlocal calls
        calls += 1
        time.sleep(2e-4)
        return float(np.sum(p["a"] ** 2) + np.sum(p["b"]))

    import time

    p = {"a": np.ones((100, 100)), "b": np.ones(1000)}
    costs: list[Cost] = []
    report = ng.check(
        slow, p, {"a": 2 * p["a"], "b": p["b"]}, max_seconds=1.0, announce=costs.append
    )
    assert report.passed
    assert 0 < report.coverage < 0.5
    assert all(check.checked.any() for check in report.parameters.values())
    assert len(costs) == 1
    assert 22_000 <= costs[0].evaluations < 23_000  # a sample of either array takes more
    assert "a part of them within 1 s" in str(costs[0])
    assert report.evaluations == calls


def test_a_short_check_is_not_announced() -> None:
    costs: list[Cost] = []
    ng.check(loss, params(), gradient, announce=costs.append)
    assert costs == []


def test_stopped_on_the_way() -> None:
    told: list[tuple[int, int]] = []
    report = ng.check(
        loss, params(), gradient, progress=lambda done, total: told.append((done, total)),
        cancel=lambda: len(told) >= 1,
    )  # fmt: skip
    assert told[0][1] >= 70
    assert 0 < report.coverage < 1
    assert "the check was stopped before its end" in report.notes


def test_evaluations_are_counted() -> None:
    calls = 0

    def counted(p: Any) -> float:
        nonlocal calls
        calls += 1
        return loss(p)

    p = params()
    report = ng.check(counted, p, gradient(p))
    assert report.evaluations == calls


def test_a_gradient_that_leaves_state_behind() -> None:
    total = np.zeros(3)

    def accumulated(x: Any) -> Any:
        nonlocal total
        total = total + 2 * x
        return total

    report = ng.check(lambda x: np.sum(x**2), np.ones(3), accumulated)
    assert not report.passed
    assert "the gradient differs from call to call at one point" in report.notes


def test_functions_that_change_their_parameters() -> None:
    def spoils(p: Any) -> Any:
        p["W"] += 1
        return gradient(p)

    p = params()
    before = p["W"].tobytes()
    with pytest.raises(ParameterError, match="gradients must not change its parameters, but W has"):
        ng.check(loss, p, spoils)
    assert p["W"].tobytes() == before
    with pytest.raises(ParameterError, match="f must not change its parameters, but W has changed"):
        ng.check(lambda p: float(spoils(p)["W"].sum()), p, gradient)
    assert p["W"].tobytes() == before


def test_an_error_in_f_leaves_everything_in_place() -> None:
    p = params()
    before = {name: array.tobytes() for name, array in p.items()}
    calls = 0

    def f(p: Any) -> float:
        nonlocal calls
        calls += 1
        if calls == 100:
            raise RuntimeError("no")
        return loss(p)

    with pytest.raises(RuntimeError, match="no"):
        ng.check(f, p, gradient)
    assert {name: array.tobytes() for name, array in p.items()} == before


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((), {}, "check must be given something to check, got no arguments"),
        ((3,), {}, "a PyTorch module or a JAX function first, got int"),
        ((loss, params()), {}, r"must be given \(f, params, gradients\), got 2 arguments"),
        ((loss, params(), {"x": 1}), {}, "gradients must have the entries x, W, b.*missing: W, b"),
        ((np.sum, np.ones(3), np.ones(2)), {}, r"gradients of params must have its shape \(3,\)"),
        ((np.sum, np.ones(3), np.ones(3, complex)), {}, "must be real numbers, got complex128"),
        ((np.sum, np.ones(3, int), np.ones(3)), {}, "params must hold floats, got int64"),
        ((lambda _: np.nan, np.ones(3), np.ones(3)), {}, "must be finite where it is checked"),
        ((np.sum, np.ones(3), np.ones(3)), {"factor": 0.5}, "factor must be .* at least 1"),
        ((np.sum, np.ones(3), np.ones(3)), {"rtol": -1}, "rtol must be .* at least 0, got -1"),
        ((np.sum, np.ones(3), np.ones(3)), {"max_seconds": 0}, "max_seconds must be .* above 0"),
        ((np.sum, np.ones(3), np.ones(3)), {"h": "small"}, "h must be one of auto, got 'small'"),
        ((np.sum, np.ones(3), np.ones(3)), {"only": "W*"}, "only must match a name among params"),
    ],
)
def test_arguments_that_do_not_fit(arguments: Any, options: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        ng.check(*arguments, **options)
