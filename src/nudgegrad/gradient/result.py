"""What a gradient method returns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nudgegrad.arrays import Array

__all__ = ["Gradient"]


class Gradient(dict[str, Array]):
    """Parameter name → gradient, as the lesson's dict, with what is known about it.

    Attributes
    ----------
    method : str
        ``"naive"``, ``"weight"``, ``"node"`` or ``"backprop"``.
    loss : float
        The loss of the batch at the parameters as they are.
    loss_evaluations : int
        How many loss evaluations the method stands for (for `backprop` 1: its forward pass).
    h : float or None
        The nudge; None for `backprop`.
    errors : dict of str to array, or None
        With ``error_bars=True``: for every entry, the estimated size of its error, truncation
        and rounding together.
    sampled : dict of str to boolean array, or None
        With ``sample=``: which entries were computed. All others are NaN.
    buffers : dict of str to array
        In a training step: what it makes of the network's buffers, such as running means. Nothing
        has changed yet; who takes the step assigns them to ``network.buffers``.
    """

    def __init__(
        self,
        gradients: dict[str, Array],
        *,
        method: str,
        loss: float,
        loss_evaluations: int,
        h: float | None,
        errors: dict[str, Array] | None = None,
        sampled: dict[str, NDArray[np.bool_]] | None = None,
        buffers: dict[str, Array] | None = None,
    ) -> None:
        super().__init__(gradients)
        self.method = method
        self.loss = loss
        self.loss_evaluations = loss_evaluations
        self.h = h
        self.errors = errors
        self.sampled = sampled
        self.buffers = buffers or {}

    def __repr__(self) -> str:
        shapes = ", ".join(f"{name}: {tuple(value.shape)}" for name, value in self.items())
        part = ""
        if self.sampled is not None:
            done = sum(int(mask.sum()) for mask in self.sampled.values())
            part = f", sample of {done} entries, NaN elsewhere"
        return (
            f"Gradient({{{shapes}}}, method={self.method!r}, h={self.h}, loss={self.loss:.6g}, "
            f"loss_evaluations={self.loss_evaluations}{part})"
        )
