"""The gradient checker: every entry of anybody's gradient, with error bars.

`check` is the one call. `engine` measures the entries (`entries`, with `nudgegrad.differentiate`)
and judges them (`judge`, `ties`, `taylor`); `function` and `network` say what is evaluated;
`report` says what was found, and `diagnosis` what it may mean.
"""

from nudgegrad.checker.case import Case
from nudgegrad.checker.check import check
from nudgegrad.checker.cost import Cost
from nudgegrad.checker.reason import Reason
from nudgegrad.checker.report import Entry, ParameterCheck, Report, WrongGradient
from nudgegrad.checker.verdict import Verdict

__all__ = [
    "Case", "Cost", "Entry", "ParameterCheck", "Reason", "Report", "Verdict", "WrongGradient",
    "check",
]  # fmt: skip
