"""Layers and losses that PyTorch has too give what they give there."""

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

import nudgegrad as ng  # noqa: E402

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 2, 7, 6))

LAYERS: list[tuple[ng.Layer, Any]] = [
    (ng.Conv2D(2, 3, (3, 2), stride=2, padding=1), nn.Conv2d(2, 3, (3, 2), stride=2, padding=1)),
    (ng.MaxPool2D(2), nn.MaxPool2d(2)),
    (ng.MaxPool2D(3, stride=2), nn.MaxPool2d(3, stride=2)),
    (ng.LeakyReLU(), nn.LeakyReLU()),
    (ng.GELU(), nn.GELU("tanh")),
    (ng.BatchNorm(2), nn.BatchNorm2d(2)),
    (ng.Flatten(), nn.Flatten()),
]
OURS = {"weight": ("W", "gamma"), "bias": ("b", "beta")}


@pytest.mark.parametrize(("ours", "theirs"), LAYERS, ids=[repr(layer) for layer, _ in LAYERS])
@pytest.mark.parametrize("training", [False, True])
def test_layers(ours: ng.Layer, theirs: Any, training: bool) -> None:
    theirs = theirs.double().train(training)
    theirs.zero_grad()
    ours.connect((2, 7, 6))
    ours.initialize(RNG)
    for name, tensor in theirs.named_parameters():
        own = next(own for own in OURS[name] if own in ours.params)
        ours.params[own] = RNG.normal(size=tuple(tensor.shape))
        tensor.data = torch.asarray(ours.params[own])
    x = torch.tensor(X, requires_grad=True)
    y = theirs(x)
    dy = RNG.normal(size=tuple(y.shape))
    (y * torch.asarray(dy)).sum().backward()

    rows, slopes = X.reshape(5, -1), dy.reshape(5, -1)
    layer = ours.prepare(rows, 0) if training else ours
    found = layer.forward(rows)
    np.testing.assert_allclose(found, y.detach().reshape(5, -1), atol=1e-12)
    np.testing.assert_allclose(
        layer.backward(rows, found, slopes), x.grad.reshape(5, -1), atol=1e-12
    )
    gradients = layer.parameter_gradient(rows, found, slopes) if ours.params else {}
    for name, tensor in theirs.named_parameters():
        own = next(own for own in OURS[name] if own in ours.params)
        np.testing.assert_allclose(gradients[own], tensor.grad, atol=1e-12)
    for name, buffer in layer.next_buffers().items():
        np.testing.assert_allclose(buffer, getattr(theirs, name), atol=1e-12)


LOSSES: list[tuple[ng.Loss, Any]] = [
    (ng.CrossEntropy(0), nn.CrossEntropyLoss()),
    (ng.CrossEntropy(0, label_smoothing=0.2), nn.CrossEntropyLoss(label_smoothing=0.2)),
    (ng.MeanSquaredError(), nn.MSELoss()),
    (ng.BinaryCrossEntropy(), nn.BCEWithLogitsLoss()),
]


@pytest.mark.parametrize(("ours", "theirs"), LOSSES, ids=[repr(loss) for loss, _ in LOSSES])
def test_losses(ours: ng.Loss, theirs: Any) -> None:
    y = torch.tensor(X[:, 0, 0], requires_grad=True)
    t = RNG.integers(0, 6, 5) if isinstance(ours, ng.CrossEntropy) else RNG.random((5, 6))
    loss = theirs(y, torch.asarray(t))
    loss.backward()
    rows = X[:, 0, 0]
    assert ours.value(rows, ours.targets(rows, t)) == pytest.approx(float(loss.detach()), rel=1e-12)
    found = ours.gradient(rows, ours.targets(rows, t))
    np.testing.assert_allclose(found, y.grad, atol=1e-13)


def test_a_network_on_tensors() -> None:
    layers = [
        ng.Conv2D(2, 3, 3, padding=1), ng.BatchNorm(3), ng.GELU(), ng.MaxPool2D(2), ng.Flatten(),
        ng.Dropout(0.3), ng.Affine(27, 4), ng.LeakyReLU(), ng.Affine(4, 3),
    ]  # fmt: skip
    net = ng.Network(layers, ng.CrossEntropy(label_smoothing=0.1), input_shape=(2, 7, 6), seed=0)
    t = np.array([0, 1, 2, 0, 1])
    tensors = net.map_parameters(torch.asarray)
    for method in ("weight", "node", "backprop"):
        for step in (None, 2):
            expected = net.gradient(X, t, method, training_step=step)
            found = tensors.gradient(torch.asarray(X), torch.asarray(t), method, training_step=step)
            for name, array in expected.items():
                np.testing.assert_allclose(found[name].numpy(), array, rtol=1e-6, atol=1e-9)
