"""Optimizers against arithmetic by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nudgegrad.training.adam_kernel import update
from nudgegrad.training.optimizers import SGD, Adam, Momentum, Optimizer, make_optimizer
from nudgegrad.validation import ParameterError


def two_updates(optimizer: Optimizer, dtype: str = "float64") -> list[list[float]]:
    """Update W = [1, -2] by the gradients [0.5, -1] and [1, 0]; return W after each."""
    parameter = np.array([1.0, -2.0], dtype=dtype)
    after = []
    for gradient in ([0.5, -1.0], [1.0, 0.0]):
        optimizer.update({"W": parameter}, {"W": np.array(gradient, dtype=dtype)})
        after.append(parameter.tolist())
    return after


def test_sgd_by_hand() -> None:
    # 1 - 0.1·0.5 = 0.95       -2 + 0.1·1 = -1.9
    # 0.95 - 0.1·1 = 0.85      -1.9 - 0.1·0 = -1.9
    np.testing.assert_allclose(two_updates(SGD(0.1)), [[0.95, -1.9], [0.85, -1.9]], rtol=1e-15)


def test_momentum_by_hand() -> None:
    # v = -0.1·0.5 = -0.05                  v = 0.1·1 = 0.1
    # w = 1 - 0.05 = 0.95                   w = -2 + 0.1 = -1.9
    # v = 0.9·(-0.05) - 0.1·1 = -0.145      v = 0.9·0.1 - 0 = 0.09
    # w = 0.95 - 0.145 = 0.805              w = -1.9 + 0.09 = -1.81
    np.testing.assert_allclose(
        two_updates(Momentum(0.1, momentum=0.9)), [[0.95, -1.9], [0.805, -1.81]], rtol=1e-15
    )


def test_adam_by_hand() -> None:
    # β₁ = β₂ = 0.5, ε = 1e-8, first weight:
    # m = 0.5·0.5 = 0.25, v = 0.5·0.25 = 0.125; corrected by 1 - 0.5: m = 0.5, v = 0.25
    # w = 1 - 0.1·0.5/(√0.25 + ε) = 1 - 0.05/0.50000001 = 0.900000002
    # m = 0.25 + 0.5·(1 - 0.25) = 0.625, v = 0.125 + 0.5·(1 - 0.125) = 0.5625;
    # corrected by 1 - 0.25: m = 0.8333…, v = 0.75; √0.75 = 0.8660254037844386
    # w = 0.900000002 - 0.0833…/0.8660254137844386 = 0.803774958
    # Second weight: m = -0.5, v = 0.5; corrected m = -1, v = 1; w = -2 + 0.1/1.00000001
    # m = -0.25, v = 0.25; corrected m = -0.3333…, v = 0.3333…; √v = 0.5773502691896258
    # w = -1.900000001 + 0.0333…/0.5773502791896258 = -1.842264975
    after = two_updates(Adam(0.1, beta1=0.5, beta2=0.5))
    np.testing.assert_allclose(
        after, [[0.900000002, -1.900000001], [0.803774958, -1.842264975]], rtol=0, atol=1e-9
    )


def test_first_step_of_adam_has_the_size_of_the_learning_rate() -> None:
    parameter = np.zeros(3)
    Adam().update({"W": parameter}, {"W": np.array([1e-3, -7.0, 500.0])})
    np.testing.assert_allclose(parameter, [-0.001, 0.001, -0.001], rtol=2e-5)


OPTIMIZERS = [SGD(0.1), Momentum(0.1), Adam(0.1)]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda it: type(it).__name__)
def test_in_place_and_float32_stays(optimizer: Optimizer) -> None:
    parameter = np.ones((2, 3), dtype=np.float32)
    params: dict[str, NDArray[Any]] = {"W": parameter}
    gradient = np.full((2, 3), 0.5, dtype=np.float32)
    optimizer.update(params, {"W": gradient})
    optimizer.update(params, {"W": gradient})
    assert params["W"] is parameter
    assert parameter.dtype == np.float32
    assert (parameter < 1).all()
    assert (gradient == 0.5).all()
    for name, array in optimizer.state.items():
        assert array.dtype == (np.int64 if name == "updates" else np.float32)


@pytest.mark.parametrize("kind", [SGD, Momentum, Adam])
def test_learning_rate_may_change_between_updates(kind: type[Optimizer]) -> None:
    changed, constant = kind(0.1), kind(0.1)
    w_changed, w_constant = np.zeros(1), np.zeros(1)
    for number, optimizer, parameter in ((0, changed, w_changed), (1, constant, w_constant)):
        optimizer.update({"W": parameter}, {"W": np.ones(1)})
        if number == 0:
            optimizer.learning_rate = 0.01
        optimizer.update({"W": parameter}, {"W": np.ones(1)})
    assert abs(w_changed[0]) < abs(w_constant[0])


def test_default_learning_rates() -> None:
    rates = [kind().learning_rate for kind in (SGD, Momentum, Adam)]
    assert rates == [0.1, 0.01, 0.001]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SGD(0), "learning_rate must be a finite number, above 0, got 0"),
        (lambda: SGD(float("nan")), "learning_rate must be a finite number, above 0, got nan"),
        (lambda: SGD(True), "learning_rate must be a finite number, above 0, got True"),
        (lambda: Adam(float("inf")), "learning_rate must be a finite number, above 0, got inf"),
        (
            lambda: Momentum(momentum=1),
            "momentum must be a finite number, at least 0 and below 1, got 1",
        ),
        (lambda: Adam(beta1=-0.1), "beta1 must be a finite number, at least 0 and below 1"),
        (lambda: Adam(beta2=1.0), "beta2 must be a finite number, at least 0 and below 1"),
        (lambda: Adam(epsilon=0), "epsilon must be a finite number, above 0, got 0"),
    ],
)
def test_wrong_values(make: Any, message: str) -> None:
    with pytest.raises(ParameterError) as caught:
        make()
    assert str(caught.value).startswith(message)


def test_make_optimizer() -> None:
    made = [make_optimizer(name, None) for name in ("sgd", "momentum", "adam")]
    assert [type(optimizer) for optimizer in made] == [SGD, Momentum, Adam]
    assert make_optimizer("adam", 0.5).learning_rate == 0.5
    own = Momentum(0.3)
    assert make_optimizer(own, None) is own


def test_make_optimizer_errors() -> None:
    with pytest.raises(ParameterError, match="optimizer must be one of sgd, momentum, adam") as e:
        make_optimizer("adm", None)
    assert "did you mean 'adam'?" in str(e.value)
    with pytest.raises(ParameterError, match="learning_rate must be left out when optimizer is"):
        make_optimizer(SGD(), 0.1)
    with pytest.raises(ParameterError, match="optimizer must be one of"):
        make_optimizer(SGD, None)  # type: ignore[arg-type]


def test_an_optimizer_of_ones_own_must_define_update() -> None:
    class Lazy(Optimizer):
        pass

    with pytest.raises(TypeError, match="Lazy must define update"):
        Lazy().update({}, {})


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["sgd", "momentum", "adam"])
def test_kernels_update_as_the_array_lines_do(name: str, dtype: str) -> None:
    rng = np.random.default_rng(0)
    start = {"W1": rng.normal(size=(7, 31)).astype(dtype), "b1": np.zeros(31, dtype)}
    found, expected = ({key: array.copy() for key, array in start.items()} for _ in range(2))
    optimizers = [make_optimizer(name, 0.01), make_optimizer(name, 0.01)]
    for _ in range(5):
        gradients = {key: rng.normal(size=a.shape).astype(dtype) for key, a in start.items()}
        update(optimizers[0], found, gradients)
        optimizers[1].update(expected, gradients)
    tolerance = 4 * float(np.finfo(dtype).eps)
    for key, array in expected.items():
        assert found[key].dtype == dtype
        assert np.abs(array - start[key]).max() > 0.01
        np.testing.assert_allclose(found[key], array, rtol=0, atol=tolerance)
    assert list(optimizers[0].state) == list(optimizers[1].state)
    for key, array in optimizers[1].state.items():
        np.testing.assert_allclose(optimizers[0].state[key], array, rtol=1e-5, atol=tolerance)
