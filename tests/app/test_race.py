"""A race: the accuracies of its start are measured once, and its end comes soon."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from nudgegrad.app.session import Session
from nudgegrad.app.track import Track
from nudgegrad.gradient import METHODS
from nudgegrad.training import History
from tests.cli.processes import PATIENCE

LONG = 10_000_000


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def history_of(session: Session, track: Track) -> History:
    assert track.run is not None
    return History.load(session.runs / track.run / "history.json")


@pytest.mark.parametrize("held_out", [0.0, 0.2])
def test_all_have_the_accuracies_of_the_start(session: Session, held_out: float) -> None:
    settings = replace(session.settings, iterations=15, validation_fraction=held_out)
    tracks = session.race(settings, list(METHODS))
    until(lambda: not session.busy)
    starts = {track.start for track in tracks}
    assert len(starts) == 1
    for track in tracks:
        assert track.state == "completed"
        assert [record.iteration for record in track.epochs] == [
            record.iteration for record in history_of(session, track).epochs
        ]
    alone = session.start(replace(settings, method="node"))
    until(lambda: alone.ended)
    assert starts == {alone.start}


def test_who_measures_the_start_for_others_may_be_gone(session: Session) -> None:
    settings = replace(session.settings, iterations=LONG)
    fast, measurer = session.race(settings, ["node", "naive"])
    until(lambda: fast.worker is not None and measurer.worker is not None)
    assert measurer.worker is not None
    measurer.worker.end(0.0)
    until(lambda: fast.iterations > 0)
    session.stop()
    until(lambda: not session.busy)
    assert fast.state == "stopped"
    before = fast.iterations
    session.resume()
    until(lambda: fast.iterations > before)
    session.stop()
    until(lambda: not session.busy)


def test_a_race_that_was_stopped_goes_on(session: Session) -> None:
    settings = replace(session.settings, iterations=LONG)
    tracks = session.race(settings, ["node", "weight", "naive"])
    until(lambda: all(track.iterations for track in tracks))
    session.stop()
    assert session.stopping
    until(lambda: not session.busy)
    assert not session.stopping
    before = [track.iterations for track in tracks]
    session.resume()
    until(lambda: all(t.iterations > n for t, n in zip(tracks, before, strict=True)))
    session.stop()
    until(lambda: not session.busy)
    for track in tracks:
        epochs = history_of(session, track).epochs
        assert epochs[0].iteration == 0
        assert epochs == track.epochs
