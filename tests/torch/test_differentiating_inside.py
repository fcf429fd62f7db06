"""Modules and losses that ask autograd for gradients themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from nudgegrad.torch import check  # noqa: E402
from nudgegrad.validation import ParameterError  # noqa: E402
from tests.torch.modules import State, random, small, weighed  # noqa: E402

# PyTorch itself compiles some rules of forward mode when they are first needed.
pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")

grad: Any = torch.autograd.grad
func: Any = torch.func


class Form(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
    """x·A·x, and its squared slope by x as a penalty: |(A + Aᵀ)x|²."""

    def __init__(self, detach: bool = False) -> None:
        super().__init__()
        self.A = nn.Parameter(random(3, 3))
        self.detach = detach

    def forward(self, x: Any) -> Any:
        if not x.requires_grad:
            x = x.detach().requires_grad_()
        y = x @ self.A @ x
        (slope,) = grad(y, x, create_graph=not self.detach, retain_graph=True)
        return y + (slope**2).sum()


def test_a_gradient_penalty_and_its_known_gradient() -> None:
    module, x = Form(), random(3, seed=1)
    state = State(module, x)
    report = check(module, torch.sum, x)
    state.check()
    assert report.passed
    assert report.counts["ok"] == 12
    assert "with autograd's graph" in report.method
    A, v = module.A.detach().numpy(), x.numpy()
    slope = (A + A.T) @ v
    by_a = np.outer(v, v) + 2 * (np.outer(slope, v) + np.outer(v, slope))
    by_x = slope + 2 * (A + A.T) @ slope
    np.testing.assert_allclose(report.parameters["A"].numeric, by_a, rtol=1e-7)
    np.testing.assert_allclose(report.parameters["input"].numeric, by_x, rtol=1e-7)


def test_a_penalty_that_is_cut_off_is_wrong() -> None:
    report = check(Form(detach=True), torch.sum, random(3, seed=1))
    assert not report.passed
    assert report.counts["wrong"] >= 10


@pytest.mark.parametrize("path", ["auto", "loop"])
@pytest.mark.parametrize("check_inputs", [True, False])
def test_a_residual_of_the_input_that_the_loss_refers_to(path: str, check_inputs: bool) -> None:
    """A differential equation's residual needs the very tensor that the module was called with."""
    module = small(1)
    x = torch.linspace(0, 1, 4, dtype=torch.float64)[:, None].requires_grad_()

    def residual(u: Any) -> Any:
        (slope,) = grad(u.sum(), x, create_graph=True)
        (curvature,) = grad(slope.sum(), x, create_graph=True)
        return ((curvature + u) ** 2).mean()

    state = State(module, x)
    report = check(module, residual, x, path=path, check_inputs=check_inputs)
    state.check()
    assert report.passed
    assert ("input" in report.parameters) == check_inputs


def test_a_residual_by_the_parts_of_an_input() -> None:
    """The input is made of leaves, and has no gradient itself."""
    module = small()
    x, y = random(4, 1).requires_grad_(), random(4, 1, seed=5).requires_grad_()
    places = torch.cat([x, y], dim=1) * torch.ones(2, dtype=x.dtype)

    def residual(u: Any) -> Any:
        by_x, by_y = grad(u.sum(), (x, y), create_graph=True)
        return ((by_x + by_y * u) ** 2).mean()

    report = check(module, residual, places, check_inputs=False)
    assert report.passed
    assert x.grad is None
    with pytest.raises(RuntimeError, match="not have been used in the graph") as failure:
        check(module, residual, places)
    assert "check_inputs=False" in failure.value.__notes__[0]
    whole = places.detach().requires_grad_()

    def same(u: Any) -> Any:
        (slope,) = grad(u.sum(), whole, create_graph=True)
        return ((slope[:, :1] + slope[:, 1:] * u) ** 2).mean()

    again = check(module, same, whole)
    assert again.passed
    for name, part in report.parameters.items():
        np.testing.assert_allclose(part.analytic, again.parameters[name].analytic, rtol=1e-12)


def test_a_residual_and_an_input_that_cannot_be_lent() -> None:
    module, x = small(1), random(4, 1).requires_grad_()
    matrix = torch.eye(4, dtype=x.dtype).to_sparse()

    def spread(x: Any, matrix: Any) -> Any:
        return torch.sparse.mm(matrix, module(x))

    report = check(spread, lambda u: grad(u.sum(), x, create_graph=True)[0].sum(), x, matrix)
    assert report.passed
    assert list(report.parameters) == ["input0"]


def test_vmap_says_that_it_cannot() -> None:
    with pytest.raises(ParameterError, match="path 'vmap' cannot take this module: vmap raised"):
        check(Form(), torch.sum, random(3), path="vmap")


def test_a_penalty_next_to_a_loss_that_a_network_has() -> None:
    module, x, t = small(), random(4, 2).requires_grad_(), random(4, 1, seed=9)

    def loss(y: Any) -> Any:
        (slope,) = grad(y.sum(), x, create_graph=True)
        return nn.functional.mse_loss(y, t) + (slope**2).mean()

    report = check(module, loss, x)
    assert report.passed
    assert report.method.startswith("differences")
    with pytest.raises(ParameterError, match="'network' cannot take this module"):
        check(module, loss, x, path="network")


@pytest.mark.parametrize("listed", ["before", "inside"])
def test_a_penalty_of_the_gradient_by_the_parameters(listed: str) -> None:
    module = small()
    before = list(module.parameters())

    def loss(y: Any) -> Any:
        parameters = before if listed == "before" else list(module.parameters())
        value = (y**2).sum()
        return value + sum((g**2).sum() for g in grad(value, parameters, create_graph=True))

    assert check(module, loss, random(3, 2)).passed


def test_a_step_of_descent_inside() -> None:
    class Adapted(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.net = small()

        def forward(self, x: Any) -> Any:
            own = dict(self.net.named_parameters())
            value = ((func.functional_call(self.net, own, (x,)) - 1) ** 2).mean()
            slopes = grad(value, list(own.values()), create_graph=True)
            moved = {k: p - 0.1 * g for (k, p), g in zip(own.items(), slopes, strict=True)}
            return func.functional_call(self.net, moved, (x,))

    assert check(Adapted(), weighed, random(3, 2)).passed


def test_energy_and_forces() -> None:
    net = small(3)

    def energy(place: Any) -> Any:
        place.requires_grad_(True)
        value = net(place).sum()
        return value, -grad(value, place, create_graph=True)[0]

    report = check(energy, lambda output: output[0] + (output[1] ** 2).sum(), random(4, 3))
    assert report.passed


@pytest.mark.parametrize(
    "inside",
    [
        lambda net, x: func.grad(lambda z: (net(z) ** 2).sum())(x),
        lambda net, x: func.jacrev(net)(x),
        lambda net, x: func.jacfwd(net)(x),
        lambda net, x: func.vmap(func.hessian(lambda z: net(z[None]).squeeze()))(x),
        lambda net, x: func.jvp(net, (x,), (torch.ones_like(x),))[1],
        lambda net, x: func.vjp(net, x)[1](net(x))[0],
        lambda net, x: torch.autograd.functional.jacobian(net, x, create_graph=True),
        lambda net, x: torch.autograd.functional.hessian(
            lambda z: (net(z) ** 2).sum(), x, create_graph=True
        ),
    ],
    ids=["grad", "jacrev", "jacfwd", "hessian", "jvp", "vjp", "jacobian", "functional-hessian"],
)
def test_functions_of_pytorch_that_differentiate(inside: Any) -> None:
    class Inside(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.net = small()

        def forward(self, x: Any) -> Any:
            return inside(self.net, x)

    assert check(Inside(), weighed, random(2, 2)).passed


def test_forward_mode_levels() -> None:
    dual: Any = torch.autograd.forward_ad
    net = small()

    def tangent(x: Any) -> Any:
        with dual.dual_level():
            return dual.unpack_dual(net(dual.make_dual(x, torch.ones_like(x)))).tangent

    assert check(tangent, weighed, random(2, 2)).passed


@pytest.mark.parametrize("use_reentrant", [True, False])
def test_checkpoints(use_reentrant: bool) -> None:
    from torch.utils.checkpoint import checkpoint

    net = nn.Sequential(small(), nn.Dropout(0.4))

    class Checkpointed(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.net = net

        def forward(self, x: Any) -> Any:
            return checkpoint(self.net, x, use_reentrant=use_reentrant)

    module, x = Checkpointed(), random(6, 2)
    state = State(module, x)
    report = check(module, weighed, x)
    state.check()
    assert report.passed


@pytest.mark.parametrize(("factor", "right"), [(6, True), (3, False)])
def test_the_second_derivative_of_a_function_by_hand(factor: int, right: bool) -> None:
    class Cube(torch.autograd.Function):  # type: ignore[misc, name-defined, unused-ignore]
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx: Any, d: Any) -> Any:
            return slope(d, *ctx.saved_tensors)

    class Slope(torch.autograd.Function):  # type: ignore[misc, name-defined, unused-ignore]
        @staticmethod
        def forward(ctx: Any, d: Any, x: Any) -> Any:
            ctx.save_for_backward(d, x)
            return 3 * x**2 * d

        @staticmethod
        def backward(ctx: Any, e: Any) -> Any:
            d, x = ctx.saved_tensors
            return 3 * x**2 * e, factor * x * d * e

    cube: Any = Cube.apply
    slope: Any = Slope.apply

    def module(x: Any) -> Any:
        return grad(cube(x).sum(), x, create_graph=True)[0]

    report = check(module, weighed, random(4))
    assert report.passed == right
    # Nothing is wrong with the first derivative.
    assert check(cube, weighed, random(4)).passed


def test_what_asks_whether_gradients_are_wanted() -> None:
    """Autograd differentiates what runs while it records, so that is what is nudged."""
    for asks in (torch.is_grad_enabled, None):

        def module(x: Any, asks: Any = asks) -> Any:
            return x**2 if (asks() if asks else x.requires_grad) else x**3

        report = check(module, weighed, random(4))
        assert report.passed
        assert "it gives another loss without" in report.method


def test_a_module_whose_graph_is_used_up_inside_is_an_error() -> None:
    def module(x: Any) -> Any:
        y = (x**3).sum()
        grad(y, x)
        return y

    with pytest.raises(ParameterError, match=r"cannot differentiate the loss: .* second time"):
        check(module, torch.sum, random(4))
