"""Plain patterns in what is wrong with a gradient, in words."""

from nudgegrad.checker.diagnosis.diagnose import diagnose

__all__ = ["diagnose"]
