"""``h="auto"`` on vectors whose entries differ: see `tests.vectors`."""

from functools import cache

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.differentiate import Differences
from tests.vectors.settings import CASES, SETTINGS, Case, Setting, cases

SCHEMES = {"central": 0.01, "five-point": 0.01, "richardson": 0.01, "forward": 0.05}
"""How far an entry that is clear of the noise may be off."""


@cache
def differences(case: Case) -> Differences:
    found = ng.numerical_gradient(case.f, case.x, h="auto", error_bars=True)
    assert isinstance(found, Differences)
    return found


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_entry_that_matters_is_near(case: Case) -> None:
    true, missed = case.truth, []
    for scheme, limit in SCHEMES.items():
        if scheme == "central":
            found = differences(case).gradient
        else:
            found = ng.numerical_gradient(case.f, case.x, h="auto", scheme=scheme)
        asked = case.clear
        if scheme == "forward":
            asked &= true.forward_error(case.noise) <= limit / 10
        if case.noise and scheme != "central":  # which is known from many more nudges
            limit *= 3
        off = np.abs(np.asarray(found, np.float64) - true.gradient)
        if not (off <= limit * np.abs(true.gradient))[asked].all():
            missed.append(f"{scheme}: {found}")
    assert not missed, f"of {true.gradient}, {case.clear}: {missed}"


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_error_bars_cover_the_truth_and_are_not_much_too_wide(setting: Setting) -> None:
    covered, widths = [], []
    for case in cases(setting):
        true, found = case.truth.gradient, differences(case)
        rounding = float(np.finfo(setting.dtype).eps) * np.abs(true)
        off = np.abs(np.asarray(found.gradient, np.float64) - true) - rounding
        bar = np.asarray(found.errors, np.float64)
        covered += (off <= bar).tolist()
        with np.errstate(divide="ignore", invalid="ignore"):  # slopes of 0, infinite bars
            widths += (bar / np.maximum(off, rounding))[case.clear].tolist()
    assert np.mean(covered) >= 0.99
    assert np.median(widths) <= 100
