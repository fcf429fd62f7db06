"""What a check found, and how it is told: text, terminal, HTML, JSON, pictures."""

from nudgegrad.checker.report.parameter import Entry, ParameterCheck
from nudgegrad.checker.report.report import Report, WrongGradient

__all__ = ["Entry", "ParameterCheck", "Report", "WrongGradient"]
