"""The tab Train without a browser: words, curves, files, fields, what can be done."""

from __future__ import annotations

import csv
import io
import math
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from nudgegrad.app.protocol import Ended
from nudgegrad.app.session import DEFAULTS, Session
from nudgegrad.app.track import MOST_MARKS
from nudgegrad.training.run import Run
from nudgegrad.validation import ParameterError
from tests.app.tracks import make_track, same, take
from tests.cli.processes import write_data

pytest.importorskip("nicegui")
from nudgegrad.app.train import curves, fields, files, steering, wording

DAY = 86_400.0


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0 %"),
        (1.2345e-6, "0.00012 %"),
        (0.0045, "0.45 %"),
        (0.5, "50.0 %"),
        (0.99999, "99.9 %"),
        (1.0, "100 %"),
        (2.0, "100 %"),
        (1e-15, "0.000000000 %"),
    ],
)
def test_percent_has_the_digits_it_needs_and_is_never_rounded_up(share: float, text: str) -> None:
    assert wording.percent(share) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (math.inf, "–"),
        (-1.0, "0.0 s"),
        (12.34, "12.3 s"),
        (245.0, "4 min 05 s"),
        (7200.0, "2.0 h"),
        (6.2 * DAY, "6.2 days"),
        (3653 * DAY, "10.0 years"),
    ],
)
def test_durations(seconds: float | None, text: str) -> None:
    assert wording.duration(same, seconds) == text


def test_numbers() -> None:
    assert wording.count(159_020) == "159,020"
    assert wording.count(1_590_200_000) == "1.59 × 10⁹"
    assert wording.rate(same, 2345.6) == "2,346 a second"
    assert wording.rate(same, 1 / 60) == "60.0 s each"
    assert wording.rate(same, None) == wording.rate(same, 0.0) == "–"
    assert wording.accuracy(0.9459) == "94.59 %"
    assert (wording.accuracy(None), wording.loss(None), wording.loss(0.5)) == ("–", "–", "0.5000")
    for method in steering.RACE:
        assert wording.describe_method(same, method).startswith(method)
        assert wording.method_summary(same, method)


def test_curves_by_seconds_follow_the_clock() -> None:
    track = make_track("node", 100, 1.0)
    take(track, 200, 4.0)
    assert curves.seconds_at(track, [0, 50, 100, 150, 200]) == [0.0, 0.5, 1.0, 2.5, 4.0]
    by_iterations = curves.loss_points(track, "iterations", smooth=False)
    by_seconds = curves.loss_points(track, "seconds", smooth=False)
    assert [y for _, y in by_iterations] == [y for _, y in by_seconds]
    assert by_seconds[-1][0] == 4.0
    for k in range(3 * MOST_MARKS):
        take(track, 201 + k, 5.0 + k)
    assert len(track.marks) <= MOST_MARKS + 1
    assert curves.seconds_at(track, [track.iterations])[0] == pytest.approx(track.seconds, abs=8)


def test_lines_of_one_and_of_a_race() -> None:
    one, other = make_track("node", 10, 1.0), make_track("weight", 10, 2.0)
    lines = curves.accuracy_lines(same, [one])
    assert [(line.name, line.dashed) for line in lines] == [("train", False), ("test", True)]
    assert {line.key for line in lines} == set(curves.accuracy_curves([one], "iterations"))
    assert {line.key for line in curves.loss_lines(same, [one])} == set(
        curves.loss_curves([one], "seconds")
    )
    race = curves.in_order({"node": one, "weight": other})
    assert [track.method for track in race] == ["weight", "node"]
    lower, upper = curves.loss_lines(same, race)
    assert (lower.name, upper.name) == ("node", "weight")
    assert lower.width > upper.width
    assert set(curves.loss_curves(race, "seconds")) == {"node", "weight"}


@pytest.mark.parametrize("by", curves.SCALES)
@pytest.mark.parametrize("race", [False, True])
def test_figures(by: str, race: bool) -> None:
    tracks = [make_track("node", 100, 1.0), make_track("naive")][: 1 + race]
    for draw in (files.draw_losses, files.draw_accuracies):
        stream = io.BytesIO()
        draw(tracks, by).savefig(stream, format="svg", bbox_inches="tight")
        assert stream.getvalue().startswith(b"<?xml")


def test_the_table_has_every_iteration_of_a_kept_run(session: Session) -> None:
    settings = replace(session.settings, iterations=600)
    run = Run.begin(settings, settings.load_data(), out=session.runs / "kept")
    run.go()
    run.finish()
    track = session.open_run("kept")
    rows = list(csv.DictReader(io.StringIO(files.write_history(session.runs, [track]))))
    assert tuple(rows[0]) == files.COLUMNS
    assert [int(row["iteration"]) for row in rows] == list(range(601))
    assert [float(row["train_loss"]) for row in rows[1:]] == run.trainer.history.train_loss
    assert float(rows[-1]["test_accuracy"]) == track.test_accuracy
    assert float(rows[-1]["seconds"]) == pytest.approx(track.seconds, rel=1e-4)
    shutil.rmtree(session.runs)
    fewer = files.write_history(session.runs, [track]).splitlines()
    assert 200 < len(fewer) < 602


@pytest.mark.parametrize(
    ("text", "sizes"), [("100", (100,)), ("50, 30", (50, 30)), (" 50 30 ", (50, 30)),
                        ("50、30", (50, 30))],
)  # fmt: skip
def test_hidden_sizes(text: str, sizes: tuple[int, ...]) -> None:
    assert fields.read_sizes(text) == sizes
    assert fields.read_sizes(fields.write_sizes(sizes)) == sizes


@pytest.mark.parametrize("text", ["", ",", "0", "-3", "1.5", "ten", "9999", "9" * 30, "1 " * 9])
def test_hidden_sizes_that_are_none(text: str) -> None:
    with pytest.raises(ParameterError):
        fields.read_sizes(text)


def test_the_slider_of_the_learning_rate() -> None:
    for rate in (1e-5, 0.001, 0.1, 0.25, 10.0):
        assert fields.unslide(fields.slide(rate)) == rate
    assert fields.slide(1e30) == fields.RATE_RANGE[1]
    assert fields.learning_rate(DEFAULTS) == 0.1
    assert fields.learning_rate(replace(DEFAULTS, optimizer="adam")) == 0.001


def test_fields_change_settings(session: Session) -> None:
    for name, value in (
        ("hidden_sizes", "7, 8"), ("batch_size", 20), ("train_limit", 50), ("h", 1e-3),
        ("weight_init_std", "he"), ("seed", 4), ("classes", None),
    ):  # fmt: skip
        fields.change(session, name, value)
    settings = session.settings
    assert (settings.hidden_sizes, settings.batch_size, settings.h) == ((7, 8), 20, 1e-3)
    assert (settings.train_limit, settings.weight_init_std, settings.seed) == (50, "he", 4)
    assert fields.rule(settings) == "he"
    fields.change(session, "weight_init_std", "0.01")
    assert session.settings.weight_init_std == 0.01
    fields.change(session, "weight_init_std", "default")
    assert session.settings.weight_init_std is None
    session.set_learning_rate(0.3)
    fields.change(session, "optimizer", "adam")
    assert session.settings.learning_rate is None
    before = session.settings
    for name, wrong in (("batch_size", 0), ("h", 0.0), ("seed", None), ("iterations", 0)):
        with pytest.raises(ParameterError):
            fields.change(session, name, wrong)
    assert session.settings == before


def test_recipes_keep_data_and_method(session: Session) -> None:
    session.change(method="weight", seed=9)
    data = session.settings.data
    fields.use_best(session)
    settings = session.settings
    assert (settings.optimizer, settings.hidden_sizes) == ("adam", (128,))
    assert (settings.data, settings.method, settings.seed) == (data, "weight", 9)
    fields.use_lesson(session)
    assert session.settings == replace(DEFAULTS, data=data, method="weight", seed=9)


def test_models_bring_their_settings(session: Session) -> None:
    data = session.settings.data
    fields.change(session, "method", "weight")
    fields.change(session, "model", "multi-layer")
    settings = session.settings
    assert (settings.model, settings.hidden_sizes) == ("multi-layer", (100,) * 6)
    assert (settings.optimizer, settings.decay, settings.dtype) == ("adam", "linear", "float32")
    assert (settings.method, settings.data) == ("weight", data)
    session.change(learning_rate=0.5, hidden_sizes=(7, 7), decay="none", iterations=5)
    fields.use_best(session)
    assert session.settings == settings
    fields.use_lesson(session)
    assert session.settings.model == "two-layer"


def test_what_the_best_settings_reach_is_said_of_mnist_alone() -> None:
    assert fields.reached(DEFAULTS) == 98
    assert fields.reached(replace(DEFAULTS, model="simple-convnet")) == 99
    assert fields.reached(replace(DEFAULTS, data="digits")) is None


def test_a_model_that_cannot_take_the_data_is_refused(session: Session, tmp_path: Path) -> None:
    before = session.settings
    with pytest.raises(ParameterError, match="5"):  # kernels of 5 × 5 in pictures of 4 × 4
        fields.change(session, "model", "simple-convnet")
    assert session.settings == before
    session.change(data=str(write_data(tmp_path / "large.npz", features=64)))
    fields.change(session, "model", "simple-convnet")
    with pytest.raises(ParameterError, match="one hidden size"):
        fields.change(session, "hidden_sizes", "5, 5")
    with pytest.raises(ParameterError, match="must be given pictures"):
        session.change(data=str(write_data(tmp_path / "rows.npz", features=15)))
    assert session.settings.model == "simple-convnet"
    assert list(session.network.params) == ["W1", "b1", "W2", "b2", "W3", "b3"]


def test_what_applies(session: Session) -> None:
    def shown() -> list[str]:
        names = ("decay_every", "patience", "min_delta", "monitor", "warm_up")
        return [name for name in names if fields.applies(name, session.settings)]

    assert shown() == ["warm_up"]
    fields.change(session, "decay", "step")
    fields.change(session, "decay_every", 7)
    fields.change(session, "decay_every", None)
    fields.change(session, "validation_fraction", 0.1)
    fields.change(session, "patience", 3)
    fields.change(session, "min_delta", 0.01)
    assert shown() == ["decay_every", "patience", "min_delta", "monitor", "warm_up"]
    fields.change(session, "validation_fraction", 0)
    assert (session.settings.patience, session.settings.min_delta) == (None, 0.01)
    assert shown() == ["decay_every", "warm_up"]


def test_what_can_be_done_and_what_is_said(session: Session) -> None:
    allowed = steering.allowed

    def said() -> str:
        return steering.guidance(same, session)

    assert allowed(session) == steering.Allowed(True, False, False, False, False)
    assert said().startswith("Ready")
    track = session.tracks["node"] = make_track()
    track.state = "starting"
    assert said().startswith("Getting ready")
    take(track, 5, 1.0)
    assert allowed(session) == steering.Allowed(False, True, False, True, True)
    assert said().startswith("Training")
    take(track, 5, 1.0, paused=True)
    assert allowed(session) == steering.Allowed(False, False, True, True, True)
    assert said().startswith("Paused")
    track.stopping = True
    assert allowed(session) == steering.Allowed(False, False, True, True, True)
    assert said().startswith("Stopping.")
    track.take(Ended("stopped"))
    assert allowed(session) == steering.Allowed(True, False, True, False, True)
    assert said().startswith("Stopped and saved")
    for state, words in (("failed", "A training failed"), ("diverged", "The loss is no longer"),
                         ("completed", "Done: 10.00 %")):  # fmt: skip
        track.take(Ended(state))
        assert said().startswith(words)
        assert not allowed(session).resume
    session.tracks["naive"] = make_track("naive")
    assert said().startswith("The others are there")
    session.tracks["weight"] = make_track("weight", 1, 1.0)
    assert said().startswith("A race")
    for name in ("naive", "weight"):
        session.tracks[name].take(Ended("completed"))
    assert said() == "Done."
    session.tracks.clear()


def test_a_paced_look_misses_no_last_change(session: Session) -> None:
    now = 100.0
    look = steering.Paced(1.0, clock=lambda: now)
    session.revision = 5
    assert look(session) == 5
    session.revision, now = 6, 100.5
    assert look(session) == 5
    now = 101.0
    assert look(session) == 6
