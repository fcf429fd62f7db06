"""Scripted, traced and compiled modules, parametrizations, and parameters in every place."""

from __future__ import annotations

import io
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from nudgegrad.torch import check  # noqa: E402
from nudgegrad.validation import ParameterError  # noqa: E402
from tests.torch.modules import State, random, small, weighed  # noqa: E402
from tests.torch.scripted import Branches, Counts, product  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")

jit: Any = torch.jit
parametrizations: Any = nn.utils.parametrizations
prune: Any = pytest.importorskip("torch.nn.utils.prune")


def batch_norm() -> Any:
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Dropout(0.3)).double()


def scripted(build: Any) -> Any:
    return jit.script(build())


def loaded(module: Any) -> Any:
    """Return a module as it comes back from a file."""
    file = io.BytesIO()
    jit.save(module, file)
    file.seek(0)
    return jit.load(file)


SCRIPTS: dict[str, Any] = {
    "script": lambda: scripted(Branches),
    "script-inside": lambda: nn.Sequential(scripted(Branches), nn.Linear(3, 2).double()),
    "state": lambda: scripted(Counts),
    "batch-norm": lambda: scripted(batch_norm),
    "trace": lambda: jit.trace(small(), random(4, 2)),
    "frozen": lambda: jit.freeze(scripted(Branches).eval()),
    "loaded": lambda: loaded(scripted(Counts)),
}


@pytest.mark.parametrize("path", ["auto", "loop"])
@pytest.mark.parametrize("name", SCRIPTS)
def test_torchscript(name: str, path: str) -> None:
    module, x = SCRIPTS[name](), random(6, 2)
    values = [p.detach().clone() for p in (*module.parameters(), *module.buffers())]
    kept = [getattr(module, attribute, None) for attribute in ("calls", "tensor", "buffer")]
    report = check(module, weighed, x, path=path)
    assert report.passed, str(report)
    assert report.deterministic
    assert all(map(torch.equal, (*module.parameters(), *module.buffers()), values))
    assert kept[:1] == [getattr(module, "calls", None)]
    assert kept[1] is None or (module.tensor == 0).all()
    assert kept[2] is None or (module.buffer == 0).all()


def test_torchscript_wrong() -> None:
    for name in ("script", "script-inside", "trace"):
        module = SCRIPTS[name]()
        next(module.parameters()).register_hook(lambda g: 1.5 * g)
        assert check(module, weighed, random(6, 2)).counts["wrong"] >= 6


def test_a_scripted_function() -> None:
    assert check(jit.script(product), weighed, random(3, 2), random(3, 2, seed=5)).passed


def test_a_scripted_module_and_the_loss_of_a_network() -> None:
    module, t = jit.script(small()), random(4, 1, seed=9)
    assert check(module, lambda y: nn.functional.mse_loss(y, t), random(4, 2)).passed


@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_compiled(backend: str) -> None:
    module, x = torch.compile(small(), backend=backend), random(4, 2)
    state = State(module, x)
    report = check(module, weighed, x)
    state.check()
    assert report.passed
    assert "_orig_mod.0.weight" in report.parameters


def test_graphs_of_modules() -> None:
    assert check(torch.fx.symbolic_trace(small()), weighed, random(4, 2)).passed
    exported = torch.export.export(small(), (random(4, 2),)).module()
    assert check(exported, weighed, random(4, 2)).passed


class Symmetric(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
    def forward(self, X: Any) -> Any:
        return X.triu() + X.triu(1).mT


class Twice(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
    """Calls a module twice, whose buffers move each time."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.module, self.norm = module, nn.BatchNorm1d(3).double()

    def forward(self, x: Any) -> Any:
        return self.norm(self.module(x)) + self.norm(self.module(torch.tanh(x)))


@pytest.mark.parametrize(
    "parametrize",
    [
        parametrizations.weight_norm,
        parametrizations.spectral_norm,
        parametrizations.orthogonal,
        lambda m: nn.utils.parametrize.register_parametrization(m, "weight", Symmetric()),
        lambda m: prune.random_unstructured(m, "weight", 0.4),
        lambda m: Twice(parametrizations.spectral_norm(m)),
    ],
    ids=["weight-norm", "spectral-norm", "orthogonal", "symmetric", "pruned", "twice"],
)
def test_parametrizations(parametrize: Any) -> None:
    torch.manual_seed(0)
    module, x = parametrize(nn.Linear(3, 3).double()), random(4, 3)
    with torch.no_grad():
        for _ in range(200):  # until power iterations have converged
            module(x)
    state = State(module, x)
    report = check(module, weighed, x)
    state.check()
    assert report.passed, str(report)


def test_a_parametrized_layer_and_the_loss_of_a_network() -> None:
    module, t = small(), random(4, 1, seed=9)
    parametrizations.spectral_norm(module[0])
    assert check(module, lambda y: nn.functional.mse_loss(y, t), random(4, 2)).passed


def test_power_iterations_that_have_not_converged_are_wrong() -> None:
    """Autograd takes the singular vectors for constants, and here they still move."""
    torch.manual_seed(0)
    module: Any = nn.Linear(3, 3).double()
    parametrizations.spectral_norm(module)
    with torch.no_grad():
        module.parametrizations.weight[0]._v.copy_(torch.tensor([0.0, 0.6, 0.8]))
    assert not check(module, weighed, random(4, 3)).passed


def test_lists_and_dicts_of_parameters() -> None:
    class Listed(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.some = nn.ParameterList([nn.Parameter(random(3, seed=k)) for k in range(2)])
            self.named = nn.ParameterDict(
                {"a": nn.Parameter(random(3)), "b": nn.Parameter(random(1))}
            )
            self.named["b"].requires_grad_(False)
            self.none = nn.Parameter(torch.zeros(0, 3, dtype=torch.float64))

        def forward(self, x: Any) -> Any:
            return sum(p * x for p in self.some) * self.named["a"] + self.named["b"]

    report = check(Listed(), weighed, random(2, 3))
    assert report.passed
    assert list(report.parameters) == ["some.0", "some.1", "named.a", "input"]


@pytest.mark.parametrize(
    "memory",
    [
        lambda: (random(6)[:3], random(6)[2:5]),
        lambda: (random(1).expand(3), random(3)),
        lambda: (random(6)[::2], random(3)),
        lambda: (random(3, 3)[0], random(3, 3).T[1]),
    ],
    ids=["overlapping", "expanded", "strided", "views"],
)
def test_parameters_that_share_memory(memory: Any) -> None:
    class Two(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            one, other = memory()
            self.a, self.b = nn.Parameter(one), nn.Parameter(other)

        def forward(self, x: Any) -> Any:
            return x * self.a * torch.sin(self.b)

    module, x = Two(), random(2, 3)
    state = State(module, x)
    report = check(module, weighed, x)
    state.check()
    assert report.passed


def test_a_parameter_without_axes() -> None:
    module = nn.Module()
    module.register_parameter("scale", nn.Parameter(torch.tensor(0.3, dtype=torch.float64)))
    module.forward = lambda x: torch.sin(module.scale * x)
    assert check(module, weighed, random(2), taylor=True).passed


def test_methods_and_partial_functions() -> None:
    from functools import partial

    class Encoder(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.net = small()

        def encode(self, scale: float, x: Any) -> Any:
            return scale * self.net(x)

    report = check(partial(Encoder().encode, 2.0), partial(torch.sum), random(4, 2))
    assert report.passed
    report = check(Encoder().net.forward, weighed, random(4, 2))
    assert list(report.parameters) == ["0.weight", "0.bias", "2.weight", "2.bias", "input"]


@pytest.mark.filterwarnings("ignore:Lazy modules are a new feature:UserWarning")
def test_parameters_without_values() -> None:
    lazy = nn.Sequential(nn.LazyLinear(3), nn.Tanh())
    with pytest.raises(ParameterError, match=r"0\.weight has no shape yet: call the module once"):
        check(lazy, weighed, random(2, 3, dtype=torch.float32))
    with pytest.raises(ParameterError, match=r"weight must have values, .* device 'meta'"):
        check(nn.Linear(2, 2, device="meta"), weighed, random(2, 2, dtype=torch.float32))


def test_complex_parameters() -> None:
    class Complex(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self, requires_grad: bool) -> None:
            super().__init__()
            self.phase = nn.Parameter(torch.exp(1j * random(3)), requires_grad=requires_grad)
            self.size = nn.Parameter(random(3))
            self.register_buffer("turn", torch.exp(1j * random(3, seed=8)))

        def forward(self, x: Any) -> Any:
            return torch.view_as_real(torch.fft.fft(self.phase * self.size * x) * self.turn)

    with pytest.raises(ParameterError, match="phase must be real, got complex128"):
        check(Complex(True), weighed, random(2, 3))
    assert check(Complex(False), weighed, random(2, 3)).passed


def test_buffers_of_all_dtypes() -> None:
    class Buffers(nn.Module):  # type: ignore[misc, name-defined, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(random(3))
            for dtype in (torch.float8_e4m3fn, torch.bool, torch.uint16, torch.bfloat16):
                name = str(dtype).replace("torch.", "of_")
                self.register_buffer(name, torch.ones(3).to(dtype))

        def forward(self, x: Any) -> Any:
            numbers: Any = self.of_float8_e4m3fn
            return numbers.to(x.dtype) * self.weight * x + self.of_bool

    assert check(Buffers(), weighed, random(2, 3)).passed


def test_weights_that_the_forward_pass_bounds() -> None:
    """Where rows are too long, autograd does not know of it; where they are short, all is well."""
    words = torch.tensor([0, 1, 1, 4])
    for bound, right in ((100.0, True), (0.5, False)):
        module = nn.Embedding(5, 3, max_norm=bound).double()
        state = State(module)
        report = check(module, weighed, words)
        state.check()
        assert report.passed == right
