"""The gradient checker: every entry of anybody's gradient, with error bars."""

from nudgegrad.check.function import check_function
from nudgegrad.check.report import Entry, ParameterCheck, Report, WrongGradient
from nudgegrad.check.verdict import Verdict

__all__ = ["Entry", "ParameterCheck", "Report", "Verdict", "WrongGradient", "check_function"]
