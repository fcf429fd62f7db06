"""Modules that raise next to the point: the evaluators let it through, and go on afterwards."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from nudgegrad.torch.batches import MAX_BYTES, Batches  # noqa: E402
from nudgegrad.torch.choose import choose  # noqa: E402
from nudgegrad.torch.claims import claim  # noqa: E402
from nudgegrad.torch.loop import Loop  # noqa: E402
from nudgegrad.torch.target import Target  # noqa: E402
from tests.torch.modules import State, random  # noqa: E402

error: Any = torch.linalg.LinAlgError


class Determinant(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
    """log det A by Cholesky's factors, with state that an exception may leave half-way."""

    def __init__(self, correlation: float) -> None:
        super().__init__()
        one = torch.ones((), dtype=torch.float64)
        self.A = nn.Parameter(torch.stack([one, correlation * one, correlation * one, one]))
        self.kept: list[Any] = []
        self.calls: Any
        self.register_buffer("calls", torch.zeros(1, dtype=torch.float64))

    def forward(self, x: Any) -> Any:
        self.kept.append(x)
        self.calls += 1
        A = self.A.reshape(2, 2)
        factor = torch.linalg.cholesky((A + A.T) / 2)
        return 2 * factor.diagonal().log().sum() + x.sum() + self.calls + len(self.kept)


def truth(A: Any) -> float:
    return float(np.log(np.linalg.det((A.reshape(2, 2) + A.reshape(2, 2).T) / 2)))


@pytest.mark.parametrize("kind", ["vmap", "loop"])
def test_evaluators_go_on_after_an_exception(kind: str) -> None:
    module, x = Determinant(0.9), random(3)
    state = State(module, x)
    A = module.A.detach().numpy().copy()
    with ExitStack() as stack:
        target = Target(module, torch.sum, (x,), False, stack)
        claim(target)
        loop = Loop(target, graph=False)
        evaluate = loop if kind == "loop" else Batches(loop, 0)
        centre = float(evaluate.centre())
        indices, points = np.array([0, 1]), np.array([[1.01, 0.99], [0.91, 5.0]])
        along = [np.array([0.0, 5.0, 0.0, 0.0])]
        for _ in range(2):
            with pytest.raises(error):
                evaluate.at(0, indices, points)
            with pytest.raises(error):
                evaluate.along(along, np.array([0.01, 1.0]))
            for index, point in ((0, 1.01), (0, 0.99), (1, 0.91)):
                moved = A.copy()
                moved[index] = point
                found = evaluate.at(0, np.array([index]), np.array([[point]]))
                assert found - centre == pytest.approx(truth(moved) - truth(A), rel=1e-9)
            assert float(evaluate.centre()) == centre
    state.check()


@pytest.mark.parametrize("path", ["auto", "vmap", "loop"])
def test_the_way_is_chosen_within_the_domain(path: str) -> None:
    """The points at which ways are compared come nearer until the module takes them."""
    module, x = Determinant(0.9999), random(3)
    state = State(module, x)
    with ExitStack() as stack:
        target = Target(module, torch.sum, (x,), True, stack)
        claim(target)
        evaluate, method = choose(target, path, 0, MAX_BYTES, None)
        assert isinstance(evaluate, Loop if path == "loop" else Batches), method
    state.check()


def test_a_domain_with_one_side() -> None:
    def root(x: Any) -> Any:
        if float(x.detach().min()) < 0:
            raise ValueError("must not be negative")
        return (x**1.5).sum()

    with ExitStack() as stack:
        x = torch.tensor([0.0, 2.0], dtype=torch.float64)
        target = Target(root, torch.sum, (x,), True, stack)
        claim(target)
        evaluate, _ = choose(target, "auto", 0, MAX_BYTES, None)
        with pytest.raises(ValueError, match="must not be negative"):
            evaluate.at(0, np.array([0]), np.array([[1e-3, -1e-3]]))
        assert evaluate.at(0, np.array([0]), np.array([[1e-3]])) == 1e-3**1.5 + 2**1.5
