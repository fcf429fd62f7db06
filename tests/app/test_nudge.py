"""One weight looked at, without a browser."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import nudgegrad as ng
from nudgegrad.app.nudging import (
    Bench,
    Choice,
    Entry,
    error_by_h,
    loss_along,
    measure,
    moved,
    what_changed,
)
from nudgegrad.app.nudging.curve import clip_line, propagated_loss_along
from nudgegrad.app.nudging.pictures import common_scale, matrix, tiles_of, wrapped
from nudgegrad.app.session import Session
from nudgegrad.training.configuration import Configuration
from nudgegrad.validation import ParameterError
from tests.cli.processes import write_data

ENTRIES = [Entry("W1", 2, 5), Entry("b1", 3), Entry("W2", 1, 4), Entry("b2", 0)]


def make(
    dtype: str = "float64", activation: str = "sigmoid", hidden: tuple[int, ...] = (6,)
) -> Any:
    """Return a network, inputs of which many are zero, and labels."""
    network = Configuration(
        hidden_sizes=hidden, activation=activation, weight_init_std="xavier", dtype=dtype
    ).build_network(9, 4)
    rng = np.random.default_rng(1)
    x = rng.normal(size=(20, 9)) * (rng.random((20, 9)) < 0.6)
    return network, x.astype(dtype), rng.integers(4, size=20)


@pytest.mark.parametrize("entry", ENTRIES, ids=str)
@pytest.mark.parametrize("h", [1e-1, 1e-4, 1e-7])
def test_the_secant_is_the_librarys_number(entry: Entry, h: float) -> None:
    network, x, t = make()
    found = measure(network, x, t, entry, h)
    assert found.secant == network.numerical_gradient(x, t, "naive", h)[entry.name][entry.index]
    array = network.params[entry.name]
    mask = np.zeros(array.shape, dtype=bool)
    mask[entry.index] = True
    general = ng.numerical_gradient(lambda _: network.loss(x, t), array, h, mask=mask)
    assert found.secant == general[entry.index]
    assert found.loss == network.loss(x, t)
    for sign, loss in ((1, found.upper), (-1, found.lower)):
        with moved(network, entry, sign * h):
            assert loss == network.loss(x, t)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_the_secant_in_both_dtypes(dtype: str) -> None:
    network, x, t = make(dtype)
    found = measure(network, x, t, ENTRIES[0], 1e-2)
    naive = network.numerical_gradient(x, t, "naive", 1e-2)["W1"][5, 2]
    assert network.dtype.type(found.secant) == naive


@pytest.mark.parametrize("entry", [*ENTRIES, Entry("W3", 0, 1)], ids=str)
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_other_slopes_are_the_librarys_too(entry: Entry, activation: str) -> None:
    network, x, t = make(activation=activation, hidden=(6, 5))
    found = measure(network, x, t, entry, 1e-3)
    for method in ("weight", "node"):
        whole = network.numerical_gradient(x, t, method, 1e-3, kernels=False)
        np.testing.assert_allclose(
            getattr(found, method), whole[entry.name][entry.index], rtol=1e-12, atol=1e-16
        )
    assert found.backprop == network.gradient(x, t)[entry.name][entry.index]


def test_measuring_leaves_the_network_as_it_was() -> None:
    network, x, t = make()
    before = {name: array.copy() for name, array in network.params.items()}
    entry = ENTRIES[0]
    measure(network, x, t, entry, 0.1)
    loss_along(network, x, t, entry, [-1.0, 1.0])
    what_changed(network, x, t, entry, 0.1)
    error_by_h(network, x, t, entry, [0.1])
    for name, array in network.params.items():
        np.testing.assert_array_equal(array, before[name])


def test_what_limits_h() -> None:
    network, x, t = make()
    verdicts = [measure(network, x, t, ENTRIES[0], h).verdict for h in (1e-1, 1e-11, 1e-18)]
    assert verdicts == ["truncation", "rounding", "stuck"]
    x[:, 5] = 0
    still = measure(network, x, t, ENTRIES[0], 1e-3)
    assert still.verdict == "flat"
    assert math.isnan(still.error("secant"))


def test_the_curve_is_made_of_forward_passes() -> None:
    network, x, t = make()
    points = loss_along(network, x, t, ENTRIES[0], [-0.5, 0.0, 2.0])
    assert [s for s, _ in points] == [-0.5, 0.0, 2.0]
    assert points[1][1] == network.loss(x, t)
    network.params["W1"][5, 2] += 2.0
    assert points[2][1] == network.loss(x, t)


@pytest.mark.parametrize("convolutional", [False, True])
def test_the_curve_may_be_propagated(convolutional: bool) -> None:
    network, x, t = make_convolutional() if convolutional else make()
    entry = CONVOLUTIONAL[0] if convolutional else ENTRIES[0]
    offsets = [-10.0, -0.5, 0.0, 1e-3, 5.0]
    np.testing.assert_allclose(
        propagated_loss_along(network, x, t, entry, offsets),
        loss_along(network, x, t, entry, offsets),
        rtol=1e-11,
    )


def test_a_line_ends_at_its_frame() -> None:
    assert clip_line((0, 0), 2.0, (-1, 1), (-1, 1)) == [(-0.5, -1), (0.5, 1)]
    assert clip_line((0, 0), 0.1, (-1, 1), (-1, 1)) == [(-1, -0.1), (1, 0.1)]
    assert clip_line((0, 0), 0.0, (-1, 1), (-1, 1)) == [(-1, 0), (1, 0)]
    assert clip_line((0, 5), 0.0, (-1, 1), (-1, 1)) == []
    assert clip_line((0, 0), math.nan, (-1, 1), (-1, 1)) == []


def test_the_error_over_h_is_a_v_only_for_plain_differences() -> None:
    network, x, t = make()
    found = error_by_h(network, x, t, ENTRIES[0])
    errors = {key: dict(points) for key, points in found.curves.items()}
    assert found.true == network.gradient(x, t)["W1"][5, 2]
    plain, propagated = errors["plain", "float64"], errors["propagated", "float64"]
    steps = list(plain)
    small, sweet, large = steps[0], steps[24], steps[-1]
    assert plain[sweet] < 1e-2 * min(plain[small], plain[large])
    assert propagated[small] < 1e-12
    assert errors["plain", "float32"][steps[28]] > 1e3 * errors["propagated", "float32"][steps[28]]
    table = found.csv().splitlines()
    assert len(table) == 1 + len(steps)
    assert table[0] == "h,plain float32,propagated float32,plain float64,propagated float64"
    assert found.figure().axes[0].get_xlabel() == "h"


def test_what_a_nudge_changes() -> None:
    network, x, t = make()
    entry, h = Entry("W1", 2, 5), 1e-3
    found = what_changed(network, x, t, entry, h)
    assert [stage.kind for stage in found.stages] == ["sums", "hidden", "logits", "losses"]
    assert [stage.column for stage in found.stages] == [2, 2, None, None]
    with moved(network, entry, h):
        hidden = network.layers[1].forward(network.layers[0].forward(x))
        logits = network.forward(x)
    for stage, after in zip(found.stages[1:3], (hidden, logits), strict=True):
        np.testing.assert_allclose(stage.before + stage.change, after, rtol=1e-13)
    others = np.delete(found.stages[1].change, 2, axis=1)
    assert not others.any()
    touched = np.count_nonzero(x[:, 5])
    assert found.touched == touched == np.count_nonzero(found.stages[3].change)
    assert found.whole_numbers == 20 * (6 + 6 + 4 + 1)
    assert found.changed_numbers == touched * (1 + 1 + 4 + 1)
    assert (found.whole_products, found.whole_formula) == (20 * (54 + 24), "20 · (9·6 + 6·4)")
    assert found.changed_products == touched * (1 + 4)
    assert found.changed_formula == f"{touched} · (1 + 4)"


@pytest.mark.parametrize(
    ("entry", "formula"),
    [(Entry("b1", 2), "20 · (5 + 5·4)"), (Entry("W2", 2, 1), "20 · (1 + 4)"),
     (Entry("b3", 2), "20 · (0)")],
    ids=str,
)  # fmt: skip
def test_what_a_nudge_changes_in_a_deep_network(entry: Entry, formula: str) -> None:
    network, x, t = make(hidden=(6, 5))
    found = what_changed(network, x, t, entry, 1e-3)
    assert found.changed_formula == formula
    assert found.whole_formula == "20 · (9·6 + 6·5 + 5·4)"
    with moved(network, entry, 1e-3):
        np.testing.assert_allclose(
            found.stages[-2].before + found.stages[-2].change, network.forward(x), rtol=1e-13
        )


def make_convolutional(dtype: str = "float64") -> Any:
    """Return a convolutional network of 8 × 8 pictures, such pictures, and labels."""
    network = Configuration(
        model="simple-convnet", hidden_sizes=(6,), activation="relu", weight_init_std="he",
        dtype=dtype,
    ).build_network(64, 4, (8, 8))  # fmt: skip
    rng = np.random.default_rng(2)
    x = rng.random((12, 64)) * (rng.random((12, 64)) < 0.6)
    return network, x.astype(dtype), rng.integers(4, size=12)


CONVOLUTIONAL = [
    Entry("W1", 7, 11, (1, 5, 5)), Entry("b1", 29), Entry("W2", 3, 100), Entry("b2", 1),
    Entry("W3", 2, 5),
]  # fmt: skip


@pytest.mark.parametrize("entry", CONVOLUTIONAL, ids=str)
def test_slopes_of_a_convolutional_network_are_the_librarys(entry: Entry) -> None:
    network, x, t = make_convolutional()
    found = measure(network, x, t, entry, 1e-4)
    for method in ("weight", "node"):
        whole = network.numerical_gradient(x, t, method, 1e-4, kernels=False)
        np.testing.assert_allclose(
            getattr(found, method), whole[entry.name][entry.index], rtol=1e-11, atol=1e-15
        )
    assert found.secant == pytest.approx(found.weight, rel=1e-6, abs=1e-10)
    assert found.backprop == network.gradient(x, t)[entry.name][entry.index]


def test_a_kernels_nudge_changes_one_channel() -> None:
    network, x, t = make_convolutional()
    entry, h = CONVOLUTIONAL[0], 1e-3
    assert str(entry) == "W1[7, 0, 2, 1]"
    found = what_changed(network, x, t, entry, h)
    kinds = ["sums", "hidden", "pooled", "sums", "hidden", "logits", "losses"]
    assert [stage.kind for stage in found.stages] == kinds
    assert [stage.column for stage in found.stages] == [7, 7, 7, None, None, None, None]
    assert [stage.places for stage in found.stages] == [16, 16, 4, 1, 1, 1, 1]
    assert [stage.number for stage in found.stages] == [1, 1, 1, 2, 2, 3, 3]
    before = network.layers[0].forward(x).reshape(12, 30, 16)
    with moved(network, entry, h):
        change = network.layers[0].forward(x).reshape(12, 30, 16) - before
        logits = network.forward(x)
    sums = found.stages[0]
    np.testing.assert_allclose(sums.before, before.mean(axis=2))
    np.testing.assert_allclose(np.abs(sums.change), np.abs(change).max(axis=2), atol=1e-15)
    assert not np.delete(sums.change, 7, axis=1).any()
    np.testing.assert_allclose(found.stages[5].before + found.stages[5].change, logits, rtol=1e-12)
    assert found.whole_formula == "12 · (16·25·30 + 120·6 + 6·4)"
    assert found.whole_numbers == 12 * (480 + 480 + 120 + 6 + 6 + 4 + 1)
    assert found.changed_formula == f"{found.touched} · (16 + 4·6 + 6·4)"
    assert found.changed_numbers == found.touched * (16 + 16 + 4 + 6 + 6 + 4 + 1)


def test_a_deep_network_shows_what_its_weights_give() -> None:
    network, x, t = make(hidden=(6, 5, 5, 5))
    found = what_changed(network, x, t, Entry("W1", 2, 1), 1e-3)
    assert len(found.stages) == 10
    pytest.importorskip("nicegui")
    from nudgegrad.app.nudging.view_changes import _shown

    assert [stage.kind for stage in _shown(found.stages)] == [*["sums"] * 4, "logits", "losses"]


def test_tiles_know_what_is_where() -> None:
    tiles = tiles_of(np.arange(18.0).reshape(3, 6), (2, 3), 17.0, dark=False, first=5)
    assert tiles.size == (7, 5)
    assert tiles.at(0, 0) == (5, 0)
    assert tiles.at(4, 1) == (6, 3)
    assert tiles.at(0, 3) == (7, 0)
    assert tiles.at(5, 4) is None
    assert tiles.at(-1, 0) is None
    assert tiles.box(6) == (4, 0, 3, 2)
    assert tiles.box(6, 3) == (4, 1, 1, 1)
    assert tiles.url.startswith("data:image/png;base64,")
    large = tiles_of(np.zeros((4, 2)), (1, 2), 1.0, dark=True, columns=1, pixels=10)
    assert large.size == (20, 43)
    assert large.at(15, 25) == (2, 1)


def test_pictures_of_what_is_not_finite() -> None:
    values = np.array([[np.nan, np.inf, -np.inf, 0.0]])
    assert common_scale(values) == 1.0
    with np.errstate(all="ignore"):
        assert tiles_of(values, (2, 2), 1.0, dark=False).url
        assert matrix(values, values, dark=True)
    assert wrapped(7) == (1, 7)
    assert wrapped(100) == (7, 16)


@pytest.fixture
def session(tmp_path: Path) -> Session:
    made = Session(tmp_path / "runs")
    made.change(data=str(write_data(tmp_path / "data.npz")), hidden_sizes=(5,), batch_size=10)
    return made


def weights(session: Session) -> NDArray[Any]:
    return np.array(session.network.params["W1"])


def test_the_bench_begins_at_the_steepest_weight(session: Session) -> None:
    view = Bench().look(session, Choice(samples=30))
    assert view.image_shape == (4, 4)
    assert view.shapes == {"W1": (16, 5), "b1": (5,), "W2": (5, 4), "b2": (4,)}
    assert view.choice.unit == view.entry.unit
    x, t = session.data.x_train, session.data.t_train
    chosen = np.random.default_rng(0).choice(200, 30, replace=False)
    gradient = session.network.copy("float64").gradient(x[chosen], t[chosen])["W1"]
    assert abs(view.slopes.backprop) == np.abs(gradient).max()
    assert view.curve[30] == (0.0, view.slopes.loss)
    assert len(view.probabilities) == 4
    assert view.label == t[chosen[0]]


def test_moving_a_weight_disturbs_nothing(session: Session) -> None:
    bench, before = Bench(), weights(session)
    still = bench.look(session, Choice())
    assert not still.held
    far = bench.look(session, replace(still.choice, offset=3.0))
    assert far.held
    assert far.value == still.value
    assert far.slopes.loss != still.slopes.loss
    assert far.unit.url != still.unit.url
    assert far.probabilities != far.probabilities_before == still.probabilities
    np.testing.assert_array_equal(weights(session), before)
    session.change(seed=5)  # the training's weights are others now
    assert bench.look(session, far.choice).slopes == far.slopes
    back = bench.look(session, still.choice)
    assert not back.held
    assert back.value == session.network.params["W1"][still.entry.index]


def test_choices_beyond_the_network_are_brought_into_it(session: Session) -> None:
    bench = Bench()
    view = bench.look(session, Choice(name="W2", unit=99, source=99, sample=999, samples=500))
    assert view.entry == Entry("W2", 3, 4)
    assert view.choice.sample == 199
    assert view.image_shape is None
    assert bench.look(session, Choice(name="W7")).entry.name == "W1"
    bias = bench.look(session, Choice(name="b1", unit=2, dark=True))
    assert bias.entry == Entry("b1", 2)
    close = bench.look(session, replace(bias.choice, close=True, exponent=-3.0))
    assert close.curve[0][0] == pytest.approx(-3e-3)
    assert bench.errors(session, bias.choice).entry == bias.entry
    assert bench.look(session, replace(bias.choice, dtype="float32")).slopes.loss == pytest.approx(
        bias.slopes.loss, rel=1e-6
    )


def test_inputs_that_are_no_picture_become_strips(tmp_path: Path) -> None:
    session = Session(tmp_path / "runs")
    data = write_data(tmp_path / "data.npz", features=15)
    session.change(data=str(data), hidden_sizes=(120, 5))
    view = Bench().look(session, Choice(unit=110, source=3))
    assert view.image_shape is None
    assert (view.units.first, view.units.count) == (100, 20)
    assert view.units.at(*view.units.box(110)[:2]) == (110, 0)
    assert (view.unit.rows_of_tile, view.unit.columns_of_tile) == (2, 10)


def test_the_bench_shows_kernels(tmp_path: Path) -> None:
    session = Session(tmp_path / "runs")
    session.change(data=str(write_data(tmp_path / "data.npz", features=64)))
    session.change(model="simple-convnet", hidden_sizes=(6,))
    bench = Bench()
    view = bench.look(session, Choice(samples=20, unit=99, source=99))
    assert view.entry == Entry("W1", 29, 24, (1, 5, 5))
    assert (view.count, view.inputs, view.image_shape) == (30, 25, (5, 5))
    assert view.sample_shape == (8, 8)
    assert view.units.at(*view.units.box(29, 24)[:2]) == (29, 24)
    steepest = bench.look(session, Choice(samples=20))
    assert abs(steepest.slopes.backprop) > 0
    affine = bench.look(session, Choice(name="W2", samples=20, unit=5, source=119))
    assert (affine.entry, affine.image_shape) == (Entry("W2", 5, 119), None)
    bias = bench.look(session, Choice(name="b1", samples=20, unit=29))
    assert (bias.entry, bias.count, bias.inputs) == (Entry("b1", 29), 30, 1)
    errors = bench.errors(session, steepest.choice)
    assert min(error for _, error in errors.curves["propagated", "float64"]) < 1e-9


def test_data_that_do_not_fit_the_weights(session: Session, tmp_path: Path) -> None:
    bench = Bench()
    view = bench.look(session, Choice())
    other = write_data(tmp_path / "other.npz", features=15)
    session.change(data=str(other))
    with pytest.raises(ParameterError, match="data must have 16 inputs and 4 classes"):
        bench.look(session, replace(view.choice, offset=1.0))
