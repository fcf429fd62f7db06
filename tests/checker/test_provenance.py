"""What reports call the things that were checked."""

from __future__ import annotations

import functools
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.checker import Case
from nudgegrad.checker.report.provenance import describe, now, versions


def loss(params: Any, scale: float = 1.0) -> float:
    return float(scale * np.sum(params**2))


class Model:
    def loss(self, params: Any) -> float:
        return loss(params)

    def __call__(self, params: Any) -> float:
        return loss(params)


class Broken(Model):
    def __repr__(self) -> str:
        raise RuntimeError


HERE = Path(__file__)


@pytest.mark.parametrize(
    ("thing", "name"),
    [
        (loss, "loss(params) in test_provenance.py"),
        (functools.lru_cache(loss), "loss(params) in test_provenance.py"),
        (functools.partial(loss, scale=2.0), "partial of loss(params) in test_provenance.py"),
        (Model().loss, "Model.loss(params) in test_provenance.py"),
        (Model(), "an object of Model"),
        (Broken(), "an object of Broken"),
        (np.exp, "numpy.exp(x)"),
        (max, "max"),
    ],
)
def test_names(thing: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE.parent)
    assert describe(thing) == name


def test_a_lambda_has_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE.parents[1])
    function = lambda w: w  # noqa: E731
    line = function.__code__.co_firstlineno
    assert describe(function) == f"a lambda(w) in {Path('checker', HERE.name)}:{line}"


def test_functions_typed_in_have_no_file() -> None:
    space: dict[str, Any] = {"__name__": "__main__"}
    exec("def f(w, x, *more, y=1): pass\ng = lambda w: w", space)
    assert describe(space["f"]) == "f(w, x)"
    assert describe(space["g"]) == "a lambda(w)"


def test_long_names_are_cut() -> None:
    name = describe(ng.MultiLayerNet(4, [5] * 9, 3))
    assert name.startswith("MultiLayerNet([Affine(4, 5)")
    assert name.endswith("…")
    assert len(name) == 72


def test_a_report_says_what_when_and_with_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE.parent)
    report = ng.check(loss, np.ones(3), 2 * np.ones(3))
    assert report.target == "loss(params) in test_provenance.py"
    assert abs(datetime.fromisoformat(report.created) - datetime.now().astimezone()) < timedelta(1)
    assert report.versions == versions()
    assert str(report).splitlines()[-1].startswith(report.target)
    assert json.loads(report.to_json())["target"] == report.target
    net = ng.TwoLayerNet(2, 2, 2)
    assert ng.check(net, np.ones((1, 2)), [1]).target.startswith("TwoLayerNet(")
    assert Case(loss, np.ones(3), 2 * np.ones(3)).run().target == report.target


def test_versions_are_of_what_is_loaded() -> None:
    assert list(versions()) == ["nudgegrad", "Python", "NumPy"]
    assert list(versions("numpy", "no_such_library")) == ["nudgegrad", "Python", "NumPy", "numpy"]
    assert datetime.fromisoformat(now()).tzinfo is not None
