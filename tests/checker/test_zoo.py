"""Every bug of the zoo is found, and no right gradient is failed."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.gradient.kernels.threads import one_blas_thread
from tests.zoo import CASES
from tests.zoo.case import ZooCase

WHOLE = ("large/one-row", "large/float32", "large/total-right")
"""Cases of 100,000 entries that are checked at every entry. The others are at 2,000 of them and
at those that are wrong, because each takes some ten seconds."""


@pytest.fixture(scope="module", autouse=True)
def one_core() -> Iterator[None]:
    """Let BLAS use one thread: two would wait for each other in every evaluation."""
    with one_blas_thread():
        yield


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_right_passes_and_wrong_does_not(case: ZooCase) -> None:
    problem = case.build()
    mask = None
    if case.family == "large" and case.name not in WHOLE:
        mask = {name: some(array, case.entries) for name, array in problem.params.items()}
    report = ng.check(*problem, mask=mask, announce=None)
    assert report.passed == case.right, str(report)
    if not case.right:
        assert report.counts["wrong"] > 0
        assert report.worst(1)[0].verdict == "wrong"


def some(array: Any, entries: tuple[int, ...]) -> Any:
    mask = np.zeros(array.size, dtype=bool)
    mask[:: max(1, array.size // 2000)] = True
    mask[[index for index in entries if index < array.size]] = True
    return mask.reshape(array.shape)


def test_one_wrong_entry_of_a_hundred_thousand_is_named() -> None:
    case = next(case for case in CASES if case.name == "large/one-sign")
    report = ng.check(*case.build(), announce=None)
    assert report.counts["wrong"] == 1
    (worst,) = report.worst(1)
    index = np.ravel_multi_index(worst.index, report.parameters[worst.parameter].verdict.shape)
    assert index in case.entries
    assert any("alone" in line for line in report.diagnosis)
