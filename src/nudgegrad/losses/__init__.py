"""Losses: the error of each sample, its difference rule and its derivative.

A loss of a batch is the mean of its samples' errors. `y` is the last layer's output, and `t` the
targets as `targets` returns them. In `difference` and `magnitude`, `y` and `t` broadcast against
`d` as in `nudgegrad.layers`.
"""

from nudgegrad.losses.binary_cross_entropy import BinaryCrossEntropy
from nudgegrad.losses.cross_entropy import CrossEntropy
from nudgegrad.losses.loss import Loss
from nudgegrad.losses.mean_squared_error import MeanSquaredError

__all__ = ["BinaryCrossEntropy", "CrossEntropy", "Loss", "MeanSquaredError"]
