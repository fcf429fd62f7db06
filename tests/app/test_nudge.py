"""One weight looked at, without a browser."""

from __future__ import annotations

import math

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.app.nudging import (
    Entry,
    Passes,
    error_by_h,
    loss_along,
    measure,
    moved,
    what_changed,
)
from nudgegrad.app.nudging.curve import clip_line, propagated_loss_along
from nudgegrad.app.nudging.pictures import common_scale, matrix, tiles_of, wrapped
from tests.app.nudged import CONVOLUTIONAL, ENTRIES, make, make_convolutional


@pytest.mark.parametrize("entry", ENTRIES, ids=str)
@pytest.mark.parametrize("h", [1e-1, 1e-4, 1e-7])
def test_the_secant_is_the_librarys_number(entry: Entry, h: float) -> None:
    network, x, t = make()
    found = measure(Passes(network, x, t), entry, h)
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
    found = measure(Passes(network, x, t), ENTRIES[0], 1e-2)
    naive = network.numerical_gradient(x, t, "naive", 1e-2)["W1"][5, 2]
    assert network.dtype.type(found.secant) == naive


@pytest.mark.parametrize("entry", [*ENTRIES, Entry("W3", 0, 1)], ids=str)
@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
def test_other_slopes_are_the_librarys_too(entry: Entry, activation: str) -> None:
    network, x, t = make(activation=activation, hidden=(6, 5))
    found = measure(Passes(network, x, t), entry, 1e-3)
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
    measure(Passes(network, x, t), entry, 0.1)
    loss_along(Passes(network, x, t), entry, [-1.0, 1.0])
    what_changed(Passes(network, x, t), entry, 0.1)
    error_by_h(network, x, t, entry, [0.1])
    for name, array in network.params.items():
        np.testing.assert_array_equal(array, before[name])


def test_what_limits_h() -> None:
    network, x, t = make()
    verdicts = [measure(Passes(network, x, t), ENTRIES[0], h).verdict for h in (1e-1, 1e-11, 1e-18)]
    assert verdicts == ["truncation", "rounding", "stuck"]
    x[:, 5] = 0
    still = measure(Passes(network, x, t), ENTRIES[0], 1e-3)
    assert still.verdict == "flat"
    assert math.isnan(still.error("secant"))


def test_the_curve_is_made_of_forward_passes() -> None:
    network, x, t = make()
    points = loss_along(Passes(network, x, t), ENTRIES[0], [-0.5, 0.0, 2.0])
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
        propagated_loss_along(Passes(network, x, t), entry, offsets),
        loss_along(Passes(network, x, t), entry, offsets),
        rtol=1e-11,
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("convolutional", [False, True])
def test_a_pass_that_goes_on_gives_the_very_loss(convolutional: bool, dtype: str) -> None:
    network, x, t = make_convolutional(dtype) if convolutional else make(dtype, hidden=(6, 5))
    passes = Passes(network, x, t)
    for entry in CONVOLUTIONAL if convolutional else ENTRIES:
        for s in (0.0, 1e-3, -2.0):
            with moved(network, entry, s):
                assert passes.loss(entry) == network.loss(x, t)


def test_a_line_ends_at_its_frame() -> None:
    assert clip_line((0, 0), 2.0, (-1, 1), (-1, 1)) == [(-0.5, -1), (0.5, 1)]
    assert clip_line((0, 0), 0.1, (-1, 1), (-1, 1)) == [(-1, -0.1), (1, 0.1)]
    assert clip_line((0, 0), 0.0, (-1, 1), (-1, 1)) == [(-1, 0), (1, 0)]
    assert clip_line((0, 5), 0.0, (-1, 1), (-1, 1)) == []
    assert clip_line((0, 0), math.nan, (-1, 1), (-1, 1)) == []


def test_the_error_over_h_is_a_v_only_for_plain_differences() -> None:
    network, x, t = make()
    told: list[tuple[int, int]] = []
    found = error_by_h(network, x, t, ENTRIES[0], on_progress=lambda *done: told.append(done))
    assert told == [(k + 1, 4 * 45) for k in range(4 * 45)]
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
    found = what_changed(Passes(network, x, t), entry, h)
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
    found = what_changed(Passes(network, x, t), entry, 1e-3)
    assert found.changed_formula == formula
    assert found.whole_formula == "20 · (9·6 + 6·5 + 5·4)"
    with moved(network, entry, 1e-3):
        np.testing.assert_allclose(
            found.stages[-2].before + found.stages[-2].change, network.forward(x), rtol=1e-13
        )


@pytest.mark.parametrize("entry", CONVOLUTIONAL, ids=str)
def test_slopes_of_a_convolutional_network_are_the_librarys(entry: Entry) -> None:
    network, x, t = make_convolutional()
    found = measure(Passes(network, x, t), entry, 1e-4)
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
    found = what_changed(Passes(network, x, t), entry, h)
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
    found = what_changed(Passes(network, x, t), Entry("W1", 2, 1), 1e-3)
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
