"""Modules that keep something of their forward passes: each starts from the same state."""

from __future__ import annotations

import random as python_random
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from nudgegrad.torch import check  # noqa: E402
from tests.torch.modules import State, random, small, weighed  # noqa: E402

KEPT: list[Any] = []
Forward = Callable[[Any, Any], Any]


class Keeps(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
    """A network, and something that its forward pass does with attributes."""

    def __init__(self, forward: Forward, **attributes: Any) -> None:
        super().__init__()
        self.net, self.passes = small(), forward
        for name, value in attributes.items():
            setattr(self, name, value)

    def forward(self, x: Any) -> Any:
        return self.passes(self, x)


class Statistics:
    """No module, and no container."""

    def __init__(self) -> None:
        self.count, self.seen = 0, [[]]  # type: ignore[var-annotated]


def activations(self: Any, x: Any) -> Any:
    self.kept.append(self.net(x))
    return torch.stack([y.tanh() for y in self.kept]).sum(dim=0)


def containers(self: Any, x: Any) -> Any:
    y = self.net(x)
    self.by_name[f"call {len(self.by_name)}"] = y
    self.queue.append(y)
    self.names.add(len(self.names))
    self.first = self.queue.popleft()
    return sum(self.by_name.values()) * len(self.names) + self.first


def counters(self: Any, x: Any) -> Any:
    self.calls += 1
    self.counter += 1
    self.array[0] += 1
    self.statistics.count += 1
    self.statistics.seen[0].append(x)
    factors = [self.calls, self.counter, self.array[0], len(self.statistics.seen[0])]
    return self.net(x) * sum(factors) * self.statistics.count


def averages(self: Any, x: Any) -> Any:
    """Add to tensors that are not registered, large ones too, and with autograd's graph."""
    y = self.net(x)
    self.total += y.sum()
    self.large += 1
    return y + self.total + self.large.mean().sin()


def generators(self: Any, x: Any) -> Any:
    drawn = torch.rand(4, 1, generator=self.torch, dtype=torch.float64)
    return self.net(x) * drawn * self.numpy.random() * self.python.random()


def global_generators(self: Any, x: Any) -> Any:
    return self.net(x) * np.random.rand() * python_random.random()  # noqa: NPY002


def caches(self: Any, x: Any) -> Any:
    if "weight" not in self.cache:
        self.cache["weight"] = self.net[0].weight.sum()
    return self.net(x) * self.cache["weight"]


def remembers(self: Any, x: Any) -> Any:
    y = self.net(x)
    before, self.last = self.last, y
    return y if before is None else y * before


def registers(self: Any, x: Any) -> Any:
    if not hasattr(self, "seen"):
        self.register_buffer("seen", torch.ones(1, dtype=torch.float64))
        self.extra = nn.Identity()
    self.seen.add_(1)
    self.net.register_forward_hook(lambda module, given, output: output * 1.1)
    self.eval()
    return self.net(x) * self.seen


def replaces(self: Any, x: Any) -> Any:
    """Give a buffer other memory, shapes and another tensor."""
    self.buffer = torch.cat([self.buffer, x.detach()])
    self.other.data = torch.ones(len(self.other) + 1, dtype=torch.float64)
    self.matrix.t_()
    return self.net(x) * len(self.buffer) * self.other.sum() * self.matrix[0].sum()


def clips(self: Any, x: Any) -> Any:
    """Give a parameter other memory; nothing of it is clipped here."""
    self.net[0].weight.data = self.net[0].weight.data.clamp(-100, 100)
    return self.net(x)


def settles(self: Any, x: Any) -> Any:
    """Write into a buffer what is there already at the point, and something else next to it."""
    y = self.net(x)
    output = y * (1 + self.buffer.sum())
    with torch.no_grad():
        self.buffer.fill_(float(y.sum() - self.settled))
    return output


def settled() -> Any:
    module = Buffers(settles)
    with torch.no_grad():
        module.settled = module.net(random(4, 2)).sum()
        module.buffer.zero_()
    return module


def list_of_modules(self: Any, x: Any) -> Any:
    return self.listed[0](self.net(x))


class Buffers(Keeps):
    """With buffers of some shapes."""

    def __init__(self, forward: Forward) -> None:
        super().__init__(forward)
        self.buffer: Any
        self.register_buffer("buffer", random(1, 2))
        self.register_buffer("other", torch.ones(2, dtype=torch.float64))
        self.register_buffer("matrix", random(2, 3))


MODULES: dict[str, Callable[[], Any]] = {
    "activations": lambda: Keeps(activations, kept=[]),
    "containers": lambda: Keeps(
        containers, by_name={"one": 1.5}, queue=deque([0.5], maxlen=2), names=set(), first=None
    ),
    "counters": lambda: Keeps(
        counters,
        calls=0,
        counter=torch.zeros(1, dtype=torch.float64),
        array=np.zeros(2),
        statistics=Statistics(),
    ),
    "averages": lambda: Keeps(
        averages,
        total=torch.zeros((), dtype=torch.float64),
        large=torch.zeros(5000, dtype=torch.float64),
    ),
    "generators": lambda: Keeps(
        generators,
        torch=torch.Generator().manual_seed(3),
        numpy=np.random.default_rng(4),
        python=python_random.Random(5),
    ),
    "global-generators": lambda: Keeps(global_generators),
    "caches": lambda: Keeps(caches, cache={}),
    "remembers": lambda: Keeps(remembers, last=None),
    "registers": lambda: Keeps(registers),
    "replaces": lambda: Buffers(replaces),
    "clips": lambda: Keeps(clips),
    "settles": settled,
    "list-of-modules": lambda: Keeps(list_of_modules, listed=[nn.BatchNorm1d(1).double()]),
}


@pytest.mark.parametrize("path", ["auto", "loop"])
@pytest.mark.parametrize("name", MODULES)
def test_every_evaluation_starts_from_the_same_state(name: str, path: str) -> None:
    module, x = MODULES[name](), random(4, 2)
    state = State(module, x)
    report = check(module, weighed, x, path=path)
    state.check()
    assert report.passed, str(report)
    assert report.deterministic


@pytest.mark.parametrize("name", MODULES)
def test_and_a_wrong_gradient_is_found(name: str) -> None:
    module, x = MODULES[name](), random(4, 2)
    module.net[2].weight.register_hook(lambda g: 1.5 * g)
    report = check(module, weighed, x)
    assert report.counts["wrong"] == 4


def test_generators_are_put_back() -> None:
    module = MODULES["generators"]()
    states = [module.torch.get_state(), module.numpy.bit_generator.state, module.python.getstate()]
    check(module, weighed, random(4, 2))
    assert torch.equal(module.torch.get_state(), states[0])
    assert module.numpy.bit_generator.state == states[1]
    assert module.python.getstate() == states[2]


def test_generators_in_a_closure() -> None:
    module, own = small(), torch.Generator().manual_seed(3)
    numbers = np.random.default_rng(4)
    state, bits = own.get_state(), numbers.bit_generator.state

    def loss(y: Any) -> Any:
        return weighed(y * torch.rand(4, 1, generator=own, dtype=y.dtype)) * numbers.random()

    assert check(module, loss, random(4, 2)).passed
    assert torch.equal(own.get_state(), state)
    assert numbers.bit_generator.state == bits


def test_activations_in_the_closure_of_a_hook() -> None:
    kept: list[Any] = ["first"]
    module, by_name = small(), {}  # type: ignore[var-annotated]
    module[1].register_forward_hook(lambda module, given, output: kept.append(output))
    module[1].register_forward_hook(lambda module, given, output: by_name.update(h=output))

    def loss(y: Any) -> Any:
        return weighed(y) + sum((h**2).sum() for h in kept[1:]) + by_name["h"].sum()

    assert check(module, loss, random(4, 2)).passed
    assert kept == ["first"]
    assert by_name == {}


def test_activations_in_a_global_list() -> None:
    module = small()
    module[1].register_forward_hook(lambda module, given, output: KEPT.append(output))
    assert check(module, lambda y: weighed(y) + sum(h.sum() for h in KEPT), random(4, 2)).passed
    assert KEPT == []


def test_what_a_function_counts_is_left_to_it() -> None:
    calls: list[int] = []

    def module(x: Any) -> Any:
        calls.append(1)
        return torch.sin(x)

    report = check(module, weighed, random(3), path="loop")
    assert report.passed
    assert len(calls) > report.evaluations / 2


def test_objects_that_are_called() -> None:
    class Counting:
        def __init__(self) -> None:
            self.kept, self.calls = [], 0  # type: ignore[var-annotated]

        def __call__(self, x: Any) -> Any:
            self.kept.append(x)
            self.calls += 1
            return weighed(x) * self.calls

    module, loss = Counting(), Counting()
    assert check(module, loss, random(3)).passed
    assert vars(module) == vars(loss) == {"kept": [], "calls": 0}


def test_activations_in_an_object_that_a_hook_belongs_to() -> None:
    class Store:
        def __init__(self) -> None:
            self.kept, self.last, self.calls = [], None, 0  # type: ignore[var-annotated]

        def save(self, module: Any, given: Any, output: Any) -> None:
            self.kept.append(output)
            self.last = output
            self.calls += 1

    module, store = small(), Store()
    module[1].register_forward_hook(store.save)
    report = check(module, lambda y: weighed(y) + sum(h.sum() for h in store.kept), random(4, 2))
    assert report.passed
    assert store.kept == []
    assert store.last is None


def test_modules_that_functions_refer_to() -> None:
    """Their buffers and random numbers are taken care of, though they are not checked."""
    module, norm = small(), nn.BatchNorm1d(1).double()
    critic = nn.Sequential(nn.Linear(1, 3), nn.BatchNorm1d(3), nn.Dropout(0.3)).double()
    states = [State(module), State(norm), State(critic)]
    report = check(lambda x: norm(module(x)), lambda y: weighed(critic(y)), random(6, 2))
    assert list(report.parameters) == ["input"]
    report_of_module = check(module, lambda y: weighed(critic(norm(y))), random(6, 2))
    for state in states:
        state.check()
    assert report.passed
    assert report_of_module.passed


def test_modules_of_an_object_whose_method_is_the_loss() -> None:
    class Game:
        def __init__(self) -> None:
            self.critic = nn.Sequential(nn.Linear(1, 3), nn.BatchNorm1d(3)).double()
            self.step, self.penalties = 0, []  # type: ignore[var-annotated]

        def loss(self, y: Any) -> Any:
            self.step += 1
            self.penalties.append((y**2).sum())
            return weighed(self.critic(y)) + self.penalties[-1] * len(self.penalties)

    game, module = Game(), small()
    state = State(game.critic)
    assert check(module, game.loss, random(4, 2)).passed
    state.check()
    assert game.penalties == []


def test_parameters_in_a_dict_that_a_function_takes() -> None:
    module = small()

    def call(parameters: Any, x: Any) -> Any:
        return torch.func.functional_call(module, parameters, (x,))

    report = check(call, weighed, dict(module.named_parameters()), random(4, 2))
    assert report.passed
    assert next(iter(report.parameters)) == "input0.0.weight"


def test_parameters_that_are_passed_to_a_function_that_does_not_use_its_arguments() -> None:
    """A habit of those who check modules with functions of tensors."""
    module = small()

    def call(x: Any, *parameters: Any) -> Any:
        return module(x)

    report = check(call, weighed, random(4, 2), *module.parameters())
    assert report.passed
    assert list(report.parameters) == ["input0", "input1", "input2", "input3", "input4"]
    assert all(part.analytic.any() for part in report.parameters.values())
    module[0].weight.register_hook(lambda g: -g)
    report = check(call, weighed, random(4, 2), *module.parameters())
    assert report.counts["wrong"] == 8


def test_parameters_in_a_list_that_a_penalty_refers_to() -> None:
    module = small()
    parameters = list(module.parameters())
    report = check(
        module, lambda y: weighed(y) + sum((p**2).sum() for p in parameters), random(4, 2)
    )
    assert report.passed
    plain = check(module, weighed, random(4, 2)).parameters["0.weight"].numeric
    twice = 2 * module[0].weight.detach().numpy()
    np.testing.assert_allclose(report.parameters["0.weight"].numeric - plain, twice, atol=1e-6)


def test_a_target_that_depends_on_a_parameter_is_not_taken_for_a_constant() -> None:
    module = small()
    bias = module[2].bias
    report = check(module, lambda y: nn.functional.mse_loss(y, bias.expand(4, 1)), random(4, 2))
    assert report.passed
    np.testing.assert_allclose(report.parameters["2.bias"].analytic, 0, atol=1e-12)


@pytest.mark.parametrize("path", ["auto", "loop"])
def test_everything_is_put_back_when_the_loss_raises(path: str) -> None:
    for name in ("activations", "counters", "averages", "replaces"):
        module, x = MODULES[name](), random(4, 2)
        calls: list[int] = []

        def loss(y: Any, calls: list[int] = calls) -> Any:
            calls.append(1)
            if len(calls) >= 10:
                raise RuntimeError("the tenth call")
            return weighed(y)

        state = State(module, x)
        with pytest.raises(RuntimeError, match="the tenth call"):
            check(module, loss, x, path=path)
        state.check()
