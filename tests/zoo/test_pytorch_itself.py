"""The labels of PyTorch's part are true: autograd of the plain operations is the truth."""

from __future__ import annotations

from typing import Any

import pytest

from tests.zoo.pytorch import TorchProblem, torch_cases

torch = pytest.importorskip("torch")
TORCH_CASES = torch_cases()


def gradients(problem: TorchProblem) -> tuple[list[Any], Any]:
    """Return all gradients, with zeros for None, and the loss."""
    torch.manual_seed(0)
    value = problem.loss(problem.module(*problem.inputs))
    of = [*problem.module.parameters(), *problem.inputs]
    found = torch.autograd.grad(value, of, allow_unused=True)
    pairs = zip(found, of, strict=True)
    return [torch.zeros_like(x) if g is None else g for g, x in pairs], value


@pytest.mark.parametrize("case", TORCH_CASES, ids=lambda case: case.name)
def test_label(case: Any) -> None:
    problem = case.build()
    given, value = gradients(problem)
    truth, plain_value = gradients(case.plain())
    single = value.dtype == torch.float32
    relative = 1e-5 if single else 1e-12
    torch.testing.assert_close(value, plain_value, rtol=relative, atol=relative)
    # A bias before batch norm does nothing, and its gradient is rounding alone.
    least = max(float(t.abs().max()) for t in truth) / 100
    off = max(
        float((g - t).abs().max()) / max(float(t.abs().max()), least)
        for g, t in zip(given, truth, strict=True)
    )
    assert off < relative * 10 if case.right else off > 1e-3


@pytest.mark.parametrize("case", TORCH_CASES, ids=lambda case: case.name)
def test_differences_agree_with_the_truth(case: Any) -> None:
    """One direction through all parameters and inputs, in float64, a step on either side."""
    problem = case.plain()
    problem.module.double()
    inputs = tuple(x.detach().double().requires_grad_() for x in problem.inputs)
    truth, _ = gradients(problem._replace(inputs=inputs))
    of = [*problem.module.parameters(), *inputs]
    generator = torch.Generator().manual_seed(1)
    moves = [torch.randn(x.shape, generator=generator, dtype=torch.float64) for x in of]
    slopes = []
    with torch.no_grad():
        for h in (1e-5, -1e-5):
            for x, move in zip(of, moves, strict=True):
                x += h * move
            torch.manual_seed(0)
            slopes.append(float(problem.loss(problem.module(*inputs))))
            for x, move in zip(of, moves, strict=True):
                x -= h * move
    along = sum(float((g * move).sum()) for g, move in zip(truth, moves, strict=True))
    assert (slopes[0] - slopes[1]) / 2e-5 == pytest.approx(along, rel=1e-6, abs=1e-7)


def test_counts_and_determinism() -> None:
    assert len({case.name for case in TORCH_CASES}) == len(TORCH_CASES)
    assert sum(case.right for case in TORCH_CASES) >= 8
    assert sum(not case.right for case in TORCH_CASES) >= 8
    for case in TORCH_CASES:
        one, other = gradients(case.build()), gradients(case.build())
        assert all(torch.equal(a, b) for a, b in zip(one[0], other[0], strict=True))
