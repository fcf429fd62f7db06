"""Reports: whether they passed, what they count, and their worst entries."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudgegrad.checker.reason import Reason
from nudgegrad.checker.report import Report, WrongGradient
from nudgegrad.checker.verdict import Verdict
from nudgegrad.validation import ParameterError
from tests.checker.made_up import Taylor, draw, make_check, make_report

VERDICTS = ["ok", "wrong", "kink", "noisy", "unresolved"]


def of_verdicts(*verdicts: int, **settings: Any) -> Report:
    numbers = np.arange(1.0, len(verdicts) + 1)
    return make_report(make_check("W", numbers, numbers, verdict=verdicts), **settings)


@pytest.mark.parametrize(
    ("verdicts", "settings", "outcome"),
    [
        ([1, 1], {}, "passed: 2 of 2 entries within their error bars"),
        ([1, 1], {"rtol": 1e-5}, "passed: 2 of 2 entries within tolerance"),
        ([1, 1, 0], {}, "passed: 2 of 3 entries checked, all within their error bars"),
        ([1, 3, 3], {}, "passed: 1 of 3 entries within their error bars, 2 at kinks"),
        ([1, 4, 0], {},
         "passed: 2 of 3 entries checked, 1 of them within their error bars, 1 noisy"),
        ([1, 2, 1], {}, "not passed: 1 of 3 entries is wrong"),
        ([2], {}, "not passed: 1 of 1 entry is wrong"),
        ([2, 2, 1, 0], {}, "not passed: 2 of 3 entries checked are wrong"),
        ([0, 0], {}, "not passed: no entry was checked"),
        ([4, 4], {}, "not passed: no entry could be verified: all noisy; make the function "
                     "deterministic (seed it)"),
        ([3, 5, 5], {}, "not passed: no entry could be verified: 1 at kinks, 2 unresolved; check "
                        "at a point away from ties and thresholds, use float64 or a larger h"),
        ([1], {"taylor": Taylor()}, "passed: 1 of 1 entries within their error bars"),
        ([1, 1], {"taylor": Taylor(passed=False, order=1.02)},
         "not passed: no entry of 2 entries is wrong, but the Taylor test failed: the remainder "
         "falls with order 1.02 where 2 is expected"),
    ],
)  # fmt: skip
def test_outcome(verdicts: list[int], settings: dict[str, Any], outcome: str) -> None:
    report = of_verdicts(*verdicts, **settings)
    assert report.outcome == outcome
    assert report.passed == bool(report) == outcome.startswith("passed")


def test_nothing_at_all() -> None:
    report = make_report()
    assert not report.passed
    assert report.coverage == 0
    assert not any([report.worst(), report.records(), report.summary(), report.diagnosis])


def test_a_value_that_is_not_finite_never_passes() -> None:
    check = make_check("W", [1.0, 2.0], [1.0, np.nan], verdict=[1, 1])
    report = make_report(check)
    assert report.outcome == "not passed: 1 of 2 entries is NaN or infinite in the claimed gradient"
    assert make_report(make_check("W", [1.0, 2.0], [1.0, np.inf], verdict=[1, 0])).passed
    both = make_report(make_check("W", [1.0, 2.0, 3.0], [1.0, np.nan, 4.0]))
    assert both.outcome == "not passed: 2 of 3 entries are wrong (1 of them NaN or infinite)"


def test_counts_and_coverage() -> None:
    report = of_verdicts(0, 1, 1, 2, 3, 4, 4, 5)
    assert report.counts == {"ok": 2, "wrong": 1, "kink": 1, "noisy": 2, "unresolved": 1}
    assert (report.entries, report.checked, report.coverage) == (8, 7, 7 / 8)


@given(st.lists(st.integers(0, 5), max_size=40), st.integers(0, 12), st.integers(0, 2**32 - 1))
def test_worst_is_what_sorting_gives(verdicts: list[int], n: int, seed: int) -> None:
    numeric = draw(len(verdicts), seed=seed)
    analytic = numeric + 1e-9 * draw(len(verdicts), seed=seed + 1)
    half = len(verdicts) // 2
    parts = [
        make_check(name, numeric[part], analytic[part], verdict=verdicts[part])
        for name, part in (("a", slice(half)), ("b", slice(half, None)))
    ]
    report = make_report(*parts)
    records = report.records()
    expected = sorted(records, key=lambda r: (r["verdict"] != "wrong", -r["ratio"]))[:n]
    found = report.worst(n)
    assert [(e.parameter, e.index) for e in found] == [
        (r["parameter"], r["index"]) for r in expected
    ]
    assert len(records) == sum(code != 0 for code in verdicts)


def test_worst_puts_wrong_and_nan_first() -> None:
    check = make_check("W", [1.0, 1.0, 1.0, np.nan], [1.0, 5.0, np.nan, 1.0],
                       verdict=[1, 4, 2, 5])  # fmt: skip
    worst = make_report(check, make_check("s", 1.0, 1.1)).worst()
    assert [(e.parameter, e.index, e.verdict) for e in worst] == [
        ("W", (2,), "wrong"),
        ("s", (), "wrong"),
        ("W", (1,), "noisy"),
        ("W", (0,), "ok"),
        ("W", (3,), "unresolved"),
    ]
    assert math.isinf(worst[0].ratio)
    assert worst[1].ratio == pytest.approx(1e8)
    assert worst[3].ratio == 0
    with pytest.raises(ParameterError, match="n must be"):
        make_report(check).worst(-1)


def test_ratio_without_tolerance() -> None:
    check = make_check("W", [1.0, 1.0, 2.0], [1.0, 1.5, np.inf], tolerance=0.0)
    assert check.ratio.tolist() == [0, math.inf, math.inf]


def test_records() -> None:
    report = make_report(
        make_check("W", [[1.0, 2.0]], [[1.0, 3.0]]), make_check("s", 1.0, 1.0, verdict=0)
    )
    wrong = report.records("wrong")
    assert wrong == [
        {"parameter": "W", "index": (0, 1), "analytic": 3.0, "numeric": 2.0,
         "error": pytest.approx(1e-9 / 3), "ratio": pytest.approx(1e9), "verdict": "wrong"}
    ]  # fmt: skip
    assert [type(part) for part in wrong[0]["index"]] == [int, int]
    assert len(report.records()) == 2
    assert [row["index"] for row in report.records("unchecked")] == [()]
    assert report.records(Verdict.OK.name.lower())[0]["index"] == (0, 0)
    with pytest.raises(ParameterError, match="did you mean 'wrong'"):
        report.records("wrog")


def test_summary() -> None:
    check = make_check("W", [[1.0, 2.0], [0.0, 1e-11]], [[1.0, 2.5], [0.0, 2e-11]])
    scalar = make_check("s", 3.0, np.nan)
    noisy = make_check("n", [1.0], [2.0], verdict=Verdict.NOISY)
    rows = make_report(check, scalar, noisy).summary()
    assert rows[0] == {
        "parameter": "W", "shape": (2, 2), "entries": 4, "checked": 4, "ok": 3, "wrong": 1,
        "kink": 0, "noisy": 0, "unresolved": 0, "relative_error": 0.2, "h": 1e-4,
    }  # fmt: skip
    assert rows[1]["shape"] == ()
    assert math.isinf(rows[1]["relative_error"])
    assert math.isnan(rows[2]["relative_error"])


def test_raise_if_wrong() -> None:
    good = of_verdicts(1)
    assert good.raise_if_wrong() is good
    bad = make_report(make_check("W", draw(30, 40), draw(30, 40) + np.eye(30, 40) * 0.5))
    with pytest.raises(WrongGradient) as caught:
        bad.raise_if_wrong()
    assert str(caught.value) == str(bad)
    assert isinstance(caught.value, AssertionError)


def test_repr_is_one_line() -> None:
    report = of_verdicts(1, 2)
    assert repr(report) == "Report(not passed: 1 of 2 entries is wrong)"
    assert "\n" not in repr(report.parameters["W"])


def test_an_entry_that_could_not_be_verified_fails_the_report() -> None:
    check = make_check("W", [1.0, 2.0, 3.0], [1.0, 2.0, 0.0], verdict=[1, 1, 5])
    assert check.unverified.shape == check.reason.shape == (3,)
    assert make_report(check).passed
    doubtful = replace(
        check, unverified=np.array([False, False, True]), reason=np.array([0, 0, Reason.DISAGREE])
    )
    report = make_report(doubtful)
    assert report.unverified == 1
    assert not report.passed
    assert doubtful.entry(2).reason == "nudges of different lengths disagree"
    assert doubtful.entry(0).reason == ""
