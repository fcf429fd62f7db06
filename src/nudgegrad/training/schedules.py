"""Learning-rate schedules: what the learning rate is times, from iteration to iteration."""

from __future__ import annotations

import math
from typing import Any

from nudgegrad.validation import check_integer, check_real

__all__ = ["CosineDecay", "LinearDecay", "Schedule", "StepDecay"]


class Schedule:
    """The learning rate stays as it is, once it has warmed up. The others derive from this one.

    Parameters
    ----------
    warm_up
        Iterations over which the learning rate rises in a straight line from 1/warm_up of itself
        to itself. It multiplies what the schedule says meanwhile.
    """

    def __init__(self, *, warm_up: int = 0) -> None:
        self.warm_up = check_integer("warm_up", warm_up, 0)

    def __repr__(self) -> str:
        arguments = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"{type(self).__name__}({arguments})"

    def settings(self) -> dict[str, Any]:
        """Return the constructor's arguments and the class's name, for a checkpoint."""
        return {"name": type(self).__name__, **vars(self)}

    def factor(self, iteration: int) -> float:
        """Return what the learning rate of the step after so many iterations is times."""
        ramp = (iteration + 1) / self.warm_up if iteration < self.warm_up else 1.0
        return ramp * self.decay(iteration)

    def decay(self, iteration: int) -> float:
        """Return the same without the warm-up; what a schedule of one's own defines."""
        return 1.0


class LinearDecay(Schedule):
    """The learning rate falls in a straight line to zero.

    Parameters
    ----------
    iterations
        When it gets there; it stays zero from then on.
    warm_up
        As for `Schedule`.
    """

    def __init__(self, iterations: int, *, warm_up: int = 0) -> None:
        super().__init__(warm_up=warm_up)
        self.iterations = check_integer("iterations", iterations, 1)

    def decay(self, iteration: int) -> float:
        """Return what is left of the way."""
        return max(0, self.iterations - iteration) / self.iterations


class CosineDecay(Schedule):
    """The learning rate falls to zero along half a wave of the cosine.

    Source: I. Loshchilov and F. Hutter, *SGDR: stochastic gradient descent with warm restarts*,
    2017, equation 5, without restarts.

    Parameters
    ----------
    iterations
        When it gets there; it stays zero from then on.
    warm_up
        As for `Schedule`.
    """

    def __init__(self, iterations: int, *, warm_up: int = 0) -> None:
        super().__init__(warm_up=warm_up)
        self.iterations = check_integer("iterations", iterations, 1)

    def decay(self, iteration: int) -> float:
        """Return ½·(1 + cos(π·share of the way done))."""
        return 0.5 * (1 + math.cos(math.pi * min(iteration / self.iterations, 1)))


class StepDecay(Schedule):
    """The learning rate falls at once, again and again.

    Parameters
    ----------
    every
        Iterations between two falls.
    by
        What it is then times.
    warm_up
        As for `Schedule`.
    """

    def __init__(self, every: int, by: float = 0.1, *, warm_up: int = 0) -> None:
        super().__init__(warm_up=warm_up)
        self.every = check_integer("every", every, 1)
        self.by = check_real("by", by, above=0)

    def decay(self, iteration: int) -> float:
        """Return by^(falls so far)."""
        return float(self.by ** (iteration // self.every))
