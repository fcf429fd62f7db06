"""The bench of the tab Nudge: what is chosen, moved and kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nudgegrad.app.nudging import Bench, Choice, Entry
from nudgegrad.app.session import Session
from nudgegrad.training.run import Run
from nudgegrad.validation import ParameterError
from tests.cli.processes import write_data


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


def test_what_is_looked_at_again_is_kept(session: Session) -> None:
    bench = Bench()
    view = bench.look(session, Choice(samples=30))
    other = bench.look(session, replace(view.choice, sample=7, dark=True, reach=0.5))
    assert other.slopes is view.slopes
    assert other.changes is view.changes
    assert other.curve != view.curve
    assert other.label == int(session.data.t_train[_drawn(30)[7]])
    for choice in (replace(view.choice, exponent=-3.0), replace(view.choice, offset=0.5)):
        again = bench.look(session, choice)
        assert again.slopes != view.slopes
        assert again.slopes == Bench().look(session, choice).slopes


def test_a_run_is_looked_at_on_its_own_data(session: Session, tmp_path: Path) -> None:
    run = Run.begin(session.settings, session.data, out=session.runs / "one")
    run.go()
    session.open_run("one")
    session.change(data=str(write_data(tmp_path / "other.npz", features=15)))
    view = Bench().look(session, Choice())
    assert view.shapes["W1"] == (16, 5)


def _drawn(samples: int) -> NDArray[np.int64]:
    return np.random.default_rng(0).choice(200, samples, replace=False)
