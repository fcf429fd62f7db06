"""Reports: whether they passed, how much was verified, and their worst entries."""

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
        ([1, 1], {}, "passed: 2 of 2 entries verified"),
        ([1, 1, 0], {}, "passed: 2 of 3 entries verified; 1 not checked"),
        ([1, 3, 3], {}, "passed: 1 of 3 entries verified; 2 at kinks"),
        ([1, 4, 0], {}, "passed: 1 of 3 entries verified; 1 noisy, 1 not checked"),
        ([1] * 33 + [4] * 47, {}, "passed: 33 of 80 entries verified; 47 noisy"),
        ([1, 2, 1], {}, "not passed: 1 of 3 entries is wrong; 2 verified"),
        ([2], {}, "not passed: 1 of 1 entry is wrong; none verified"),
        ([2, 2, 1, 0], {}, "not passed: 2 of 4 entries are wrong; 1 verified, 1 not checked"),
        ([0, 0], {}, "not passed: no entry was checked"),
        ([4, 4], {}, "not passed: no entry of 2 could be verified: 2 noisy"),
        ([3, 5, 5], {}, "not passed: no entry of 3 could be verified: 1 at kinks, 2 unresolved"),
        ([1], {"taylor": Taylor()}, "passed: 1 of 1 entry verified"),
        ([1, 1], {"taylor": Taylor(passed=False, order=1.02)},
         "not passed: no entry is wrong, but the Taylor test failed: the remainder falls with "
         "order 1.02 where 2 is expected; 2 verified"),
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
    assert report.outcome == (
        "not passed: 1 of 2 entries is NaN or infinite in the claimed gradient; 2 verified"
    )
    assert make_report(make_check("W", [1.0, 2.0], [1.0, np.inf], verdict=[1, 0])).passed
    both = make_report(make_check("W", [1.0, 2.0, 3.0], [1.0, np.nan, 4.0]))
    assert both.outcome == (
        "not passed: 2 of 3 entries are wrong (1 of them NaN or infinite); 1 verified"
    )


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
        {"parameter": "W", "index": (0, 1), "claimed": 3.0, "numeric": 2.0,
         "error": pytest.approx(1e-9 / 3), "ratio": pytest.approx(1e9), "verdict": "wrong",
         "unverified": False, "reason": ""}
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
        "kink": 0, "noisy": 0, "unresolved": 0, "unverified": 0, "relative_error": 0.2, "h": 1e-4,
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
    assert repr(report) == "Report(not passed: 1 of 2 entries is wrong; 1 verified)"
    assert "\n" not in repr(report.parameters["W"])


def of_reasons(*reasons: Reason, name: str = "W", verdict: Verdict = Verdict.NOISY) -> Any:
    """Return a check in which the entries with a reason are unverified, the others ok."""
    codes = np.array(reasons)
    numbers = np.arange(1.0, len(codes) + 1)
    verdicts = np.where(codes > 0, verdict, Verdict.OK)
    check = make_check(name, numbers, numbers, verdict=verdicts)
    return replace(check, unverified=codes > 0, reason=codes.astype(np.int8))


def test_by_default_nothing_is_unverified() -> None:
    check = make_check("W", [1.0, 2.0, 3.0], [1.0, 2.0, 0.0], verdict=[1, 1, 5])
    assert check.unverified.shape == check.reason.shape == (3,)
    report = make_report(check)
    assert report.passed
    assert (report.unverified, report.reasons) == (0, {})
    assert report.diagnosis == [
        "1 entry is not verified, but a mistake within its error bar would not matter next to the "
        "others"
    ]


def test_an_entry_that_could_not_be_verified_fails_the_report() -> None:
    check = of_reasons(Reason.NONE, Reason.NONE, Reason.DISAGREE, verdict=Verdict.UNRESOLVED)
    report = make_report(check)
    assert not report.passed
    assert report.outcome == (
        "not passed: 1 of 3 entries could not be verified, W[2]: nudges of different lengths "
        "disagree; 2 verified"
    )
    (line,) = report.diagnosis
    assert line.startswith("1 entry could not be verified: nudges of different lengths disagree; ")
    worst = report.worst(1)[0]
    assert (worst.index, worst.unverified, worst.reason) == ((2,), True, "disagree")
    assert (check.entry(0).unverified, check.entry(0).reason) == (False, "")
    assert report.summary()[0]["unverified"] == 1
    assert report.records("unresolved")[0]["reason"] == "disagree"


def test_several_reasons() -> None:
    none, noise, kinks = Reason.NONE, Reason.BELOW_NOISE, Reason.KINKS
    first = of_reasons(none, noise, noise)
    scalar = replace(
        make_check("s", 1.0, 1.0, verdict=4),
        unverified=np.array(True),
        reason=np.array(noise, np.int8),
    )
    report = make_report(first, scalar, of_reasons(kinks, none, none, name="b"))
    assert report.reasons == {noise: 3, kinks: 1}
    assert report.outcome == (
        "not passed: 4 of 7 entries could not be verified, W[1], [2], s and 1 more: "
        "the effect is below the function's noise (3), kinks lie within every nudge that the noise "
        "allows (1); 3 verified"
    )
    assert [line.split(":")[0] for line in report.diagnosis] == [
        "3 entries could not be verified, W[1], [2] and s",
        "1 entry could not be verified, b[0]",
        "the function's values scatter, far more than by rounding",
    ]


def test_wrong_and_unverified() -> None:
    wrong = make_check("b", [1.0, 2.0, 3.0], [1.0, 2.5, 3.0], verdict=[1, 2, 5])
    report = make_report(wrong, of_reasons(Reason.NONE, Reason.TOO_COARSE))
    assert report.outcome == (
        "not passed: 1 of 5 entries is wrong and 1 could not be verified, W[1]: the parameter's "
        "dtype cannot be nudged finely enough; 2 verified, 1 unresolved"
    )
    assert [entry.parameter for entry in report.worst(2)] == ["b", "W"]


@pytest.mark.parametrize("deterministic", [True, False])
def test_only_what_is_random_is_to_be_seeded(deterministic: bool) -> None:
    report = make_report(
        of_reasons(Reason.NONE, Reason.BELOW_NOISE), deterministic=deterministic, noise=1.2e-6
    )
    text = str(report)
    assert ("seed it" in text) == (not deterministic)
    assert ("scatter by 1e-06, far more than by rounding: a solver's" in text) == deterministic


def test_the_relative_error_is_that_of_the_wrong_entries() -> None:
    # An entry that is ok may be off by more of its value, as far as its error bar allows.
    check = make_check("W", [1.0, 1e-8], [1.0 + 1e-6, 1.001e-8])
    assert check.relative_error == pytest.approx(1e-6, rel=1e-3)
    report = make_report(check, make_check("b", [1e-8], [1.001e-8]))
    assert "off by a relative error of 1.0e-06 at most" in report.diagnosis[0]
    lines = str(report).splitlines()
    assert [line.split()[5] for line in lines if line.startswith(("W  ", "b  "))][:2] == [
        "1.0e-06", "1.0e-03"
    ]  # fmt: skip
    remark = (
        "rel. error: the largest of what is clearly wrong; where nothing is wrong, of what is ok"
    )
    assert remark in lines


def test_the_relative_error_is_of_what_is_clearly_wrong() -> None:
    # One entry is off by a thousandth of its value, and barely by more than it may be.
    numeric = np.append(np.full(200, 1.0), 1e-6)
    check = make_check("W", numeric, numeric + np.append(np.full(200, 3e-6), 1.1e-9))
    assert check.counts["wrong"] == 201
    assert check.relative_error == pytest.approx(3e-6, rel=1e-3)
    (line,) = make_report(check).diagnosis
    assert "off by a relative error of 3.0e-06 at most" in line
    assert line.endswith("rtol=1e-05, atol=1e-08 accepts it")


def test_an_epsilon_is_seen_where_the_terms_of_an_entry_cancel() -> None:
    # One entry of fifty is next to nothing, and off by as much as the others.
    numeric = np.append(np.linspace(1, 2, 49), 1e-3)
    (line,) = make_report(make_check("b", numeric, numeric + 1e-6)).diagnosis
    assert line.startswith(
        "every entry of b is off by a relative error of 1.0e-03 at most, 6.7e-07"
    )
    assert line.endswith("rtol=1e-05, atol=1e-06 accepts it")


def test_claimed_is_another_name_of_analytic() -> None:
    check = make_check("W", [1.0], [2.0])
    assert check.claimed is check.analytic
    assert check.entry(0).claimed == check.entry(0).analytic == 2
