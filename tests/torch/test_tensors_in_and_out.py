"""What goes into a module and what comes out: structures, dtypes, layouts, and no gradients."""

from __future__ import annotations

from collections import OrderedDict, UserDict, namedtuple
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from nudgegrad.torch import check  # noqa: E402
from tests.torch.modules import State, random, small, weighed  # noqa: E402

Pair = namedtuple("Pair", "first second")


@dataclass(frozen=True)
class Batch:
    """Tensors and other things."""

    x: Any
    inner: Any = None
    names: tuple[str, ...] = ("a", "b")
    sizes: list[int] = field(default_factory=lambda: [1, 2])
    unset: Any = field(init=False)


class Attributes(dict):  # type: ignore[type-arg]
    """A dict with attributes, as those of many libraries."""

    def __getattr__(self, name: str) -> Any:
        return self[name]


class Mapping(UserDict):  # type: ignore[type-arg]
    """A mapping that is no dict."""


@pytest.mark.parametrize(
    ("module", "inputs", "names"),
    [
        (lambda b: torch.sin(b.x), (Batch(random(3)),), ["input.x"]),
        (lambda b: b.x * b.inner.x, (Batch(random(3), Batch(random(3, seed=1))),),
         ["input.x", "input.inner.x"]),
        (lambda b, y: b.x * y, (Batch(random(3)), random(3)), ["input0.x", "input1"]),
        (lambda p: p.first * p.second, (Pair(random(3), random(3)),),
         ["input.first", "input.second"]),
        (lambda d: d["a"] * d["b"][0], (OrderedDict(a=random(3), b=(random(3), None)),),
         ["input.a", "input.b.0"]),
        (lambda d: d.a * d.k, (Attributes(a=random(3), k=2.0),), ["input.a"]),
        (lambda d: d["a"] * d["k"], (Mapping(a=random(3), k=2.0, n=None),), ["input.a"]),
        (lambda many: many.pop() * many.pop(), ([random(3), random(3)],), ["input.0", "input.1"]),
        (lambda x, s, n, a: x * len(s) * a[0], (random(3), "two", None, np.ones(2)), ["input0"]),
        (lambda p: torch.sin(p), (nn.Parameter(random(3)),), ["input"]),
    ],
    ids=["dataclass", "nested", "among", "namedtuple", "ordered", "attributes", "mapping", "popped",
         "others", "parameter"],
)  # fmt: skip
def test_structures(module: Any, inputs: tuple[Any, ...], names: list[str]) -> None:
    report = check(module, weighed, *inputs)
    assert report.passed
    assert list(report.parameters) == names
    assert report.counts["ok"] == 3 * len(names)


def test_packed_sequences() -> None:
    lstm = nn.LSTM(3, 2).double()
    packed = nn.utils.rnn.pack_padded_sequence(random(4, 2, 3), torch.tensor([4, 2]))
    report = check(lstm, lambda output: weighed(output[0].data), packed)
    assert report.passed
    assert list(report.parameters)[-1] == "input.data"


def test_whole_numbers_and_masks() -> None:
    table = nn.Embedding(5, 3).double()

    def choose(words: Any, mask: Any, x: Any, none: Any, factor: int) -> Any:
        assert none is None
        return torch.where(mask, table(words) * x, x) * factor

    mask = torch.tensor([[True, False, True]] * 3)
    report = check(choose, weighed, torch.tensor([0, 1, 3]), mask, random(3, 3), None, 2)
    assert report.passed
    assert list(report.parameters) == ["input2"]


def test_structures_that_come_out() -> None:
    def module(x: Any) -> Any:
        return Batch(torch.sin(x), {"squares": [x**2, None], "name": "y"})

    report = check(module, lambda out: weighed(out.x) + out.inner["squares"][0].sum(), random(3))
    assert report.passed


def test_an_output_that_is_not_connected() -> None:
    def module(x: Any) -> Any:
        return torch.sin(x), torch.ones(2, dtype=torch.float64), x.argmax()

    report = check(module, lambda out: weighed(out[0]) + out[1].sum() + out[2], random(3))
    assert report.passed

    class Two(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.a, self.b = small(), small()

        def forward(self, x: Any) -> Any:
            return self.a(x), self.b(x)

    report = check(Two(), lambda out: weighed(out[0]), random(4, 2))
    assert report.passed
    assert "no gradient (None, taken as zeros) of b.0.weight, b.0.bias" in report.notes[0]


@pytest.mark.parametrize(
    "loss",
    [
        lambda y: (y**2).sum().reshape(1),
        lambda y: (y**2).sum().reshape(1, 1),
        lambda y: (y.double() ** 2).sum(),
    ],
    ids=["one-entry", "two-axes", "float64"],
)
def test_losses(loss: Any) -> None:
    assert check(small().float(), loss, random(4, 2, dtype=torch.float32)).passed
    assert check(small(), loss, random(4, 2)).passed


@pytest.mark.parametrize(
    "x",
    [
        random(3, 4).t(),
        random(8, 6)[::2, ::2],
        random(1, 3).expand(4, 3),
        random(1, 3).expand(4, 3).requires_grad_(),
        torch.as_strided(random(10), (4, 3), (2, 1)),
        random(4, 3).requires_grad_() * 2,
        random(4, 3).flip(0).requires_grad_(),
    ],
    ids=["transposed", "strided", "expanded", "requires-grad", "overlapping", "not-a-leaf", "flip"],
)
def test_layouts_of_inputs(x: Any) -> None:
    module = small(3)
    state = State(module)
    before, memory, stride = x.detach().clone(), x.data_ptr(), x.stride()
    report = check(module, weighed, x)
    state.check()
    assert report.passed
    assert report.parameters["input"].checked.sum() == 12
    assert torch.equal(x, before)
    assert (x.data_ptr(), x.stride()) == (memory, stride)


def test_the_same_tensor_twice() -> None:
    """Each argument has a gradient of its own."""
    x = random(3).requires_grad_()
    for loss in (weighed, lambda y: weighed(y) + x.sum()):
        report = check(lambda a, b: torch.sin(a) * b, loss, x, x)
        assert report.passed
        one, other = (report.parameters[f"input{k}"].numeric for k in range(2))
        assert not np.allclose(one, other)


@pytest.mark.parametrize("requires_grad", [False, True])
def test_a_loss_that_refers_to_the_input(requires_grad: bool) -> None:
    """It counts for an input that requires a gradient: `.grad` then holds both ways to it."""
    module, x = small(2, 2), random(4, 2).requires_grad_(requires_grad)
    report = check(module, lambda y: nn.functional.mse_loss(y, x), x)
    assert report.passed
    own: Any = x.detach().clone().requires_grad_()
    target = own if requires_grad else x
    loss: Any = nn.functional.mse_loss(module(own), target)
    loss.backward()
    np.testing.assert_allclose(report.parameters["input"].analytic, own.grad.numpy())


def test_within_other_modes() -> None:
    module, x = small(), random(4, 2)
    with torch.no_grad():
        assert check(module, weighed, x).passed
    with torch.inference_mode():
        made_there = random(4, 2) + 1
        assert check(module, weighed, made_there).passed
    assert check(module, weighed, made_there).passed


def test_gradients_that_are_tensors_without_memory() -> None:
    """The gradient of sgn is one; that of what is added to it is not."""
    assert check(torch.sgn, torch.sum, random(4)).passed
    assert check(lambda x: torch.sgn(x) + torch.round(x) + x, weighed, random(4)).passed

    def signs(x: Any, y: Any) -> Any:
        return torch.view_as_real(torch.sgn(torch.complex(x, y)))

    assert check(signs, weighed, random(4), random(4, seed=1)).passed


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
def test_such_tensors_under_forward_mode() -> None:
    def slopes(x: Any) -> Any:
        return torch.func.jacfwd(lambda z: torch.sgn(z) * 2 + z**3)(x)

    assert check(slopes, weighed, random(3)).passed


class Jittery(torch.autograd.Function):  # type: ignore[misc, name-defined, unused-ignore]
    """A sine, whose backward pass differs by up to a share each time."""

    @staticmethod
    def forward(ctx: Any, x: Any, share: float) -> Any:
        ctx.save_for_backward(x)
        ctx.share = share
        return torch.sin(x)

    @staticmethod
    def backward(ctx: Any, d: Any) -> Any:
        (x,) = ctx.saved_tensors
        return d * torch.cos(x) * (1 + ctx.share * torch.rand_like(x)), None


@pytest.mark.parametrize(
    ("share", "nondet_tol", "right"),
    [(1e-15, 0.0, True), (1e-9, 1e-8, True), (1e-9, 0.0, False), (1e-4, 1e-8, False)],
)
def test_backward_passes_that_differ(share: float, nondet_tol: float, right: bool) -> None:
    jittery: Any = Jittery.apply
    report = check(lambda x: jittery(x, share), weighed, random(4), nondet_tol=nondet_tol)
    assert report.passed == right
    assert any("from call to call" in note for note in report.notes) != right


def test_a_tolerance_that_is_not_needed_changes_nothing() -> None:
    jittery: Any = Jittery.apply
    report = check(lambda x: 1.001 * jittery(x, 0.0), weighed, random(4), nondet_tol=1e-2)
    assert report.atol is None
    assert report.passed
