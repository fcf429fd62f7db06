"""Estimators for scikit-learn that learn by numerical differentiation.

This package needs scikit-learn, which nudgegrad itself does without.
"""

try:
    import sklearn  # noqa: F401
except ImportError as error:
    raise ImportError(
        "nudgegrad.sklearn needs scikit-learn, which could not be imported; "
        'pip install "nudgegrad[sklearn]"'
    ) from error

from nudgegrad.sklearn.classifier import NumericalGradientClassifier
from nudgegrad.sklearn.regressor import NumericalGradientRegressor

__all__ = ["NumericalGradientClassifier", "NumericalGradientRegressor"]
