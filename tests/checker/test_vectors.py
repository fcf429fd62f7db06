"""The checker on vectors whose entries differ: see `tests.vectors`."""

from collections.abc import Iterator
from functools import cache

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.checker import Report
from tests.vectors.mistakes import mistaken
from tests.vectors.noisy import unrepeatable
from tests.vectors.settings import CASES, SETTINGS, Case, Setting, cases

DOUBLE = SETTINGS[0]
EPS = float(np.finfo(np.float64).eps)


def check(case: Case, claim: np.ndarray) -> Report:
    return ng.check(case.f, case.x, claim, announce=None)


@cache
def right(case: Case) -> Report:
    return check(case, case.truth.gradient.copy())


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_right_gradient_passes(case: Case) -> None:
    report = right(case)
    assert report.counts["wrong"] == 0, str(report)
    if case.truth.asked(case.noise):
        assert report.passed, str(report)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_mistake_in_an_entry_that_matters_is_found(case: Case) -> None:
    missed = []
    for i, mistake, claim in mistaken(case.truth, case.noise):
        report = check(case, claim)
        entry = report.parameters["params"].entry(i)
        if report.passed or entry.verdict != "wrong":
            missed.append(f"[{i}] {mistake}: {entry.verdict}, {entry.numeric} ± {entry.error}")
    assert not missed, f"of {case.truth.gradient}: {missed}"


@pytest.mark.parametrize("case", cases(DOUBLE), ids=str)
def test_zeros_everywhere_are_wrong_in_every_entry_that_matters(case: Case) -> None:
    matters = case.truth.matters()
    if matters.any():
        report = check(case, np.zeros(len(case.x)))
        assert not report.passed
        assert (report.parameters["params"].verdict[matters] == 2).all(), str(report)


@pytest.mark.parametrize("case", cases(DOUBLE), ids=str)
def test_an_absurd_claim_does_not_hide_its_neighbours(case: Case) -> None:
    places = np.flatnonzero(case.truth.matters())
    if len(places) > 1:
        claim = 2 * case.truth.gradient
        claim[places[0]] = 1e16 * np.abs(claim).max()
        report = check(case, claim)
        assert (report.parameters["params"].verdict[places] == 2).all(), str(report)


SOME = [case for case in cases(DOUBLE)[::4] if case.vector.noisy]


@pytest.mark.parametrize("case", [c for c in SOME if "solved" not in c.vector.name], ids=str)
def test_noise_that_is_new_in_every_call(case: Case) -> None:
    noisy = Case(case.vector, Setting("float64", noise=1e-6))
    true = noisy.truth
    f = unrepeatable(case.vector, noisy.noise)
    report = ng.check(f, case.x, true.gradient.copy(), announce=None)
    assert report.counts["wrong"] == 0, str(report)
    assert report.passed or not true.asked(noisy.noise), str(report)
    for i in np.flatnonzero(noisy.clear).tolist():
        claim = true.gradient.copy()
        claim[i] *= -1
        report = ng.check(f, case.x, claim, announce=None)
        assert report.parameters["params"].entry(i).verdict == "wrong", str(report)


def bars(case: Case) -> Iterator[tuple[float, float, bool]]:
    """Yield every measured entry's bar, how far it is off, and whether it is known to a percent."""
    found, true = right(case).parameters["params"], case.truth.gradient
    for i, clear in enumerate(case.clear):
        if not np.isnan(found.numeric[i]):
            yield found.error[i], abs(found.numeric[i] - true[i]) - EPS * abs(true[i]), bool(clear)


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_error_bars_cover_the_truth_and_are_not_much_too_wide(setting: Setting) -> None:
    measured = [entry for case in cases(setting) for entry in bars(case)]
    assert np.mean([off <= bar for bar, off, _ in measured]) >= 0.99
    widths = [bar / max(off, EPS * bar) for bar, off, clear in measured if clear]
    assert np.median(widths) <= 100
