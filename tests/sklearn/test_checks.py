"""scikit-learn's own checks of estimators, all of them.

Those of the array API are skipped by scikit-learn unless SCIPY_ARRAY_API=1 was set before it was
imported, those of data frames unless pandas is there.
"""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("sklearn")

from sklearn.utils.estimator_checks import estimator_checks_generator

from nudgegrad.sklearn import (
    NumericalGradientClassifier,
    NumericalGradientRegressor,
)

# What `parametrize_with_checks` would make of them, but in a list, as pytest asks for.
CASES = [
    pytest.param(estimator, check, id=f"{type(estimator).__name__}-{check.func.__name__}-{k}")
    for kind in (NumericalGradientClassifier, NumericalGradientRegressor)
    for k, (estimator, check) in enumerate(estimator_checks_generator(kind()))
]


# What scikit-learn itself warns of: fits that it cuts short, and checks that need pandas.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize(("estimator", "check"), CASES)
def test_as_scikit_learn_wants_it(estimator: Any, check: Any) -> None:
    check(estimator)


def test_there_are_checks() -> None:
    assert len(CASES) > 90
