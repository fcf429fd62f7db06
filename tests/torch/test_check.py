"""nudgegrad.torch.check: verdicts on the zoo, on every path, and on modules of every sort."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nudgegrad.validation import ParameterError
from tests.zoo.pytorch import torch_cases

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from nudgegrad.torch import check  # noqa: E402
from tests.torch.modules import (  # noqa: E402
    Block,
    Branching,
    Forgetful,
    State,
    Tied,
    Wavy,
    Words,
    random,
    weighed,
)

CASES = torch_cases()
waves: Any = Wavy
BATCHES = "differences of many points at once"
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def both_ways(module: Any, loss: Any, *inputs: Any, **options: Any) -> Any:
    """Return the report of vmap, which must count what the loop counts."""
    reports = [check(module, loss, *inputs, path=path, **options) for path in ("vmap", "loop")]
    assert reports[0].method.startswith(BATCHES)
    assert reports[0].counts == reports[1].counts
    assert list(reports[0].parameters) == list(reports[1].parameters)
    return reports[0]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_zoo(case: Any) -> None:
    problem = case.build()
    state = State(problem.module, *problem.inputs)
    report = check(problem.module, problem.loss, *problem.inputs)
    state.check()
    assert report.passed == case.right, str(report)
    assert report.deterministic


@pytest.mark.parametrize(
    "name", ["leaky", "linear-bias", "softmax", "detached", "batch-norm", "convolution-right"]
)
def test_zoo_both_ways(name: str) -> None:
    (case,) = [case for case in CASES if case.name == f"torch/{name}"]
    problem = case.build()
    both_ways(problem.module, problem.loss, *problem.inputs)


@pytest.mark.parametrize("path", ["vmap", "loop"])
def test_dropout_drops_the_same_each_time(path: str) -> None:
    module = Block(torch.tanh, nn.Dropout(0.5)).double()
    state = State(module)
    report = check(module, weighed, random(6, 4), path=path)
    state.check()
    assert report.passed
    assert report.deterministic
    dead = report.parameters["input"].analytic == 0
    assert not dead.all()


@pytest.mark.parametrize("path", ["vmap", "loop"])
def test_batch_norm_in_train_mode(path: str) -> None:
    module = Block(torch.tanh, nn.BatchNorm1d(5)).double()
    x = random(6, 4)
    state = State(module, x)
    report = check(module, weighed, x, path=path)
    state.check()
    assert report.passed
    assert ("buffers of its own" in report.method) == (path == "vmap")
    assert {name for name in report.parameters if "running" in name} == set()


def test_batch_norm_in_eval_mode() -> None:
    module = Block(torch.tanh, nn.BatchNorm1d(5)).double().eval()
    report = both_ways(module, weighed, random(6, 4))
    assert report.passed
    assert "buffers of its own" not in report.method


def test_tied_weights_are_one_leaf() -> None:
    module = Tied().double()
    report = both_ways(module, weighed, random(5, 4))
    assert report.passed
    assert list(report.parameters) == ["a.weight", "a.bias", "b.bias", "input"]


def test_two_inputs() -> None:
    bilinear = nn.Bilinear(3, 2, 4).double()
    report = both_ways(bilinear, weighed, random(5, 3), random(5, 2))
    assert report.passed
    assert list(report.parameters) == ["weight", "bias", "input0", "input1"]
    only = check(bilinear, weighed, random(5, 3), random(5, 2), check_inputs=False)
    assert list(only.parameters) == ["weight", "bias"]


def test_nested_inputs_and_the_hidden_state_of_an_lstm() -> None:
    lstm = nn.LSTM(3, 2).double()
    state = random(1, 4, 2), random(1, 4, 2, seed=5)

    def loss(output: Any) -> Any:
        return weighed(output[0])

    report = check(lstm, loss, random(2, 4, 3), state)
    assert report.passed
    assert list(report.parameters)[-3:] == ["input0", "input1.0", "input1.1"]


def test_whole_numbers_pass_through() -> None:
    module = Words().double()
    words = torch.tensor([[0, 1], [3, 3], [5, 1]])
    report = both_ways(module, weighed, words, random(3, 2, 4))
    assert report.passed
    assert list(report.parameters) == ["table.weight", "input1"]


def test_names_do_not_collide() -> None:
    module = nn.Module()
    module.register_parameter("input", nn.Parameter(random(3)))
    module.forward = lambda x: x * module.input
    report = check(module, weighed, random(2, 3))
    assert list(report.parameters) == ["input", "input_"]
    assert report.passed


def test_frozen_parameters_are_not_checked() -> None:
    module = Block(torch.tanh).double()
    module.first.requires_grad_(False)
    report = both_ways(module, weighed, random(5, 4), check_inputs=False)
    assert list(report.parameters) == ["last.weight", "last.bias"]
    assert report.passed


def test_data_dependent_control_flow_takes_the_loop_and_says_so() -> None:
    module = Branching().double()
    report = check(module, weighed, random(5, 4))
    assert report.passed
    assert report.method.startswith("differences, one call of the module for each, because vmap")
    with pytest.raises(ParameterError, match="path 'vmap' cannot take this module: vmap raised"):
        check(module, weighed, random(5, 4), path="vmap")


def test_old_style_functions_go_through_vmap() -> None:
    module = Block(lambda x: waves.apply(x, 0.7)).double()
    assert both_ways(module, weighed, random(5, 4)).passed


def test_an_alias_of_apply_takes_the_loop() -> None:
    wavy: Any = Wavy.apply
    report = check(Block(lambda x: wavy(x, 0.7)).double(), weighed, random(5, 4))
    assert report.passed
    assert "because vmap raised" in report.method


def test_a_function_by_itself() -> None:
    report = check(Wavy.apply, weighed, random(4, 3), 0.7)
    assert report.passed
    assert list(report.parameters) == ["input0"]


def test_vmap_that_differs_is_not_trusted() -> None:
    class Treacherous(nn.Module):  # type: ignore[misc, unused-ignore]
        def forward(self, x: Any) -> Any:
            batched = torch._C._functorch.is_batchedtensor(x)
            return x * 1.001 if batched else x

    report = check(Treacherous(), weighed, random(4, 3))
    assert report.passed
    assert "vmap gives another loss than single calls where input is nudged" in report.method


@pytest.mark.parametrize("path", ["auto", "loop"])
def test_a_module_that_writes_wherever_it_can(path: str) -> None:
    module = Forgetful().double()
    x = random(5, 4)
    state = State(module, x)
    report = check(module, weighed, x, path=path)
    state.check()
    assert report.passed
    assert report.deterministic


@pytest.mark.parametrize("path", ["auto", "vmap", "loop"])
def test_everything_is_as_it_was_when_the_loss_raises(path: str) -> None:
    module = Block(torch.tanh, nn.BatchNorm1d(5), nn.Dropout(0.3)).double()
    x = random(6, 4).requires_grad_()
    weighed(module(x)).backward()
    module.first.requires_grad_(False)
    state = State(module, x)
    calls = []

    def loss(output: Any) -> Any:
        calls.append(1)
        if len(calls) >= 10:
            raise RuntimeError("the tenth call")
        return weighed(output)

    with pytest.raises((RuntimeError, ParameterError), match="the tenth call"):
        check(module, loss, x, path=path)
    state.check()


def test_a_loss_that_reads_the_parameters() -> None:
    module = Block(torch.tanh).double()

    def penalised(output: Any) -> Any:
        return weighed(output) + sum((p**2).sum() for p in module.parameters())

    report = both_ways(module, penalised, random(5, 4))
    assert report.passed
    slopes = report.parameters["first.weight"].analytic
    plain = check(module, weighed, random(5, 4)).parameters["first.weight"].analytic
    twice = 2 * module.first.weight.detach().numpy()
    np.testing.assert_allclose(slopes - plain, twice, atol=1e-12)


@pytest.mark.parametrize("path", ["vmap", "loop"])
def test_float16(path: str) -> None:
    module = nn.Linear(3, 2).half()
    report = check(module, weighed, random(2, 3, dtype=torch.float16), path=path)
    assert report.counts["wrong"] == 0
    wrong = check(
        lambda x, w: Scaled.apply(x @ w), weighed, random(2, 3, dtype=torch.float16),
        random(3, 2, dtype=torch.float16), path=path,
    )  # fmt: skip
    assert wrong.counts["wrong"] > 0


class Scaled(torch.autograd.Function):  # type: ignore[misc, name-defined, unused-ignore]
    """Three times off."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x * 1.0

    @staticmethod
    def backward(ctx: Any, d: Any) -> Any:
        return 3 * d


def test_options() -> None:
    module = Block(torch.tanh).double()
    x = random(5, 4)
    report = check(module, weighed, x, only="last.*")
    assert [check.name for check in report.parameters.values() if check.checked.any()] == [
        "last.weight",
        "last.bias",
    ]
    assert report.passed
    assert check(module, weighed, x, sample=3).checked == 15
    assert check(module, weighed, x, taylor=True).taylor.passed
    assert check(module, weighed, x, max_seconds=20.0).coverage == 1
    told = check(module, weighed, x, h=1e-3, rtol=1e-4)
    assert told.passed
    assert {check.h for check in told.parameters.values()} == {1e-3}
    with pytest.raises(ParameterError, match=r"only must match a name among first\.weight"):
        check(module, weighed, x, only="W1")


def test_a_small_budget_of_bytes_gives_the_same() -> None:
    module = Block(torch.tanh).double()
    assert check(module, weighed, random(5, 4), max_bytes=1).passed


def in_half_precision(x: Any) -> Any:
    with torch.autocast("cpu", torch.bfloat16):
        return torch.tanh(x @ x.T).float()


@pytest.mark.parametrize(
    ("module", "loss", "inputs", "message"),
    [
        (nn.Linear(2, 2), lambda y: y, (torch.ones(3, 2),), r"got shape \(3, 2\); return its sum"),
        (nn.Linear(2, 2), lambda y: y.sum().item(), (torch.ones(3, 2),), "a tensor, got float"),
        (nn.Linear(2, 2), lambda y: y.sum().detach(), (torch.ones(3, 2),), "is not connected to"),
        (nn.Linear(2, 2), lambda y: y.sum() * torch.nan, (torch.ones(3, 2),), "finite .* got nan"),
        (nn.Linear(2, 2), lambda y: y.sum().long(), (torch.ones(3, 2),), "float64, got int64"),
        (torch.neg, lambda y: y.sum(), (torch.tensor([1, 2]),), "there is nothing to check"),
        (nn.Linear(2, 2).bfloat16(), torch.sum, (torch.ones(1, 2),), r"bfloat16.*module\.float"),
        (in_half_precision, torch.sum, (torch.ones(3, 2),), "in bfloat16 inside.*autocast"),
        (torch.neg, lambda y: y.half().float().sum(), (torch.ones(2),), "in float16 inside"),
        (torch.neg, lambda y: y.abs().sum(), (torch.ones(2) * 1j,), "must be real, got complex64"),
        (nn.LazyLinear(2), torch.sum, (torch.ones(3, 2),), "call the module once"),
        (3, torch.sum, (), "module must be callable, got int"),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Lazy modules are a new feature:UserWarning")
def test_errors(module: Any, loss: Any, inputs: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        check(module, loss, *inputs)


def test_a_gradient_of_another_shape() -> None:
    class Short(Scaled):
        @staticmethod
        def backward(ctx: Any, d: Any) -> Any:
            return d[:1]

    with pytest.raises(ParameterError, match=r"autograd cannot differentiate.*invalid gradient"):
        check(Short.apply, weighed, random(4, 3))


def test_unused_parameters_are_zeros_and_named() -> None:
    module = Block(torch.tanh).double()
    module.spare = nn.Parameter(random(2))
    report = check(module, weighed, random(5, 4))
    assert report.passed
    assert "spare" in report.notes[0]
    assert (report.parameters["spare"].analytic == 0).all()


def test_a_random_backward_is_wrong() -> None:
    class Random(Scaled):
        @staticmethod
        def backward(ctx: Any, d: Any) -> Any:
            return d * (1 + 1e-4 * torch.rand_like(d))

    report = check(Random.apply, weighed, random(4, 3))
    assert not report.passed
    assert any("from call to call" in note for note in report.notes)


def test_the_example() -> None:
    script = ROOT / "examples/check_torch_function.py"
    result = subprocess.run(
        [sys.executable, "-W", "error", str(script)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert "not passed" in result.stdout
    assert "\npassed" in result.stdout or result.stdout.startswith("passed")


def test_without_pytorch_the_message_says_what_to_install() -> None:
    code = "import sys; sys.modules['torch'] = None; import nudgegrad.torch"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert 'pip install "nudgegrad[torch]"' in result.stderr
