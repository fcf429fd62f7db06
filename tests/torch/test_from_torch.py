"""from_torch and to_torch: random modules and networks give the same on both sides."""

from __future__ import annotations

import copy
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import nudgegrad as ng  # noqa: E402
from nudgegrad.gradient.trace import forward_pass  # noqa: E402
from nudgegrad.storage.description import LAYERS_BY_NAME  # noqa: E402
from nudgegrad.torch import check, from_torch, to_torch  # noqa: E402
from nudgegrad.torch.table import BY_LAYER  # noqa: E402
from nudgegrad.validation import ParameterError  # noqa: E402
from tests.networks import TrainingCase, picture_cases  # noqa: E402
from tests.torch.test_convert import hooked, repeated, tied  # noqa: E402

TOLERANCE = {"float32": 3e-5, "float64": 1e-12}

ACTIVATIONS: tuple[Any, ...] = (
    nn.ReLU, nn.Sigmoid, nn.Tanh, nn.Identity, lambda: nn.LeakyReLU(0.2), lambda: nn.GELU("tanh"),
    lambda: nn.Dropout(0.4),
)  # fmt: skip

PADDINGS: list[Any] = [0, 1, "valid"]


def close(found: Any, expected: Any, tolerance: float) -> None:
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


BATCH_NORMS = nn.BatchNorm1d, nn.BatchNorm2d

usual = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.filter_too_much]
)


@st.composite
def modules(draw: st.DrawFn) -> tuple[Any, tuple[int, ...]]:
    """Draw a Sequential with random tensors, nested here and there, and its input's shape."""
    generator = torch.Generator().manual_seed(draw(st.integers(0, 10**6)))
    shape: tuple[int, ...]
    channels = draw(st.integers(1, 3))
    parts: list[Any] = []

    def between(here: tuple[int, ...]) -> None:
        if draw(st.booleans()):
            kind = nn.BatchNorm2d if len(here) == 3 else nn.BatchNorm1d
            parts.append(kind(here[0], affine=draw(st.booleans()), momentum=0.3, eps=1e-3))
        part = draw(st.sampled_from(ACTIVATIONS))()
        parts.append(nn.Sequential(part, nn.Sequential()) if draw(st.booleans()) else part)

    pictures = draw(st.booleans())
    shape = here = (channels, *(draw(st.integers(3, 7)) for _ in "ab")) if pictures else (channels,)
    while pictures and draw(st.booleans()) and min(here[1:]) >= 2:
        kernel = (draw(st.integers(1, 2)), draw(st.integers(1, 2)))
        parts.append(
            nn.Conv2d(
                here[0], draw(st.integers(1, 3)), kernel, stride=draw(st.integers(1, 2)),
                padding=draw(st.sampled_from(PADDINGS)), bias=draw(st.booleans()),
            )
        )  # fmt: skip
        here = tuple(parts[-1](torch.zeros(1, *here)).shape[1:])
        between(here)
        if min(here[1:]) >= 2:
            parts.append(nn.MaxPool2d(2, draw(st.sampled_from([None, 1, 2]))))
            here = tuple(parts[-1](torch.zeros(1, *here)).shape[1:])
    parts.append(nn.Flatten())
    here = (int(np.prod(here)),)
    for _ in range(draw(st.integers(1, 3))):
        parts.append(nn.Linear(*here, draw(st.integers(1, 4)), bias=draw(st.booleans())))
        here = (parts[-1].out_features,)
        between(here)
    module = nn.Sequential(*parts)
    for name, tensor in module.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.rand(tensor.shape, generator=generator) - 0.5 * ("var" not in name))
    return module, shape


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(drawn=modules(), samples=st.integers(2, 5), seed=st.integers(0, 10**6))
@usual
def test_a_module_as_a_network(
    dtype: str, drawn: tuple[Any, tuple[int, ...]], samples: int, seed: int
) -> None:
    module, shape = drawn
    module.to(getattr(torch, dtype)).eval()
    before = copy.deepcopy(module.state_dict())
    network = from_torch(module, shape)
    x = np.random.default_rng(seed).normal(size=(samples, *shape)).astype(dtype)
    tensor = torch.asarray(x)
    assert str(network.dtype) == dtype
    close(network.forward(x), module(tensor).detach(), TOLERANCE[dtype])

    again = to_torch(network)
    close(again(tensor).detach(), module(tensor).detach(), TOLERANCE[dtype])
    assert not again.training

    # One training step, without dropout, and what it makes of the running statistics.
    for part in module.modules():
        part.train(not isinstance(part, nn.Dropout))
    layers = [layer for layer in network.layers if not isinstance(layer, ng.Dropout)]
    rows = forward_pass(layers, x.reshape(samples, -1), None, 0)
    loose = 1000 * TOLERANCE[dtype]  # variances may be near 0
    close(rows[-1], module(tensor).detach(), loose)
    norms = [part for part in module.modules() if isinstance(part, BATCH_NORMS)]
    ours = [layer for layer in layers if isinstance(layer, ng.BatchNorm)]
    for layer, norm in zip(ours, norms, strict=True):
        for name, array in layer.next_buffers().items():
            close(array, getattr(norm, name), loose)

    # Copies: what happens to the network does not happen to the module.
    module.load_state_dict(before)
    for array in network.params.values():
        array += 1
    for name, tensor_now in module.state_dict().items():
        assert torch.equal(tensor_now, before[name])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(data=st.data())
@usual
def test_a_network_as_a_module(dtype: str, data: st.DataObject) -> None:
    case: TrainingCase = data.draw(picture_cases(dtype))
    network, x, _, _ = case
    state = torch.get_rng_state()
    module = to_torch(network)
    assert torch.equal(torch.get_rng_state(), state)
    expected = network.forward(x)
    close(module(torch.asarray(x)).detach(), expected, TOLERANCE[dtype])
    other = from_torch(module, network.input_shape, loss=network.loss_function)
    assert str(other.dtype) == dtype
    assert list(other.params) == list(network.params)
    for name, array in network.params.items():
        np.testing.assert_array_equal(other.params[name], array, strict=True)
    for name, array in network.buffers.items():
        if not name.startswith("seed"):
            np.testing.assert_array_equal(other.buffers[name], array, strict=True)
    for array in network.params.values():
        array += 1
    close(module(torch.asarray(x)).detach(), expected, TOLERANCE[dtype])


def test_trained_alike() -> None:
    """A few steps of SGD from the same start: ours by differences, theirs by autograd."""
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Tanh(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(8, 3),
    ).double()  # fmt: skip
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(12, 1, 6, 6)), rng.integers(0, 3, 12)
    network = from_torch(module, (1, 6, 6), loss=nn.CrossEntropyLoss())
    data = (x.reshape(12, -1), t), (x.reshape(12, -1), t)
    trainer = ng.Trainer(
        network,
        data,
        method="node",
        batch_size=12,
        learning_rate=0.3,
        sampling="shuffle",
        seed=0,
        h=1e-7,  # no window changes its largest cell within that
    )
    optimizer = torch.optim.SGD(module.parameters(), lr=0.3)
    for _ in range(4):
        trainer.step()
        optimizer.zero_grad()
        loss: Any = nn.functional.cross_entropy(module(torch.asarray(x)), torch.asarray(t))
        loss.backward()
        optimizer.step()
    found = to_torch(network).state_dict()
    for name, tensor in module.state_dict().items():
        if "num_batches" not in name:
            np.testing.assert_allclose(found[name], tensor, rtol=1e-5, atol=1e-7)


def test_where_pictures_become_rows_a_flatten_stands() -> None:
    network = ng.Network([ng.Affine(8, 8), ng.ReLU()], input_shape=(2, 2, 2), seed=0)
    x = np.random.default_rng(0).normal(size=(3, 2, 2, 2))
    module = to_torch(network)
    assert isinstance(module[0], nn.Flatten)
    np.testing.assert_allclose(module(torch.asarray(x)).detach(), network.forward(x), atol=1e-14)
    pictures = ng.Network([ng.Conv2D(2, 3, 1)], input_shape=(2, 2, 2), seed=0)
    given = to_torch(pictures)(torch.asarray(x)).detach()
    np.testing.assert_allclose(given, pictures.forward(x), atol=1e-14)


def test_one_module_alone_and_other_dtypes() -> None:
    half = nn.Linear(4, 3).bfloat16()
    network = from_torch(half, dtype="float64")
    np.testing.assert_array_equal(network.params["W1"], half.weight.detach().double().numpy().T)
    assert str(from_torch(nn.ReLU()).dtype) == "float32"
    assert str(from_torch(nn.Linear(2, 2).double(), dtype="float32").dtype) == "float32"
    with pytest.raises(
        ParameterError, match=r"float32 or float64 throughout, got bfloat16; module"
    ):
        from_torch(half)
    mixed = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2).double())
    with pytest.raises(ParameterError, match="got float32 and float64"):
        from_torch(mixed)


class Block(nn.Sequential):  # type: ignore[misc, unused-ignore]
    """A Sequential under another name."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(nn.Linear(inputs, outputs), nn.Tanh())


class Doubled(Block):
    """One that does something else."""

    def forward(self, x: Any) -> Any:
        whole: Any = nn.Sequential.forward
        return 2 * whole(self, x)


def test_classes_derived_from_sequential() -> None:
    module = nn.Sequential(Block(4, 3), Block(3, 2)).double()
    network = from_torch(module)
    x = torch.rand(5, 4, dtype=torch.float64)
    np.testing.assert_allclose(network.forward(x.numpy()), module(x).detach(), atol=1e-14)
    report = check(module, torch.sum, x)
    assert report.passed
    with pytest.raises(ParameterError, match=r"^module 1, Doubled, is not a Sequential of layers"):
        from_torch(nn.Sequential(Block(4, 3), Doubled(3, 2)))


LOSSES = [
    (nn.CrossEntropyLoss(label_smoothing=0.1), "CrossEntropy(epsilon=0, label_smoothing=0.1)"),
    (nn.MSELoss(), "MeanSquaredError()"),
    (nn.BCEWithLogitsLoss(), "BinaryCrossEntropy()"),
    (ng.CrossEntropy(1e-3), "CrossEntropy(epsilon=0.001)"),
    (None, "CrossEntropy(epsilon=1e-07)"),
]


@pytest.mark.parametrize(("loss", "expected"), LOSSES, ids=[text for _, text in LOSSES])
def test_losses(loss: Any, expected: str) -> None:
    assert repr(from_torch(nn.Linear(2, 2), loss=loss).loss_function) == expected


@pytest.mark.parametrize(
    "loss",
    [
        nn.MSELoss(reduction="sum"),
        nn.CrossEntropyLoss(weight=torch.ones(2)),
        nn.CrossEntropyLoss(ignore_index=1),
        nn.BCEWithLogitsLoss(pos_weight=torch.ones(2)),
        nn.L1Loss(),
        torch.nn.functional.mse_loss,
    ],
    ids=repr,
)
def test_other_losses(loss: Any) -> None:
    with pytest.raises(ParameterError, match=r"loss must be a nudgegrad\.Loss, or PyTorch's"):
        from_torch(nn.Linear(2, 2), loss=loss)


class Own(nn.Module):  # type: ignore[misc, unused-ignore]
    """A module of one's own."""


def replaced() -> Any:
    layer: Any = nn.Linear(4, 3)
    layer.forward = lambda x: x
    return layer


PICTURE = (2, 6, 6)
REFUSED: dict[str, tuple[Any, Any, str]] = {
    "dilation": (nn.Conv2d(2, 1, 2, dilation=2), PICTURE, r"dilation=\(2, 2\), and .*=\(1, 1\)"),
    "groups": (nn.Conv2d(2, 2, 2, groups=2), PICTURE, "groups=2, and .* can only do groups=1"),
    "padding mode": (nn.Conv2d(2, 1, 3, padding=1, padding_mode="reflect"), PICTURE, "'reflect'"),
    "stride": (nn.Conv2d(2, 1, 2, stride=(1, 2)), PICTURE, r"stride=\(1, 2\), and .* same stride"),
    "padding": (nn.Conv2d(2, 1, 2, padding=(0, 1)), PICTURE, r"padding=\(0, 1\)"),
    "same": (nn.Conv2d(2, 1, 2, padding="same"), PICTURE, "one side more than the other"),
    "channels": (nn.Conv2d(3, 1, 2), PICTURE, "takes 3 channels, but what comes in has 2"),
    "no shape": (nn.Conv2d(2, 1, 2), None, r"input_shape=\(channels, height, width\)"),
    "ceil mode": (nn.MaxPool2d(2, ceil_mode=True), PICTURE, "ceil_mode=True"),
    "pool padding": (nn.MaxPool2d(2, padding=1), PICTURE, "padding=1, and .* padding=0"),
    "pool dilation": (nn.MaxPool2d(2, dilation=2), PICTURE, "dilation=2"),
    "indices": (nn.MaxPool2d(2, return_indices=True), PICTURE, "return_indices=True"),
    "pool stride": (nn.MaxPool2d((3, 2)), PICTURE, r"stride=\(3, 2\)"),
    "flatten": (nn.Flatten(0), None, r"must be nn\.Flatten\(1, -1\)"),
    "axes": (nn.Linear(6, 3), PICTURE, r"last axis of samples of \(2, 6, 6\): put nn\.Flatten"),
    "features": (nn.Sequential(nn.Linear(4, 3), nn.Linear(4, 3)), None, "takes 4 features"),
    "all dropped": (nn.Dropout(1.0), None, "p must be"),
    "no statistics": (nn.BatchNorm1d(3, track_running_stats=False), None, "track_running_stats"),
    "average": (nn.BatchNorm1d(3, momentum=None), None, "momentum to a number"),
    "one axis": (nn.BatchNorm1d(2), PICTURE, r"does not take samples of \(2, 6, 6\)"),
    "rows": (nn.BatchNorm2d(2), None, "does not take rows of features; tell the shape"),
    "gelu": (nn.GELU(), None, r"exact GELU, .* no erf: use nn\.GELU\('tanh'\)"),
    "slope": (nn.LeakyReLU(-1.0), None, "negative_slope must be"),
    "softmax": (nn.Sequential(nn.Linear(2, 2), nn.Softmax(1)), None, "is part of the loss here"),
    "own": (Own(), None, "is not a Sequential of layers that both libraries have: Linear, Conv2d"),
    "meta": (nn.Linear(4, 3, device="meta"), None, "weight is on the device 'meta'; module.to_e"),
    "lazy": (nn.LazyLinear(3), None, "is not a Sequential of layers"),
    "weight norm": (
        nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(4, 3))), None,
        "module 0, ParametrizedLinear",
    ),
    "hook": (hooked(), None, "has a forward hook"),
    "forward": (replaced(), None, "a forward pass of its own"),
    "tied": (tied(), None, r"must not share tensors, got one as 0\.weight and 1\.weight"),
    "repeated": (repeated(), None, r"must not share tensors, got one as 0\.weight and 2\.weight"),
    "function": (torch.tanh, None, "module, tanh, is not a Sequential"),
    "nothing": (nn.Sequential(), None, "at least one layer"),
    "dropout2d": (nn.Dropout2d(), PICTURE, "is not a Sequential of layers"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    module, shape, message = REFUSED[name]
    with pytest.raises(ParameterError, match=message):
        from_torch(module, shape)


def test_messages_say_where_and_how_to_go_on() -> None:
    module = nn.Sequential(nn.Sequential(nn.Linear(4, 3), nn.GELU()))
    with pytest.raises(ParameterError, match=r"^module 0\.1, GELU\(.*\), is .*; to go on, replace"):
        from_torch(module)


def test_all_layers_are_in_the_table() -> None:
    assert {kind.__name__ for kind in BY_LAYER if kind is not None} == set(LAYERS_BY_NAME)


class Doubling(ng.Layer):
    """A layer of one's own."""

    elementwise = True

    def forward(self, x: Any) -> Any:
        return 2 * x


def test_layers_that_pytorch_does_not_have() -> None:
    network = ng.Network([ng.Affine(2, 2), Doubling()])
    with pytest.raises(ParameterError, match=r"^layer 2, Doubling\(\), is none that PyTorch has"):
        to_torch(network)
    with pytest.raises(ParameterError, match=r"network must be a nudgegrad\.Network, got Linear"):
        to_torch(cast(Any, nn.Linear(2, 2)))
    solid = ng.Network([ng.BatchNorm(2)], input_shape=(2, 2, 2, 2))
    with pytest.raises(ParameterError, match=r"^layer 1, BatchNorm\(2\), takes samples of"):
        to_torch(solid)


def test_same_padding_of_odd_kernels() -> None:
    module = nn.Conv2d(1, 2, 3, padding="same").double()
    x = torch.rand(2, 1, 4, 5, dtype=torch.float64)
    network = from_torch(module, (1, 4, 5))
    np.testing.assert_allclose(
        network.forward(x.numpy()), module(x).detach().reshape(2, -1), atol=1e-14
    )
