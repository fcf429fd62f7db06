"""Gradients in tests: one assertion, whose message is the whole report."""

from __future__ import annotations

from typing import Any

from nudgegrad.checker.report import Report, WrongGradient

__all__ = ["WrongGradient", "assert_gradient"]


def assert_gradient(*arguments: Any, **options: Any) -> Report:
    """Check a gradient, and raise unless the check passes.

    Parameters
    ----------
    *arguments, **options
        As for `nudgegrad.checker.check`.

    Returns
    -------
    Report
        What was found. It has passed.

    Raises
    ------
    WrongGradient
        An `AssertionError` with the report as its message: which entries are wrong or could not
        be verified, the claimed and the numeric gradient.

    Examples
    --------
    A test for pytest:

    >>> def test_the_square():
    ...     w = np.array([1.0, 2.0, 3.0])
    ...     assert_gradient(lambda w: np.sum(w**2), w, lambda w: 2 * w)
    """
    __tracebackhide__ = True  # pytest then points at the line of the test
    from nudgegrad.checker.check import check

    report = check(*arguments, **options)
    if not report.passed:
        raise WrongGradient(str(report))
    return report
