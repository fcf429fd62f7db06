"""The four ways to a network's gradient, slowest first, behind one call."""

from nudgegrad.gradient.compute import METHODS, compute_gradient, count_loss_evaluations
from nudgegrad.gradient.result import Gradient
from nudgegrad.monitor import Cancelled, Monitor

__all__ = [
    "METHODS",
    "Cancelled",
    "Gradient",
    "Monitor",
    "compute_gradient",
    "count_loss_evaluations",
]
