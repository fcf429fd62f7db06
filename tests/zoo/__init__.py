"""The bug zoo: hand-written gradients, wrong and right, to try gradient checkers on."""

from tests.zoo import (
    attention,
    conv,
    dense,
    elementwise,
    indexing,
    large,
    linear_algebra,
    losses,
    normalisation,
    recurrent,
    reductions,
    scales,
    softmax_layers,
    state,
)
from tests.zoo.case import ZooCase

__all__ = ["CASES"]

FAMILIES = (
    dense,
    elementwise,
    losses,
    softmax_layers,
    normalisation,
    conv,
    attention,
    recurrent,
    reductions,
    indexing,
    linear_algebra,
    state,
    scales,
    large,
)
CASES: tuple[ZooCase, ...] = tuple(case for family in FAMILIES for case in family.CASES)
