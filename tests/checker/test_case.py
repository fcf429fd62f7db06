"""Checks that are held until they are run."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nudgegrad.checker.case import Case
from nudgegrad.checker.report import Report
from nudgegrad.validation import ParameterError


def square(**options: Any) -> Case:
    return Case(lambda w: float((w**2).sum()), np.arange(5.0), lambda w: 2 * w, **options)


def test_run() -> None:
    report = square().run()
    assert isinstance(report, Report)
    assert report.passed
    assert report.checked == 5


def test_options_of_the_run_come_first() -> None:
    case = square(sample=2, factor=4.0)
    assert (case.run().checked, case.run().factor) == (2, 4.0)
    assert (case.run(sample=3).checked, case.run(sample=3).factor) == (3, 4.0)
    assert dict(case.options) == {"sample": 2, "factor": 4.0}


def test_nothing_happens_before_the_run() -> None:
    case = Case(None, None, None)
    with pytest.raises(ParameterError):
        case.run()


def test_by() -> None:
    seen: list[Any] = []

    def by(*arguments: Any, **options: Any) -> Report:
        seen.append((arguments, options))
        return square().run()

    assert Case(1, 2, by=by, h=0.1).run(seed=3).passed
    assert seen == [((1, 2), {"h": 0.1, "seed": 3})]


def test_frozen() -> None:
    case = square(sample=2)
    with pytest.raises(AttributeError, match="does not change"):
        case.arguments = ()
    with pytest.raises(TypeError):
        case.options["sample"] = 3  # type: ignore[index]
    assert repr(case) == "Case(function, ndarray, function, sample)"
