"""Functions with a backward pass by hand. Import this only where PyTorch is installed.

Each class has its right `apply` as `good`, and a wrong one as `bug` or by the bug's name.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.autograd import Function
from torch.nn import grad as torch_grad

EPS = 1e-5
grad: Any = torch_grad


def apply(function: Any, *args: Any) -> Any:
    return function.apply(*args)


class Old(Function):  # type: ignore[misc, unused-ignore]
    """The old style: forward takes the context, and saves its input."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x**2


class RightSquare(Old):
    @staticmethod
    def backward(ctx: Any, d: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 2 * x * d


class WrongSquare(Old):
    @staticmethod
    def backward(ctx: Any, d: Any) -> Any:
        (x,) = ctx.saved_tensors
        return x * d


class Square:
    good = RightSquare.apply
    bug = WrongSquare.apply


class New(Function):  # type: ignore[misc, unused-ignore]
    """The new style: forward knows no context."""

    @staticmethod
    def forward(x: Any) -> Any:
        return x * torch.sigmoid(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        ctx.save_for_backward(inputs[0])


class RightSwish(New):
    @staticmethod
    def backward(ctx: Any, d: Any) -> Any:
        (x,) = ctx.saved_tensors
        y = torch.sigmoid(x)
        return d * (y + x * y * (1 - y))


class WrongSwish(New):
    @staticmethod
    def backward(ctx: Any, d: Any) -> Any:
        (x,) = ctx.saved_tensors
        return d * torch.sigmoid(x)


class Swish:
    good = RightSwish.apply
    bug = WrongSwish.apply


class WithFlag(Function):  # type: ignore[misc, unused-ignore]
    """A function of tensors and, last, of the bug's name."""

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        *tensors, ctx.bug = inputs
        ctx.save_for_backward(*tensors, output)


class LeakyFunction(WithFlag):
    @staticmethod
    def forward(x: Any, bug: str) -> Any:
        return torch.where(x > 0, x, 0.1 * x)

    @staticmethod
    def backward(ctx: Any, d: Any) -> Any:
        x, _ = ctx.saved_tensors
        return torch.where(x > 0, d, (0.01 if ctx.bug else 0.1) * d), None


class Leaky:
    @staticmethod
    def good(x: Any) -> Any:
        return apply(LeakyFunction, x, "")

    @staticmethod
    def bug(x: Any) -> Any:
        return apply(LeakyFunction, x, "slope")


class LinearFunction(WithFlag):
    @staticmethod
    def forward(x: Any, weight: Any, bias: Any, bug: str) -> Any:
        return x @ weight.T + bias

    @staticmethod
    def backward(ctx: Any, d: Any) -> Any:
        x, weight, _, _ = ctx.saved_tensors
        of_weight, of_bias = d.T @ x, d.sum(dim=0)
        if ctx.bug == "transposed":
            of_weight = of_weight.T
        if ctx.bug == "bias-mean":
            of_bias = d.mean(dim=0)
        return d @ weight, of_weight, None if ctx.bug == "bias-none" else of_bias, None


class Linear:
    @staticmethod
    def good(x: Any, weight: Any, bias: Any) -> Any:
        return apply(LinearFunction, x, weight, bias, "")

    @staticmethod
    def transposed(x: Any, weight: Any, bias: Any) -> Any:
        return apply(LinearFunction, x, weight, bias, "transposed")

    @staticmethod
    def bias_mean(x: Any, weight: Any, bias: Any) -> Any:
        return apply(LinearFunction, x, weight, bias, "bias-mean")

    @staticmethod
    def bias_none(x: Any, weight: Any, bias: Any) -> Any:
        return apply(LinearFunction, x, weight, bias, "bias-none")


class SoftmaxFunction(WithFlag):
    @staticmethod
    def forward(x: Any, bug: str) -> Any:
        return torch.softmax(x, dim=-1)

    @staticmethod
    def backward(ctx: Any, d: Any) -> Any:
        _, y = ctx.saved_tensors
        return y * (d if ctx.bug else d - (d * y).sum(dim=-1, keepdim=True)), None


class Softmax:
    @staticmethod
    def good(x: Any) -> Any:
        return apply(SoftmaxFunction, x, "")

    @staticmethod
    def bug(x: Any) -> Any:
        return apply(SoftmaxFunction, x, "outer-term")


class ScaleFunction(WithFlag):
    @staticmethod
    def forward(x: Any, bug: str) -> Any:
        return x / math.sqrt(5)

    @staticmethod
    def backward(ctx: Any, d: Any) -> Any:
        return d if ctx.bug else d / math.sqrt(5), None


class Scale:
    @staticmethod
    def good(x: Any) -> Any:
        return apply(ScaleFunction, x, "")

    @staticmethod
    def bug(x: Any) -> Any:
        return apply(ScaleFunction, x, "scale")


class TanhFunction(WithFlag):
    @staticmethod
    def forward(x: Any, bug: str) -> Any:
        return torch.tanh(x)

    @staticmethod
    def backward(ctx: Any, d: Any) -> Any:
        _, y = ctx.saved_tensors
        return d * (1 - y**2), None


class Clobbered:
    @staticmethod
    def good(x: Any) -> Any:
        return apply(TanhFunction, x, "") * 1.0

    @staticmethod
    def bug(x: Any) -> Any:
        y = apply(TanhFunction, x, "")
        kept = y * 1.0
        y.data.clamp_(min=0)  # .data keeps the version counter, so that nothing is noticed
        return kept


class GeluFunction(WithFlag):
    @staticmethod
    def forward(x: Any, bug: str) -> Any:
        return torch.nn.functional.gelu(x)

    @staticmethod
    def backward(ctx: Any, d: Any) -> Any:
        x, _ = ctx.saved_tensors
        slope = torch.special.ndtr(x) + x * torch.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)
        return (1.01 if ctx.bug else 1) * d * slope, None


class Gelu:
    @staticmethod
    def good(x: Any) -> Any:
        return apply(GeluFunction, x, "")

    @staticmethod
    def bug(x: Any) -> Any:
        return apply(GeluFunction, x, "one-percent")


def plain_batch_norm(x: Any, gamma: Any) -> Any:
    centred = x - x.mean(dim=0)
    return gamma * centred / ((centred**2).mean(dim=0) + EPS).sqrt()


class BatchNormFunction(WithFlag):
    @staticmethod
    def forward(x: Any, gamma: Any, bug: str) -> Any:
        return plain_batch_norm(x, gamma)

    @staticmethod
    def backward(ctx: Any, d: Any) -> Any:
        x, gamma, _ = ctx.saved_tensors
        centred = x - x.mean(dim=0)
        inverse = ((centred**2).mean(dim=0) + EPS).rsqrt()
        y, e = centred * inverse, d * gamma
        dx = e - y * (e * y).mean(dim=0)
        if not ctx.bug:
            dx = dx - e.mean(dim=0)
        return inverse * dx, (d * y).sum(dim=0), None


class BatchNorm:
    @staticmethod
    def good(x: Any, gamma: Any) -> Any:
        return apply(BatchNormFunction, x, gamma, "")

    @staticmethod
    def bug(x: Any, gamma: Any) -> Any:
        return apply(BatchNormFunction, x, gamma, "mean-term")


def plain_dropout(x: Any) -> Any:
    return x * (torch.rand(x.shape, dtype=torch.float64) > 0.4) / 0.6


class DropoutFunction(Function):  # type: ignore[misc, unused-ignore]
    @staticmethod
    def forward(ctx: Any, x: Any, bug: str) -> Any:
        ctx.mask, ctx.bug = torch.rand(x.shape, dtype=torch.float64) > 0.4, bug
        return x * ctx.mask / 0.6

    @staticmethod
    def backward(ctx: Any, d: Any) -> Any:
        mask = torch.rand(d.shape, dtype=torch.float64) > 0.4 if ctx.bug else ctx.mask
        return d * mask / 0.6, None


class Dropout:
    @staticmethod
    def good(x: Any) -> Any:
        return apply(DropoutFunction, x, "")

    @staticmethod
    def bug(x: Any) -> Any:
        return apply(DropoutFunction, x, "drawn-anew")


def plain_convolution(x: Any, kernel: Any) -> Any:
    return torch.nn.functional.conv2d(x, kernel, padding=1)


class ConvolutionFunction(WithFlag):
    @staticmethod
    def forward(x: Any, kernel: Any, bug: str) -> Any:
        return plain_convolution(x, kernel)

    @staticmethod
    def backward(ctx: Any, d: Any) -> Any:
        x, kernel, _ = ctx.saved_tensors
        dx = grad.conv2d_input(x.shape, kernel, d, padding=1)
        dk = grad.conv2d_weight(x, kernel.shape, d, padding=1)
        return dx, dk.flip(2, 3) if ctx.bug else dk, None


class Reversed:
    @staticmethod
    def good(x: Any, kernel: Any) -> Any:
        return apply(ConvolutionFunction, x, kernel, "")

    @staticmethod
    def bug(x: Any, kernel: Any) -> Any:
        return apply(ConvolutionFunction, x, kernel, "reversed")


class CubeFunction(WithFlag):
    """Its backward pass is a function with one of its own."""

    @staticmethod
    def forward(x: Any, bug: str) -> Any:
        return x**3

    @staticmethod
    def backward(ctx: Any, d: Any) -> Any:
        x, _ = ctx.saved_tensors
        return apply(CubeSlope, d, x, ctx.bug), None


class CubeSlope(WithFlag):
    @staticmethod
    def forward(d: Any, x: Any, bug: str) -> Any:
        return 3 * x**2 * d

    @staticmethod
    def backward(ctx: Any, e: Any) -> Any:
        d, x, _ = ctx.saved_tensors
        return 3 * x**2 * e, (3 if ctx.bug else 6) * x * d * e, None


class Cube:
    @staticmethod
    def good(x: Any) -> Any:
        return apply(CubeFunction, x, "")

    @staticmethod
    def bug(x: Any) -> Any:
        return apply(CubeFunction, x, "factor")


def twice_used(x: Any) -> Any:
    return torch.tanh(x) * x


def detached(x: Any) -> Any:
    return torch.tanh(x) * x.detach()
