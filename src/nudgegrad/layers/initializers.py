"""Starting weights: how widely they are spread."""

from __future__ import annotations

import math
from collections.abc import Callable

from nudgegrad.validation import check_choice, check_real

__all__ = ["INITIALIZERS", "standard_deviation"]

INITIALIZERS: dict[str, Callable[[int], float]] = {
    "he": lambda inputs: math.sqrt(2 / inputs),
    "xavier": lambda inputs: 1 / math.sqrt(inputs),
}
"""Standard deviations of starting weights, from the number of inputs that a unit adds up.

Sources: K. He et al., *Delving deep into rectifiers*, 2015; X. Glorot and Y. Bengio,
*Understanding the difficulty of training deep feedforward neural networks*, 2010.
"""


def standard_deviation(weight_init_std: float | str | None, inputs: int) -> float:
    """Return the standard deviation of the weights of a unit with so many inputs.

    Parameters
    ----------
    weight_init_std
        A number, or a name of `INITIALIZERS`. None takes Xavier's.
    inputs
        How many numbers a unit of the layer adds up.
    """
    if weight_init_std is None:
        weight_init_std = "xavier"
    if isinstance(weight_init_std, str):
        return INITIALIZERS[check_choice("weight_init_std", weight_init_std, list(INITIALIZERS))](
            inputs
        )
    return check_real("weight_init_std", weight_init_std, low=0)
