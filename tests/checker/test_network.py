"""Checking networks: every entry, by exact differences."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import nudgegrad as ng
from nudgegrad.checker.verdict import Verdict
from nudgegrad.functions import sigmoid
from nudgegrad.validation import ParameterError
from tests.networks import LOSSES, Case, TrainingCase, cases, make_case, picture_cases


@settings(max_examples=25)
@given(cases(dtype="float64"))
def test_any_network_in_float64(case: Case) -> None:
    confirm(case)


@settings(max_examples=25)
@given(cases(dtype="float32"))
def test_no_false_alarm_in_float32(case: Case) -> None:
    net, x, t = case
    report = ng.check(net, x, t)
    assert report.passed, str(report)
    assert "exact differences by node" in report.method


def test_nearly_all_networks_in_float32() -> None:
    # Where the slopes of samples cancel, float32 cannot tell what it can of the others.
    rng = np.random.default_rng(0)
    missed = []
    for seed in range(100):
        sizes = [int(size) for size in rng.integers(2, 6, rng.integers(2, 5))]
        names = [str(name) for name in rng.choice(["gelu", "sigmoid", "tanh"], len(sizes) - 2)]
        loss = str(rng.choice(sorted(LOSSES)))
        try:
            confirm(make_case(seed, sizes, names, loss, int(rng.integers(1, 6)), "float32"))
        except AssertionError as error:
            missed.append((seed, str(error)))
    assert len(missed) <= 3, missed


@settings(max_examples=15)
@given(picture_cases(dtype="float64"))
def test_any_network_of_pictures(case: TrainingCase) -> None:
    confirm(case[:3])
    net, x, t, step = case
    assert ng.check(net, x, t, training_step=step).passed


@settings(max_examples=25)
@given(picture_cases(dtype="float32"))
def test_no_false_alarm_on_pictures_in_float32(case: TrainingCase) -> None:
    net, x, t, _ = case
    report = ng.check(net, x, t)
    assert report.counts["wrong"] == 0, str(report)
    # What a kernel's entry adds up over the places may cancel to less than float32 can see.
    assert report.counts["ok"] > 0, str(report)


class BatchStatisticsTakenForConstants(ng.BatchNorm):
    def prepare(self, x: Any, training_step: int) -> ng.Layer:
        layer = super().prepare(x, training_step)
        layer.backward = lambda x, y, dy: (  # type: ignore[method-assign]
            dy * self.params["gamma"] / np.sqrt(x.var(axis=0) + self.epsilon)
        )
        return layer


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_training_steps(dtype: str) -> None:
    def make(norm: ng.Layer) -> ng.Network:
        layers = [ng.Affine(4, 5), norm, ng.Tanh(), ng.Dropout(0.3), ng.Affine(5, 3)]
        return ng.Network(layers, seed=0, dtype=dtype)

    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(6, 4)), rng.integers(0, 3, 6)
    for norm in (ng.BatchNorm, BatchStatisticsTakenForConstants):
        wrong = norm is not ng.BatchNorm
        assert ng.check(make(norm(5)), x, t).passed
        report = ng.check(make(norm(5)), x, t, training_step=3, taylor=dtype == "float64")
        assert report.passed == (not wrong), str(report)
        found = {name for name, c in report.parameters.items() if c.counts["wrong"]}
        assert found == ({"W1", "b1"} if wrong else set())


class WrongConvolution(ng.Conv2D):
    """Forgets to turn the kernels on the way back, as if they were symmetric."""

    def backward(self, x: Any, y: Any, dy: Any) -> Any:
        turned = ng.Conv2D(self.in_channels, self.out_channels, self.kernel_size)
        turned.connect(self.window.shape)
        turned.params["W"] = self.params["W"][:, :, ::-1, ::-1]
        return turned.backward(x, y, dy)


class WrongGradient(ng.Conv2D):
    def parameter_gradient(self, x: Any, y: Any, dy: Any) -> Any:
        gradients = super().parameter_gradient(x, y, dy)
        return {**gradients, "W": gradients["W"] / self.out_channels}


class WrongPool(ng.MaxPool2D):
    def backward(self, x: Any, y: Any, dy: Any) -> Any:
        return super().backward(-x, -y, dy)  # to the smallest


@pytest.mark.parametrize(
    ("layer", "place", "wrong"),
    [
        (ng.Conv2D(2, 3, 2), 3, set()),
        (WrongConvolution(2, 3, 2), 3, {"W1", "b1"}),
        (WrongGradient(2, 3, 2), 3, {"W2"}),
        (WrongPool(2), 2, {"W1", "b1"}),
    ],
    ids=["right", "kernels not turned", "gradient of a kernel", "smallest of the pool"],
)
def test_mistakes_in_a_convolutional_network(layer: ng.Layer, place: int, wrong: set[str]) -> None:
    layers = [
        ng.Conv2D(1, 2, 3), ng.GELU(), ng.MaxPool2D(2), ng.Conv2D(2, 3, 2), ng.Tanh(), ng.Flatten(),
        ng.Affine(12, 3),
    ]  # fmt: skip
    layers[place] = layer
    net = ng.Network(layers, seed=0, input_shape=(1, 8, 8))
    rng = np.random.default_rng(0)
    report = ng.check(net, rng.normal(size=(4, 1, 8, 8)), np.array([0, 1, 2, 0]))
    assert {name for name, c in report.parameters.items() if c.counts["wrong"]} == wrong, report
    assert report.passed == (not wrong)


def _unresolved(report: ng.Report) -> int:
    """Count what cannot be told, but for slopes that are next to nothing: samples' may cancel."""
    largest = max(np.abs(check.analytic).max() for check in report.parameters.values())
    return sum(
        int(np.sum((check.verdict == Verdict.UNRESOLVED) & (abs(check.analytic) > 1e-4 * largest)))
        for check in report.parameters.values()
    )


def confirm(case: Case) -> None:
    net, x, t = case
    report = ng.check(net, x, t)
    assert report.passed, str(report)
    assert _unresolved(report) <= 0.05 * report.entries, str(report)
    assert "exact differences by node" in report.method
    for name in net.params:
        wrong = dict(net.gradient(x, t))
        largest = np.argmax(np.abs(wrong[name]))
        wrong[name].flat[largest] *= 1.01
        if wrong[name].flat[largest] != 0:
            found = ng.check(net, x, t, wrong)
            assert found.counts["wrong"] == 1, str(found)
            assert found.worst(1)[0].parameter == name


@settings(max_examples=20)
@given(st.integers(0, 1000), st.sampled_from(["float64", "float32"]))
def test_verdicts_are_those_of_plain_differences(seed: int, dtype: str) -> None:
    rng = np.random.default_rng(seed)
    net = ng.Network([ng.Affine(4, 5), ng.Tanh(), ng.Affine(5, 3)], seed=seed, dtype=dtype)
    x, t = rng.normal(size=(6, 4)).astype(dtype), rng.integers(0, 3, 6)
    gradient = {name: array.copy() for name, array in net.gradient(x, t).items()}
    gradient["W2"][0] *= 2
    fast = ng.check(net, x, t, gradient)
    plain = ng.check(lambda _: net.loss(x, t), net.params, gradient)
    for name in net.params:
        wrong = fast.parameters[name].verdict == 2
        sure = plain.parameters[name].verdict <= 2
        np.testing.assert_array_equal(
            wrong[sure], plain.parameters[name].verdict[sure] == 2, err_msg=f"{fast}\n{plain}"
        )


@pytest.mark.parametrize(("first", "width"), [(ng.Affine(4, 5), 5), (ng.Tanh(), 4)])
def test_inputs_too(first: ng.Layer, width: int) -> None:
    net = ng.Network([first, ng.Sigmoid(), ng.Affine(width, 3)], seed=0)
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(6, 4)), rng.integers(0, 3, 6)
    by_x = ng.numerical_gradient(lambda x: net.loss(x, t), x.copy(), 1e-5)
    claimed = {**net.gradient(x, t), "x": by_x}
    assert ng.check(net, x, t, claimed, rtol=1e-7, atol=1e-9).passed
    claimed["x"] = by_x * 1.001
    report = ng.check(net, x, t, claimed, rtol=1e-7, atol=1e-9)
    assert report.counts["wrong"] == x.size


def test_inputs_of_zero_are_kinks_of_relu() -> None:
    net = ng.Network([ng.Affine(4, 5), ng.ReLU(), ng.Affine(5, 3)], seed=0)
    x, t = np.random.default_rng(0).normal(size=(6, 4)), np.zeros(6, int)
    x[0] = 0
    report = ng.check(net, x, t)
    assert report.counts["kink"] == 5
    assert report.counts["wrong"] == 0
    claimed = dict(net.gradient(x, t))
    claimed["b1"] = claimed["b1"] + 1
    assert ng.check(net, x, t, claimed).counts["wrong"] == 5


def test_a_kink_within_the_nudge_is_stepped_around() -> None:
    net = ng.Network([ng.Affine(1, 1), ng.ReLU(), ng.Affine(1, 2)], seed=0)
    net.params["W1"] = [[1.0]]
    for distance in (1e-7, -1e-7, 5e-7):
        x = np.array([[distance], [1.0]])
        report = ng.check(net, x, np.array([0, 1]))
        assert report.counts["wrong"] == report.counts["kink"] == 0, str(report)


class Swish(ng.Layer):
    elementwise = True

    def forward(self, x: Any) -> Any:
        return x * sigmoid(x)

    def backward(self, x: Any, y: Any, dy: Any) -> Any:
        s = sigmoid(x)
        return dy * (s + x * s * (1 - s))


class WrongSwish(Swish):
    def backward(self, x: Any, y: Any, dy: Any) -> Any:
        return dy * sigmoid(x)


class WrongRule(Swish):
    def difference(self, x: Any, y: Any, d: Any) -> Any:
        return 2 * d


class Scale(ng.Layer):
    linear_in_parameters = True

    def __init__(self, size: int, factor: float = 1.0) -> None:
        self.input_size = self.output_size = size
        self.params["g"] = np.linspace(0.5, 2, size)
        self.factor = factor

    def forward(self, x: Any) -> Any:
        return x * self.params["g"]

    def backward(self, x: Any, y: Any, dy: Any) -> Any:
        return dy * self.params["g"]

    def parameter_gradient(self, x: Any, y: Any, dy: Any) -> Any:
        return {"g": self.factor * (x * dy).sum(axis=0)}


@pytest.mark.parametrize(
    ("layer", "wrong"),
    [
        (Swish(), set()),
        (WrongSwish(), {"W1", "b1"}),
        (Scale(5), set()),
        (Scale(5, 0.5), {"g1"}),
        (WrongRule(), set()),
    ],
    ids=["swish", "wrong swish", "scale", "wrong scale", "wrong rule"],
)
def test_layers_that_users_write(layer: ng.Layer, wrong: set[str]) -> None:
    net = ng.Network([ng.Affine(4, 5), layer, ng.Affine(5, 3)], seed=0)
    rng = np.random.default_rng(0)
    report = ng.check(net, rng.normal(size=(6, 4)), rng.integers(0, 3, 6))
    assert {name for name, c in report.parameters.items() if c.counts["wrong"]} == wrong, report
    assert report.passed == (not wrong)
    broken = isinstance(layer, WrongRule)
    assert any("difference rules" in note for note in report.notes) == broken


def test_options() -> None:
    net = ng.TwoLayerNet(6, 5, 3, seed=0)
    x, t = np.random.default_rng(0).normal(size=(4, 6)), np.array([0, 1, 2, 0])
    report = ng.check(net, x, t, only="W*", sample=3, taylor=True)
    assert report.checked == 6
    assert report.taylor.passed
    assert report.taylor.order == pytest.approx(2, abs=0.2)
    assert ng.check(net, x, t, h=1e-3).parameters["W1"].h == 1e-3
    with pytest.raises(ParameterError, match="gradients must have the entries W1, b1, W2, b2, got"):
        ng.check(net, x, t, {"W1": net.params["W1"]})
    with pytest.raises(ParameterError, match=r"gradients of b2 must have its shape \(3,\), got"):
        ng.check(net, x, t, {**net.gradient(x, t), "b2": np.ones(4)})
    with pytest.raises(ParameterError, match=r"must be given \(network, x, t\)"):
        ng.check(net, x)
    with pytest.raises(ParameterError, match="network must have parameters to be checked"):
        ng.check(ng.Network([ng.Tanh()]), x, t)


def test_parameters_stay_as_they_were() -> None:
    net = ng.Network([ng.Affine(4, 5), Scale(5), ng.Affine(5, 3)], seed=0)
    before = {name: array.tobytes() for name, array in net.params.items()}
    ng.check(net, np.ones((2, 4)), np.array([0, 1]))
    assert {name: array.tobytes() for name, array in net.params.items()} == before


def stops_at(asked: int) -> Any:
    """Return what says yes from the given time on that it is asked."""
    times: list[int] = []

    def cancel() -> bool:
        times.append(1)
        return len(times) >= asked

    return cancel


STOPPED = "the check was stopped before its end"


@pytest.mark.parametrize("scale", [False, True], ids=["ours", "a user's layer"])
def test_a_check_that_is_stopped_reports_what_it_has_seen(scale: bool) -> None:
    middle: ng.Layer = Scale(5) if scale else ng.Tanh()
    net = ng.Network([ng.Affine(4, 5), middle, ng.Affine(5, 3)], seed=0)
    x, t = np.random.default_rng(0).normal(size=(6, 4)), np.array([0, 1, 2, 0, 1, 2])
    whole = ng.check(net, x, t, taylor=True)
    assert (whole.coverage, STOPPED in whole.notes) == (1, False)
    seen = []
    for asked in range(1, 40):
        report = ng.check(net, x, t, cancel=stops_at(asked), taylor=True)
        seen.append(report.checked)
        for check in report.parameters.values():
            measured = check.verdict != Verdict.UNCHECKED
            assert np.isfinite(check.numeric[measured]).all()
            assert np.isnan(check.numeric[~measured]).all()
        assert report.counts["wrong"] == 0
        assert report.passed == (report.checked > 0)
        if report.coverage < 1:
            assert STOPPED in report.notes
            assert report.taylor is None
            assert report.evaluations <= whole.evaluations
            assert report.to_json()
    assert seen[0] == 0
    assert {25, 43 + 5 * scale} <= set(seen)  # a layer, and all of them


def test_a_second_measurement_that_is_stopped_leaves_the_first() -> None:
    net = ng.TwoLayerNet(4, 5, 3, weight_init_std=1, seed=0)
    x, t = np.random.default_rng(0).normal(size=(6, 4)), np.array([0, 1, 2, 0, 1, 2])
    claimed = {name: 2 * array for name, array in net.gradient(x, t).items()}
    measured: list[int] = []
    report = ng.check(net, x, t, claimed, cancel=lambda: len(measured) > 2,
                      progress=lambda done, total: measured.append(done))  # fmt: skip
    assert STOPPED in report.notes
    assert (report.checked, report.counts["wrong"]) == (43, 43)
