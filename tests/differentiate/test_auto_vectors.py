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


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_entry_that_matters_is_near(case: Case, scheme: str) -> None:
    if scheme == "central":
        found = differences(case).gradient
    else:
        found = ng.numerical_gradient(case.f, case.x, h="auto", scheme=scheme)
    true, clear = case.truth, case.clear
    if scheme == "forward":
        clear &= true.forward_error(case.noise) <= SCHEMES[scheme] / 10
    np.testing.assert_allclose(
        np.asarray(found, np.float64)[clear], true.gradient[clear], rtol=SCHEMES[scheme]
    )


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_error_bars_cover_the_truth_and_are_not_much_too_wide(setting: Setting) -> None:
    covered, widths = [], []
    for case in cases(setting):
        true, found = case.truth.gradient, differences(case)
        rounding = float(np.finfo(setting.dtype).eps) * np.abs(true)
        off = np.abs(np.asarray(found.gradient, np.float64) - true) - rounding
        bar = np.asarray(found.errors, np.float64)
        covered += (off <= bar).tolist()
        widths += (bar / np.maximum(off, rounding))[case.clear].tolist()
    assert np.mean(covered) >= 0.99
    assert np.median(widths) <= 100
