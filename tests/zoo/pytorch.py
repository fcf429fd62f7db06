"""PyTorch's part of the zoo: modules with hand-written backward passes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

__all__ = ["TorchCase", "TorchProblem", "torch_cases"]


class TorchProblem(NamedTuple):
    """A module, the loss of its output, and the module's inputs."""

    module: Any
    loss: Callable[[Any], Any]
    inputs: tuple[Any, ...]


@dataclass(frozen=True)
class TorchCase:
    """One module, whose gradient is right or wrong; fields as in `ZooCase`.

    Attributes
    ----------
    plain
        Builds the same module, weights and inputs in operations that PyTorch differentiates.
    random
        Whether forward draws from PyTorch's random numbers, and the seed is to be set before it.
    """

    name: str
    right: bool
    what: str
    build: Callable[[], TorchProblem]
    plain: Callable[[], TorchProblem]
    random: bool = False
    family: str = "torch"


def torch_cases() -> tuple[TorchCase, ...]:
    """Return the cases, importing PyTorch only now."""
    import torch

    from tests.zoo import pytorch_functions as functions
    from tests.zoo import pytorch_modules as modules

    def problem(
        make: Callable[[Any], Any], function: Any, dtype: Any, shape: tuple[int, ...]
    ) -> TorchProblem:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(5)
            module = make(function).to(dtype)
            x = torch.randn(*shape, dtype=torch.float64)
        weights: dict[tuple[int, ...], Any] = {}

        def loss(output: Any) -> Any:
            size = tuple(output.shape)
            if size not in weights:
                generator = torch.Generator().manual_seed(6)
                weights[size] = torch.randn(*size, generator=generator, dtype=torch.float64)
            return (output * weights[size].to(output.dtype)).sum()

        return TorchProblem(module, loss, (x.to(dtype).requires_grad_(),))

    def case(
        right: bool,
        name: str,
        what: str,
        make: Callable[[Any], Any],
        function: Any,
        plain: Any,
        *,
        dtype: Any = torch.float64,
        shape: tuple[int, ...] = (6, 5),
        random: bool = False,
    ) -> TorchCase:
        build = partial(problem, make, function, dtype, shape)
        truth = partial(problem, make, plain, dtype, shape)
        return TorchCase(name, right, what, build, truth, random)

    wrong, right = partial(case, False), partial(case, True)
    f, m, single = functions, modules, torch.float32
    square, cube = partial(torch.pow, exponent=2), partial(torch.pow, exponent=3)
    scaled = partial(torch.mul, other=1 / math.sqrt(5))
    image = (2, 2, 6, 6)
    return (
        wrong("torch/square", "x for 2x; the old style of Function", m.Residual, f.Square.bug,
              square),
        wrong("torch/swish", "product rule; the style with setup_context", m.Residual,
              f.Swish.bug, torch.nn.functional.silu),
        wrong("torch/alias", "f = Function.apply, called by that name", m.Alias, f.Square.bug,
              square),
        wrong("torch/leaky-negative", "wrong below 0 only", m.Residual, f.Leaky.bug,
              partial(torch.nn.functional.leaky_relu, negative_slope=0.1)),
        wrong("torch/linear-transposed", "a square weight's gradient transposed", m.Dense,
              f.Linear.transposed, torch.nn.functional.linear),
        wrong("torch/linear-bias", "the bias takes the mean", m.Dense, f.Linear.bias_mean,
              torch.nn.functional.linear),
        wrong("torch/linear-none", "None for the bias", m.Dense, f.Linear.bias_none,
              torch.nn.functional.linear),
        wrong("torch/softmax", "the outer product forgotten, in attention", m.Attention,
              f.Softmax.bug, partial(torch.softmax, dim=-1)),
        wrong("torch/scale", "the scale forgotten on the way back, in attention", m.Scaled,
              f.Scale.bug, scaled),
        wrong("torch/clobbered", "a saved tensor overwritten through .data", m.Residual,
              f.Clobbered.bug, torch.tanh),
        wrong("torch/detached", "a path detached", m.Residual, f.detached, f.twice_used),
        wrong("torch/float32-gelu", "1 % off, in float32, after batch norm in train mode",
              m.Normalised, f.Gelu.bug, torch.nn.functional.gelu, dtype=single, shape=(12, 5)),
        wrong("torch/batch-norm", "batch norm without the mean's term", m.OwnNorm,
              f.BatchNorm.bug, f.plain_batch_norm, shape=(8, 5)),
        wrong("torch/dropout", "backward draws a mask of its own", m.Residual, f.Dropout.bug,
              f.plain_dropout, random=True),
        wrong("torch/convolution", "the kernel's gradient reversed, then max pooling", m.Pooled,
              f.Reversed.bug, f.plain_convolution, shape=image),
        wrong("torch/penalty", "a second derivative by hand lacks a factor, and the module "
              "returns slopes", m.Penalised, f.Cube.bug, cube),
        right("torch/square-right", "the old style of Function", m.Residual, f.Square.good,
              square),
        right("torch/swish-right", "setup_context", m.Residual, f.Swish.good,
              torch.nn.functional.silu),
        right("torch/alias-right", "f = Function.apply", m.Alias, f.Square.good, square),
        right("torch/leaky", "a kink at 0", m.Residual, f.Leaky.good,
              partial(torch.nn.functional.leaky_relu, negative_slope=0.1)),
        right("torch/linear", "weight, bias and input", m.Dense, f.Linear.good,
              torch.nn.functional.linear),
        right("torch/softmax-right", "in attention", m.Attention, f.Softmax.good,
              partial(torch.softmax, dim=-1)),
        right("torch/scale-right", "in attention", m.Scaled, f.Scale.good, scaled),
        right("torch/saved", "a saved tensor left alone", m.Residual, f.Clobbered.good,
              torch.tanh),
        right("torch/twice-used", "one tensor on two paths", m.Residual, f.twice_used,
              f.twice_used),
        right("torch/float32-gelu-right", "float32, batch norm in train mode, which counts its "
              "calls", m.Normalised, f.Gelu.good, torch.nn.functional.gelu, dtype=single,
              shape=(12, 5)),
        right("torch/float32-built-in", "float32, ReLU and layer norm, all PyTorch's own",
              m.BuiltIn, torch.relu, torch.relu, dtype=single),
        right("torch/batch-norm-right", "batch norm by hand", m.OwnNorm, f.BatchNorm.good,
              f.plain_batch_norm, shape=(8, 5)),
        right("torch/dropout-right", "a mask from PyTorch's random numbers", m.Residual,
              f.Dropout.good, f.plain_dropout, random=True),
        right("torch/convolution-right", "then max pooling", m.Pooled, f.Reversed.good,
              f.plain_convolution, shape=image),
        right("torch/penalty-right", "the module asks autograd for slopes, and returns them",
              m.Penalised, f.Cube.good, cube),
    )  # fmt: skip
