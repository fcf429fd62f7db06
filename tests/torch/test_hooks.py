"""What is checked is what the user finds in `.grad` after `loss.backward()`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from nudgegrad.torch import check  # noqa: E402
from nudgegrad.validation import ParameterError  # noqa: E402
from tests.torch.modules import State, Tied, random, small, weighed  # noqa: E402

everywhere: Any = nn.modules.module


def found(module: Any, loss: Any, x: Any) -> dict[str, Any]:
    """Return what `.grad` holds after a backward pass, and leave none there."""
    loss(module(x)).backward()
    gradients = {name: p.grad.numpy().copy() for name, p in module.named_parameters()}
    module.zero_grad()
    return gradients


def post(change: Callable[[Any], Any]) -> Any:
    """Return a hook for after the accumulation, which must return None."""

    def hook(parameter: Any) -> None:
        change(parameter)

    return hook


def ones(parameter: Any) -> None:
    parameter.grad = torch.ones_like(parameter)


def by_the_name(module: Any) -> None:
    weight = module[0].weight
    weight.register_post_accumulate_grad_hook(post(lambda _: weight.grad.mul_(2)))


def on_the_node(module: Any) -> None:
    weight = module[0].weight
    module.node = weight.expand_as(weight).grad_fn.next_functions[0][0]
    module.node.register_prehook(lambda d: (2 * d[0],))


CHANGES: dict[str, Callable[[Any], Any]] = {
    "doubled": lambda m: m[0].weight.register_hook(lambda g: 2 * g),
    "zeroed": lambda m: m[2].bias.register_hook(torch.zeros_like),
    "clipped": lambda m: [p.register_hook(lambda g: g.clamp(-0.1, 0.1)) for p in m.parameters()],
    "accumulated": lambda m: m[0].weight.register_post_accumulate_grad_hook(
        post(lambda p: p.grad.mul_(2))
    ),
    "replaced": lambda m: m[0].weight.register_post_accumulate_grad_hook(ones),
    "by-the-name": by_the_name,
    "on-the-node": on_the_node,
    "module": lambda m: m[1].register_full_backward_hook(lambda _, given, __: (given[0] / 2,)),
    "module-before": lambda m: m[1].register_full_backward_pre_hook(lambda _, d: (d[0] / 2,)),
}


@pytest.mark.parametrize("loss", [weighed, nn.MSELoss()], ids=["vmap", "network"])
@pytest.mark.parametrize("name", CHANGES)
def test_hooks_that_change_a_gradient(name: str, loss: Any) -> None:
    module, x, t = small(), random(4, 2), random(4, 1, seed=9)
    function = loss if loss is weighed else lambda y: loss(y, t)
    assert check(module, function, x).passed
    CHANGES[name](module)
    state = State(module, x)
    report = check(module, function, x)
    state.check()
    assert not report.passed
    for parameter, gradient in found(module, function, x).items():
        np.testing.assert_array_equal(report.parameters[parameter].analytic, gradient)


def test_hooks_that_only_look_on() -> None:
    module, seen = small(), []
    module[0].weight.register_hook(lambda g: seen.append(g.norm()))
    module[1].register_full_backward_hook(lambda *_: None)
    module.handle = torch.autograd.graph.register_multi_grad_hook(
        list(module.parameters()), lambda gradients: seen.append(gradients)
    )
    assert check(module, weighed, random(4, 2)).passed
    assert not [entry for entry in seen if isinstance(entry, torch.Tensor)]


def test_a_hook_of_a_tied_weight() -> None:
    module: Any = Tied().double()
    module.a.weight.register_hook(lambda g: g / 2)
    report = check(module, weighed, random(5, 4))
    assert (report.parameters["a.weight"].verdict == report.parameters["a.weight"].verdict[0]).all()
    assert report.counts["wrong"] == 16


def test_hooks_of_an_input() -> None:
    module = small()
    for register in ("register_hook", "register_post_accumulate_grad_hook"):
        x = random(4, 2).requires_grad_()
        hook: Any = (lambda g: g / 2) if register == "register_hook" else ones
        getattr(x, register)(hook)
        state = State(module, x)
        report = check(module, weighed, x)
        state.check()
        assert report.counts["wrong"] == 8


def test_a_hook_of_what_is_inside() -> None:
    class Clipped(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.net = small()

        def forward(self, x: Any) -> Any:
            y = self.net(x)
            if y.requires_grad:
                y.register_hook(lambda g: g.clamp(-0.01, 0.01))
            return y

    assert not check(Clipped(), weighed, random(4, 2)).passed


@pytest.fixture
def hook_of_all_modules() -> Iterator[None]:
    def double(module: Any, by_input: Any, by_output: Any) -> Any:
        return (2 * by_input[0],) if type(module) is nn.Tanh else None

    handle = everywhere.register_module_full_backward_hook(double)
    yield
    handle.remove()
    everywhere._global_is_full_backward_hook = None


@pytest.mark.usefixtures("hook_of_all_modules")
def test_a_hook_of_all_modules() -> None:
    assert check(small(), weighed, random(4, 2)).counts["wrong"] > 10


@pytest.mark.parametrize(("factor", "right"), [(1.0, True), (2.0, False)])
def test_a_hook_that_reads_what_the_forward_pass_left(factor: float, right: bool) -> None:
    class Stacked(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.net = small()
            self.stack: Any = []
            own: Any = self
            own.register_full_backward_hook(lambda m, d, _: (m.stack.pop() * d[0],))

        def forward(self, x: Any) -> Any:
            self.stack.append(torch.full_like(x.detach(), factor))
            return self.net(x)

    module, x = Stacked(), random(4, 2)
    state = State(module, x)
    report = check(module, weighed, x)
    state.check()
    assert report.passed == right


def test_gradients_of_others_are_left_alone() -> None:
    """Of modules that a function refers to, and those that were there before."""
    module, critic, x = small(), small(1), random(4, 2).requires_grad_()
    weighed(critic(module(x))).backward()
    before = [p.grad for p in (*module.parameters(), *critic.parameters(), x)]
    kept = [gradient.clone() for gradient in before]
    for first, loss in ((module, lambda y: weighed(critic(y))), (lambda x: module(x), weighed)):
        assert check(first, loss, x).passed
        after = [p.grad for p in (*module.parameters(), *critic.parameters(), x)]
        assert all(one is other for one, other in zip(before, after, strict=True))
        assert all(map(torch.equal, after, kept))


def test_a_module_that_runs_a_backward_pass_inside_is_found_out() -> None:
    """Its parameters' `.grad` then holds two gradients."""
    module = small()

    class Careless(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.net = module

        def forward(self, x: Any) -> Any:
            (self.net(x.detach()) ** 2).sum().backward()
            return self.net(x)

    report = check(Careless(), weighed, random(4, 2), check_inputs=False)
    assert report.counts["wrong"] == 17
    assert module[0].weight.grad is None


def test_an_optimizer_within_the_backward_pass_is_an_error() -> None:
    module, x = small(), random(4, 2)
    optimizers = {p: torch.optim.SGD([p], lr=0.1) for p in module.parameters()}

    def step(parameter: Any) -> None:
        optimizers[parameter].step()
        optimizers[parameter].zero_grad()

    for parameter in module.parameters():
        parameter.register_post_accumulate_grad_hook(step)
    state = State(module, x)
    with pytest.raises(ParameterError, match=r"it changes 0\.weight, .*an optimizer's step"):
        check(module, weighed, x)
    state.check()


def test_a_hook_that_takes_the_gradient_away() -> None:
    def take(parameter: Any) -> None:
        parameter.grad = None

    module = small()
    module[0].weight.register_post_accumulate_grad_hook(take)
    report = check(module, weighed, random(4, 2))
    assert report.counts["wrong"] == 8
    assert "no gradient (None, taken as zeros) of 0.weight" in report.notes[0]


def test_a_hook_that_raises() -> None:
    def refuse(gradient: Any) -> None:
        raise RuntimeError("not today")

    module, x = small(), random(4, 2)
    module[0].weight.register_hook(refuse)
    state = State(module, x)
    with pytest.raises(ParameterError, match="cannot differentiate the loss: not today"):
        check(module, weighed, x)
    state.check()
