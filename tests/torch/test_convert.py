"""Plain modules as networks: the same numbers, or no conversion at all."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nudgegrad.losses import CrossEntropy, MeanSquaredError
from nudgegrad.validation import ParameterError

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402
from torch.nn import functional as F  # noqa: E402, N812, RUF100

from nudgegrad.torch import check  # noqa: E402
from nudgegrad.torch.losses import recognise_loss  # noqa: E402
from tests.torch.modules import State, random, weighed  # noqa: E402

LABELS = torch.tensor([0, 2, 1, 1, 0, 2])


def plain(dtype: Any = torch.float64) -> Any:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Flatten(),
        nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Identity()),
        nn.Dropout(0.0),
        nn.Linear(5, 5, bias=False),
        nn.Sigmoid(),
        nn.Linear(5, 3),
        nn.ReLU(),
    ).to(dtype)


def hooked() -> Any:
    layer = nn.Linear(4, 3)
    layer.register_forward_hook(lambda module, inputs, output: output * 2)
    return layer


def tied() -> Any:
    first, second = nn.Linear(4, 4), nn.Linear(4, 4)
    second.weight = first.weight
    return nn.Sequential(first, second)


def repeated() -> Any:
    layer = nn.Linear(4, 4)
    return nn.Sequential(layer, nn.Tanh(), layer)


@pytest.mark.parametrize(
    "module",
    [
        nn.Sequential(nn.Linear(4, 3), nn.GELU()),
        nn.Sequential(nn.Linear(4, 3), nn.Dropout(0.5)),
        nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)),
        nn.Sequential(nn.Tanh()),
        nn.utils.parametrizations.weight_norm(nn.Linear(4, 3)),
        hooked(),
        tied(),
        repeated(),
        torch.tanh,
    ],
    ids=lambda module: getattr(module, "__name__", type(module).__name__),
)
def test_what_is_not_checked_as_a_network(module: Any) -> None:
    x = random(6, 4)
    if isinstance(module, nn.Module):
        module.double()
    with pytest.raises(ParameterError, match="path 'network' cannot take this module: "):
        check(module, lambda y: F.cross_entropy(y, LABELS), x, path="network")


def test_cross_entropy_and_square_error_are_recognised() -> None:
    output, t = random(6, 3), random(6, 3, seed=8)
    found = recognise_loss(lambda y: F.cross_entropy(y, LABELS), output)
    assert found is not None
    assert isinstance(found[0], CrossEntropy)
    np.testing.assert_array_equal(found[1], LABELS.numpy())
    for loss in (lambda y: F.mse_loss(y, t), lambda y: F.mse_loss(t, y), nn.MSELoss()):
        found = recognise_loss(loss if not isinstance(loss, nn.Module) else _with(loss, t), output)
        assert found is not None
        assert isinstance(found[0], MeanSquaredError)
        np.testing.assert_array_equal(found[1], t.numpy())
    split = recognise_loss(lambda y: F.nll_loss(F.log_softmax(y, 1), LABELS), output)
    assert split is not None
    assert recognise_loss(lambda y: F.nll_loss(F.log_softmax(y, -1), LABELS), output) is not None


def _with(loss: Any, t: Any) -> Any:
    return lambda y: loss(y, t)


def changing(y: Any, calls: list[int] = []) -> Any:  # noqa: B006
    calls.append(1)
    return F.cross_entropy(y, LABELS if len(calls) < 3 else 2 - LABELS)


def test_losses_that_are_not_recognised() -> None:
    output, t = random(6, 3), random(6, 3, seed=8)
    ignored = torch.where(LABELS == 2, -100, LABELS)
    weights = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    for number, loss in enumerate(
        (
            lambda y: F.cross_entropy(y, LABELS, reduction="sum"),
            lambda y: F.cross_entropy(y, LABELS, weight=weights),
            lambda y: F.cross_entropy(y, LABELS, label_smoothing=0.1),
            lambda y: F.cross_entropy(y, ignored),
            lambda y: F.cross_entropy(y, torch.softmax(t, 1)),
            lambda y: F.cross_entropy(2 * y, LABELS),
            lambda y: 2 * F.cross_entropy(y, LABELS),
            lambda y: F.mse_loss(y, t, reduction="sum"),
            lambda y: F.mse_loss(y, y.detach() + 1),
            lambda y: F.mse_loss(y, y),
            lambda y: F.l1_loss(y, t),
            lambda y: y.sum().item(),
            lambda y: y.nonsense,
            changing,
        )
    ):
        assert recognise_loss(loss, output) is None, number


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("square", [False, True])
def test_the_network_path_gives_what_vmap_gives(dtype: Any, square: bool) -> None:
    module, x, t = plain(dtype), random(6, 2, 2, dtype=dtype), random(6, 3, dtype=dtype)

    def loss(y: Any) -> Any:
        return F.mse_loss(y, t) if square else F.cross_entropy(y, LABELS)

    state = State(module, x)
    report = check(module, loss, x)
    state.check()
    other = check(module, loss, x, path="vmap")
    assert "as a nudgegrad.Network" in report.method
    assert report.passed, str(report)
    assert list(report.parameters) == list(other.parameters)
    assert list(report.parameters)[-1] == "input"
    for name, found in report.parameters.items():
        assert found.name == name
        plainly = other.parameters[name]
        np.testing.assert_array_equal(found.value, plainly.value)
        np.testing.assert_array_equal(found.analytic, plainly.analytic)
        off = np.abs(found.numeric - plainly.numeric)
        assert (off <= 3 * (found.error + plainly.error) + 1e-6 * np.abs(found.numeric)).all()


def test_the_network_path_with_options_frozen_layers_and_no_inputs() -> None:
    module, x = plain(), random(6, 4)
    module[3].requires_grad_(False)

    def loss(y: Any) -> Any:
        return F.cross_entropy(y, LABELS)

    report = check(module, loss, x, check_inputs=False, path="network")
    assert report.passed
    assert list(report.parameters) == ["1.0.weight", "1.0.bias", "5.weight", "5.bias"]
    assert report.coverage == 1
    some = check(module, loss, x, only=["5.*"], path="network")
    assert some.parameters["5.weight"].checked.all()
    assert some.checked == 18
    mask = {name: np.zeros(found.value.shape, bool) for name, found in report.parameters.items()}
    mask["1.0.weight"][3, 1] = True
    one = check(module, loss, x, check_inputs=False, mask=mask, path="network")
    assert one.checked == 1
    assert one.parameters["1.0.weight"].checked[3, 1]
    with pytest.raises(ParameterError, match=r"only must match a name among 1\.0\.weight"):
        check(module, loss, x, only="W1", path="network")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_pictures_by_the_network_path_are_what_vmap_gives(dtype: Any) -> None:
    torch.manual_seed(0)
    module = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1),
        nn.BatchNorm2d(3),
        nn.GELU("tanh"),
        nn.MaxPool2d(2),
        nn.Dropout(0.5),
        nn.Flatten(),
        nn.Linear(12, 3),
    )
    module.to(dtype).eval()
    module[1].register_buffer("running_var", torch.full((3,), 1.5, dtype=dtype))
    x = random(6, 2, 4, 4, dtype=dtype)
    state = State(module, x)
    report = check(module, lambda y: F.cross_entropy(y, LABELS), x, path="network")
    state.check()
    other = check(module, lambda y: F.cross_entropy(y, LABELS), x, path="vmap")
    assert report.passed, str(report)
    assert report.coverage == 1
    assert list(report.parameters) == list(other.parameters)
    for name, found in report.parameters.items():
        plainly = other.parameters[name]
        np.testing.assert_array_equal(found.value, plainly.value)
        np.testing.assert_array_equal(found.analytic, plainly.analytic)
        off = np.abs(found.numeric - plainly.numeric)
        assert (off <= 3 * (found.error + plainly.error) + 1e-6 * np.abs(found.numeric)).all()


def off_by_a_little(module: Any, inner: Any, outer: Any) -> Any:
    return (inner[0] * 1.001,)


def test_a_wrong_slope_is_found_by_the_network_path() -> None:
    layers = nn.Conv2d(1, 2, 2), nn.Tanh(), nn.Flatten(), nn.Linear(8, 3)
    module = nn.Sequential(*layers).double()
    module[1].register_full_backward_hook(off_by_a_little)
    x = random(6, 1, 3, 3)
    report = check(module, lambda y: F.cross_entropy(y, LABELS), x, path="network")
    wrong = {name for name, found in report.parameters.items() if found.counts["wrong"]}
    assert wrong == {"0.weight", "0.bias", "input"}


def test_the_network_path_refuses_what_it_cannot_take() -> None:
    x = random(6, 4)
    with pytest.raises(ParameterError, match=r"path 'network' cannot .* GELU"):
        check(nn.Sequential(nn.Linear(4, 3), nn.GELU()).double(), weighed, x, path="network")
    with pytest.raises(ParameterError, match="its loss is not known"):
        check(plain(), weighed, x, path="network")
    with pytest.raises(ParameterError, match="last axis of samples"):
        check(nn.Linear(4, 3).double(), weighed, random(2, 6, 4), path="network")
    with pytest.raises(ParameterError, match="path must be one of auto, network, vmap, loop"):
        check(plain(), weighed, x, path="fast")
