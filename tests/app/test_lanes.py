"""The cards of trainings and the list of runs in words, without a browser."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import replace

import pytest

from nudgegrad.app.protocol import Ended
from nudgegrad.app.session import Session
from nudgegrad.app.track import Track
from nudgegrad.training.configuration import Configuration
from nudgegrad.training.history import EpochRecord
from nudgegrad.training.run import Run
from tests.app.tracks import make_track, same, take

pytest.importorskip("nicegui")
from nudgegrad.app.train import curves, files, lanes_view, runs_view, steering


def test_naive_creeps_within_its_first_step() -> None:
    track = make_track("naive")
    take(track, 0, 6.0, fraction=0.1)
    assert steering.progress(track) == pytest.approx(1e-5)
    assert steering.evaluations(track) == int(0.1 * 2 * (16 * 5 + 5 + 5 * 4 + 4))
    # Its weights are still those of the start, so their accuracy reaches to now.
    assert curves.measured_points(track, "test_accuracy", "seconds") == [(0.0, 0.1), (6.0, 0.1)]
    race = curves.accuracy_curves([track, make_track("node", 100, 2.0)], "seconds")
    assert {x for x, _ in race["naive"]} == {6.0}
    assert all(x > 0 for x, _ in race["node"])


def test_the_best_weights_are_those_told_of() -> None:
    track = make_track()
    records = tuple(EpochRecord(float(k), k, 0.5, 0.2 + 0.1 * (k == 2)) for k in (1, 2, 3))
    take(track, 3, 1.0, epochs=records)
    assert track.test_accuracy == 0.2
    assert lanes_view.remark(same, track, alone=False) == "Run run."
    track.configuration = replace(track.configuration, validation_fraction=0.1, patience=1)
    track.take(Ended("completed", "stopped early: …", 2))
    assert track.test_accuracy == records[1].test_accuracy
    said = lanes_view.remark(same, track, alone=False)
    assert "Stopped early: no better epoch came for 1 epochs." in said
    assert "after iteration 2." in said


def test_what_is_held_out_is_shown() -> None:
    track = make_track()
    assert "held" not in lanes_view.facts(same, track)
    track.configuration = replace(track.configuration, validation_fraction=0.1)
    record = EpochRecord(1.0, 600, 0.9, 0.8, validation_loss=0.3, validation_accuracy=0.85)
    take(track, 600, 1.0, epochs=(record,))
    facts = lanes_view.facts(same, track)
    assert facts["held"] == ("held out: accuracy", "85.00 %")
    assert facts["held_loss"] == ("held out: loss", "0.3000")
    for lines, points, last in (
        (curves.accuracy_lines, curves.accuracy_curves, 0.85),
        (curves.loss_lines, curves.loss_curves, 0.3),
    ):
        assert lines(same, [track])[-1].name == "held out"
        assert points([track], "iterations")["held"] == [(0.0, None), (600, last)]
        assert {line.key for line in lines(same, [track])} == set(points([track], "seconds"))
    labels = [
        line.get_label()
        for draw in (files.draw_losses, files.draw_accuracies)
        for line in draw([track], "iterations").axes[0].lines
    ]
    assert labels.count("held out") == 2
    race = [track, make_track("weight", 10, 2.0)]
    assert "held" not in {line.key for line in curves.accuracy_lines(same, race)}


def test_what_a_training_does_just_now() -> None:
    track = make_track()
    assert lanes_view.activity(same, track) == ""
    take(track, 0, 1.0, measuring=0.4)
    assert lanes_view.activity(same, track) == "measuring accuracies, 40 %"
    track.stopping = True
    assert lanes_view.activity(same, track) == "stopping: measuring accuracies, 40 %"
    take(track, 700, 2.0)
    assert lanes_view.activity(same, track) == "stopping"
    assert "after iteration 0." in lanes_view.remark(same, track)
    track.stopping = False
    take(track, 700, 2.0, paused=True, measuring=0.4)
    assert lanes_view.activity(same, track) == ""
    track.take(Ended("stopped"))
    assert (track.measuring, track.stopping) == (None, False)


def test_measuring_the_start_is_said(session: Session) -> None:
    track = session.tracks["node"] = make_track()
    take(track, 0, 1.0, measuring=0.4)
    assert steering.guidance(same, session).startswith("Measuring how good the starting weights")
    session.tracks.clear()


def test_accuracies_of_the_start_may_come_late() -> None:
    numbers = itertools.count()
    track = Track(Configuration(), lambda: next(numbers))
    take(track, 600, 1.0, epochs=(EpochRecord(1.0, 600, 0.8, 0.8),))
    assert track.start is None
    take(track, 700, 1.0, epochs=(EpochRecord(0.0, 0, 0.1, 0.1),))
    assert track.start is not None
    assert (track.start.iteration, track.test_accuracy) == (0, 0.8)


def test_lanes_and_runs_in_words(session: Session) -> None:
    track = make_track("node", 100, 2.0)
    facts = lanes_view.facts(same, track)
    assert facts["eta"] == ("time left", "2.0 s")
    assert facts["rate"][1] == "1 a second"
    assert lanes_view.remark(same, track) == (
        "Accuracies are those after iteration 0. Run run. naive would need 3.5 days for this."
    )
    assert "naive" not in lanes_view.remark(same, track, alone=False)
    track.take(Ended("completed"))
    assert lanes_view.facts(same, track)["rate"][1] == "50 a second"
    settings = replace(session.settings, iterations=3)
    run = Run.begin(settings, settings.load_data(), out=session.runs / "one")
    assert runs_view.facts(same, session.list_runs()[0]) == [
        "unfinished", "data.npz", "two-layer 5", "node",
    ]  # fmt: skip
    run.go()
    run.finish()
    told = runs_view.facts(same, session.list_runs()[0])
    assert told[:5] == ["completed", "data.npz", "two-layer 5", "node", "3 iterations"]
    assert told[5].startswith("test ")
    deep = replace(session.list_runs()[0].configuration, hidden_sizes=(7, 7, 7))
    named = replace(session.list_runs()[0], configuration=deep)
    assert runs_view.facts(same, named)[2] == "multi-layer 3 × 7"
    uneven = replace(named, configuration=replace(deep, hidden_sizes=(7, 5)))
    assert runs_view.facts(same, uneven)[2] == "multi-layer 7-5"
    assert runs_view.why_not(same, session, "one") == ""
    assert runs_view.why_not(same, session, "one", ValueError("why")) == "why"
    session.tracks["node"] = make_track()
    assert "Stop it first" in runs_view.why_not(same, session, "one")
    session.tracks.clear()
    shutil.rmtree(session.runs / "one")
    assert "deleted meanwhile" in runs_view.why_not(same, session, "one")
