"""The session: trainings in processes of their own, without a page."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nudgegrad.app.session import Session, SessionError
from nudgegrad.app.track import Track
from nudgegrad.data import Dataset
from nudgegrad.files import FileError, read_npz
from nudgegrad.training import History
from nudgegrad.training.configuration import Configuration
from nudgegrad.training.run import Run
from nudgegrad.validation import ParameterError
from tests.cli.processes import FILES, PATIENCE, write_data

LONG = 10_000_000


@pytest.fixture
def settings(tmp_path: Path) -> Configuration:
    """Settings of a training that takes a moment."""
    data = write_data(tmp_path / "data.npz")
    return Configuration(
        data=str(data), hidden_sizes=(5,), iterations=30, batch_size=10, dtype="float32"
    )


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = Session(tmp_path / "runs")
    yield made
    made.close()


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def finish(*tracks: Track) -> None:
    """Wait for the end of trainings."""
    until(lambda: all(track.ended for track in tracks))


def begin(session: Session, settings: Configuration) -> Track:
    """Start a training that does not end by itself, and wait until it is under way."""
    track = session.start(replace(settings, iterations=LONG))
    until(lambda: track.iterations > 0)
    return track


def test_a_training_leaves_what_the_command_line_leaves(
    session: Session, settings: Configuration, tmp_path: Path
) -> None:
    revision = session.revision
    track = session.start(settings)
    assert session.busy
    finish(track)
    assert (track.state, track.message, track.iterations) == ("completed", "", 30)
    assert not session.busy
    assert session.revision > revision
    assert track.run is not None
    folder = tmp_path / "runs" / track.run
    assert {path.name for path in folder.iterdir()} == FILES
    # The same numbers as in this process.
    data = settings.load_data()
    run = Run.begin(settings, data, out=tmp_path / "here")
    history = run.go()
    assert [y for _, y in track.losses.points()] == history.train_loss
    assert track.epochs == history.epochs == History.load(folder / "history.json").epochs
    assert track.loss_evaluations == history.loss_evaluations
    for name, array in run.trainer.network.params.items():
        np.testing.assert_array_equal(session.network.params[name], array)
    assert json.loads((folder / "summary.json").read_text())["outcome"] == "completed"


def test_pauses_are_not_counted_and_change_no_number(
    session: Session, settings: Configuration
) -> None:
    track = begin(session, settings)
    session.pause()
    until(lambda: session.paused)
    seconds, iterations = track.seconds, track.iterations
    assert track.state == "paused"
    time.sleep(0.5)
    assert track.iterations == iterations
    session.resume()
    until(lambda: track.state == "training")
    assert track.seconds < seconds + 0.4
    assert not session.paused
    session.stop()
    finish(track)
    assert track.state == "stopped"


def test_a_stopped_training_goes_on_from_its_checkpoint(
    session: Session, settings: Configuration
) -> None:
    track = begin(session, settings)
    session.stop()
    finish(track)
    before, run = track.iterations, track.run
    assert before > 0
    assert session.can_resume
    session.resume()
    assert track.state == "starting"
    until(lambda: track.iterations > before)
    assert track.run == run
    session.stop()
    finish(track)
    assert len(track.losses) == track.iterations


def test_weights_come_while_somebody_asks(session: Session, settings: Configuration) -> None:
    session.change(data=settings.data, hidden_sizes=(5,), batch_size=10)
    first, version = session.network, session.version
    assert first is session.initial_network
    track = begin(session, settings)

    def newer() -> bool:
        return session.network is not first and session.version != version

    until(newer)
    second, version = session.network, session.version
    until(lambda: session.network is not second)
    assert session.version > version
    session.stop()
    finish(track)


def test_the_learning_rate_can_be_changed_meanwhile(
    session: Session, settings: Configuration
) -> None:
    track = begin(session, settings)
    session.set_learning_rate(0.025)
    until(lambda: track.learning_rate == 0.025)
    assert session.settings.learning_rate == 0.025
    with pytest.raises(ParameterError):
        session.set_learning_rate(0)
    session.stop()
    finish(track)
    assert track.run is not None
    _, saved = read_npz(session.runs / track.run / "checkpoint.npz")
    assert saved["learning_rate"] == 0.025


def test_resetting_goes_back_to_the_start(session: Session, settings: Configuration) -> None:
    track = session.start(settings)
    finish(track)
    trained = session.network
    session.reset()
    assert session.tracks == {}
    assert session.network is session.initial_network
    assert session.network is not trained
    again = session.start(settings)
    finish(again)
    assert again.losses.points() == track.losses.points()


def test_resetting_while_it_trains_saves(
    session: Session, settings: Configuration, tmp_path: Path
) -> None:
    track = begin(session, settings)
    session.reset()
    assert not session.busy
    finish(track)
    assert track.run is not None
    saved = json.loads((tmp_path / "runs" / track.run / "summary.json").read_text())
    assert saved["outcome"] == "interrupted"


def test_a_race_starts_everybody_alike(session: Session, settings: Configuration) -> None:
    tracks = session.race(settings)
    assert list(session.tracks) == [track.method for track in tracks]
    assert session.main is tracks[0]
    finish(*tracks)
    assert {track.state for track in tracks} == {"completed"}
    firsts = [track.losses.points()[0][1] for track in tracks]
    np.testing.assert_allclose(np.array(firsts, dtype=float), firsts[0] or 0.0, rtol=1e-6)
    assert len({track.run for track in tracks}) == len(tracks)
    session.show("backprop")
    assert session.main is session.tracks["backprop"]
    with pytest.raises(ParameterError, match="methods must be different"):
        session.race(settings, ["node", "node"])
    with pytest.raises(ParameterError, match="method must be one of"):
        session.race(settings, ["guess"])


def test_naive_tells_of_its_step_and_can_be_stopped_within(session: Session) -> None:
    track = session.start(
        Configuration(method="naive", hidden_sizes=(30,), batch_size=50, train_limit=100)
    )
    until(lambda: track.fraction > 0)
    assert track.iterations == 0
    assert track.naive_seconds is not None
    until(lambda: track.eta is not None)
    session.pause()
    until(lambda: track.state == "paused")
    session.stop()
    finish(track)
    assert (track.state, track.iterations) == ("stopped", 0)
    assert track.test_accuracy is not None


def test_naive_is_timed_on_few_weights_where_passes_are_slow(
    settings: Configuration, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nudgegrad.training.run.NAIVE_SECONDS", 0.0)
    run = Run.begin(settings, settings.load_data(), runs=tmp_path / "timed")
    run.estimate_naive()
    assert run.naive_weights is not None
    assert run.naive_weights < 20
    assert run.naive_seconds is not None


def test_only_one_at_a_time(session: Session, settings: Configuration) -> None:
    begin(session, settings)
    with pytest.raises(SessionError, match="a training is under way; stop it first"):
        session.start(settings)
    session.stop()


def test_nothing_to_go_on_with(session: Session) -> None:
    with pytest.raises(SessionError, match="nothing to go on with"):
        session.resume()


def test_settings_change_as_a_whole_or_not_at_all(session: Session) -> None:
    version = session.version
    session.change(batch_size=20, seed=3)
    assert (session.settings.batch_size, session.settings.seed) == (20, 3)
    assert session.version != version
    with pytest.raises(ParameterError):
        session.change(batch_size=30, activation="step")
    assert session.settings.batch_size == 20


def test_no_change_is_lost_beside_another_that_takes_long(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = str(write_data(tmp_path / "slow.npz", features=9))
    load = Configuration.load_data

    def load_slowly(settings: Configuration) -> Dataset:
        if settings.data == slow and session.settings.seed == 0:
            session.change(seed=7)
        return load(settings)

    monkeypatch.setattr(Configuration, "load_data", load_slowly)
    monkeypatch.setattr(session, "_loading", contextlib.nullcontext())
    session.change(data=slow)
    assert (session.settings.data, session.settings.seed) == (slow, 7)


def test_data_that_cannot_be_read_change_nothing(
    session: Session, settings: Configuration, tmp_path: Path
) -> None:
    (tmp_path / "damaged.npz").write_bytes(b"PK")
    for name in ("damaged.npz", "missing.npz"):
        with pytest.raises((ParameterError, FileError)):
            session.change(data=str(tmp_path / name))
        with pytest.raises((ParameterError, FileError)):
            session.start(replace(settings, data=str(tmp_path / name)))
    assert session.settings.data == "mnist"
    assert session.tracks == {}


def test_a_diverging_training_says_so(session: Session, settings: Configuration) -> None:
    track = session.start(replace(settings, learning_rate=1e30, activation="relu", iterations=500))
    finish(track)
    assert track.state == "diverged"
    assert "learning_rate is 1e+30, try 1e+29" in track.message
    assert track.iterations > 0


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_killed_process_leaves_a_message_and_all_that_was_seen(
    session: Session, settings: Configuration
) -> None:
    track = begin(session, settings)
    assert track.worker is not None
    assert track.worker.pid is not None
    os.kill(track.worker.pid, signal.SIGKILL)
    finish(track)
    assert track.state == "failed"
    assert "was ended by the system (SIGKILL)" in track.message
    assert len(track.losses) > 0
    session.start(settings)


def test_a_folder_deleted_meanwhile(
    session: Session, settings: Configuration, tmp_path: Path
) -> None:
    track = begin(session, replace(settings, checkpoint_seconds=1.0))
    _ = session.network
    shutil.rmtree(tmp_path / "runs")
    finish(track)
    assert track.state == "failed"
    assert f"the run's folder {tmp_path / 'runs'}" in track.message
    assert "is gone" in track.message
    assert len(track.losses) == track.iterations > 0
    assert track.network is not None


def test_settings_that_do_not_fit_the_data(session: Session, settings: Configuration) -> None:
    track = session.start(replace(settings, batch_size=100_000))
    finish(track)
    assert track.state == "failed"
    assert "batch_size must be" in track.message


def test_runs_are_listed_and_opened(
    session: Session, settings: Configuration, tmp_path: Path
) -> None:
    data = settings.load_data()
    ended = Run.begin(settings, data, out=tmp_path / "runs" / "ended")
    ended.go()
    ended.finish()
    killed = Run.begin(replace(settings, seed=1), data, out=tmp_path / "runs" / "killed")
    killed.trainer.run(7, checkpoint=killed.folder.checkpoint_file)
    (tmp_path / "runs" / "else").mkdir()
    (tmp_path / "runs" / "file").touch()
    assert [(run.name, run.outcome, run.iterations) for run in session.list_runs()] == [
        ("killed", "unfinished", None),
        ("ended", "completed", 30),
    ]
    track = session.open_run("ended")
    assert session.main is track
    assert (track.state, track.iterations, track.run) == ("completed", 30, "ended")
    assert [y for _, y in track.losses.points()] == ended.trainer.history.train_loss
    np.testing.assert_array_equal(session.network.params["W1"], ended.trainer.network.params["W1"])
    track = session.open_run("killed")
    assert (track.state, track.iterations, session.settings.seed) == ("stopped", 7, 1)
    session.resume()
    finish(track)
    assert (track.state, track.iterations) == ("completed", 30)


@pytest.mark.parametrize("name", ["..", ".", "", "../elsewhere", "/etc", "a/b", "link", "none"])
def test_a_name_never_leads_out_of_the_runs(
    session: Session, settings: Configuration, tmp_path: Path, name: str
) -> None:
    Run.begin(settings, settings.load_data(), out=tmp_path / "elsewhere")
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises((ParameterError, FileError)):
        session.open_run(name)
    assert session.list_runs() == []


def test_a_damaged_run_is_left_out(
    session: Session, settings: Configuration, tmp_path: Path
) -> None:
    for name in ("summary.json", "config.json"):
        run = Run.begin(settings, settings.load_data(), out=tmp_path / "runs" / name)
        (run.folder.path / name).write_text("[")
    assert session.list_runs() == []


def test_closing_saves(settings: Configuration, tmp_path: Path) -> None:
    session = Session(tmp_path / "runs")
    track = begin(session, settings)
    session.pause()
    session.close()
    assert track.state == "stopped"
    with pytest.raises(SessionError, match="the server is ending"):
        session.start(settings)
