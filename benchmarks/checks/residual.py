"""A PyTorch module that nudgegrad has no layers for, and checks by `torch.func.vmap`."""

from __future__ import annotations

from typing import Any

from benchmarks.checks import Part
from benchmarks.checks.torch_threads import torch, with_threads
from nudgegrad.torch import check

__all__ = ["parts"]

INPUTS, CLASSES, BATCH = 12, 4, 8


def parts(quick: bool) -> list[Part]:
    """Return a residual network of two blocks with layer norm and GELU, float64."""
    width = 4 if quick else 16
    nn = torch.nn
    torch.manual_seed(0)

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.branch = nn.Sequential(
                nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(),
                nn.Linear(2 * width, width),
            )  # fmt: skip

        def forward(self, x: Any) -> Any:
            return x + self.branch(x)

    ends = nn.Linear(INPUTS, width), nn.Linear(width, CLASSES)
    module = nn.Sequential(ends[0], Block(), Block(), ends[1]).double()
    x = torch.randn(BATCH, INPUTS, dtype=torch.float64)
    t = torch.randint(0, CLASSES, (BATCH,))
    names, parameters = zip(*module.named_parameters(), strict=True)
    note = f"{sum(parameter.numel() for parameter in parameters):,} entries"

    def loss(output: Any) -> Any:
        return nn.functional.cross_entropy(output, t)

    def functional(*tensors: Any) -> Any:
        own = dict(zip(names, tensors, strict=True))
        return loss(torch.func.functional_call(module, own, (x,)))

    def in_place(*tensors: Any) -> Any:
        return loss(module(x))  # gradcheck writes into the module's own parameters

    def ours() -> None:
        check(module, loss, x, check_inputs=False, path="vmap")

    contenders = with_threads("nudgegrad by vmap", ours, note)
    for how, f in (("in place", in_place), ("functional_call", functional)):
        for mode, fast in (("slow", False), ("fast", True)):

            def gradcheck(f: Any = f, fast: bool = fast) -> None:
                torch.autograd.gradcheck(f, parameters, fast_mode=fast)

            told = "a random direction a parameter" if fast else note
            contenders += with_threads(f"gradcheck {mode}, {how}", gradcheck, told)
    return [
        Part(
            f"A residual network with layer norm and GELU, batch {BATCH}, float64",
            contenders,
            {
                "gradcheck slow / nudgegrad, residual": ("gradcheck slow", "nudgegrad"),
                "gradcheck slow by functional_call / nudgegrad, residual": (
                    "gradcheck slow, functional_call", "nudgegrad"
                ),
                "gradcheck fast / nudgegrad, residual": ("gradcheck fast", "nudgegrad"),
            },
            repeats=2 if quick else 9,
        )
    ]  # fmt: skip
