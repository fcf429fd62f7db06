"""Plain patterns in what is wrong with a gradient, in words."""

from nudgegrad.check.diagnosis.diagnose import diagnose

__all__ = ["diagnose"]
