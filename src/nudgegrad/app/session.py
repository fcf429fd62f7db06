"""What the page is about, without the page: settings, trainings, weights, runs."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from nudgegrad.app import runs as run_folders
from nudgegrad.app.protocol import (
    Command,
    GoOn,
    Job,
    Pause,
    Report,
    SetLearningRate,
    Stop,
    TakeStart,
)
from nudgegrad.app.runs import RunFacts
from nudgegrad.app.track import Track
from nudgegrad.app.worker import Worker
from nudgegrad.data import Dataset
from nudgegrad.gradient import METHODS
from nudgegrad.network import Network
from nudgegrad.training.configuration import Configuration
from nudgegrad.validation import ParameterError, check_choice, check_real

__all__ = ["DEFAULTS", "Session", "SessionError"]

DEFAULTS = Configuration(dtype="float32")
"""Those of ``nudgegrad train``."""

NETWORK = ("data", "label", "image_size", "model", "hidden_sizes")
"""Settings that decide whether there is such a network."""
NICENESS = {"naive": 15}  # it takes days: others go first


class SessionError(RuntimeError):
    """Something that cannot be done just now; the message says why."""


class Session:
    """The state that all browser tabs share. Every method may be called from any thread.

    Parameters
    ----------
    runs
        The folder of all runs; made with the first one.

    Attributes
    ----------
    tracks : dict of str to Track
        Method → what is drawn of it; empty before the first start and after `reset`.
    revision : int
        Grows with everything that changes.
    """

    def __init__(self, runs: str | Path = "runs") -> None:
        self.runs = Path(runs)
        self.tracks: dict[str, Track] = {}
        self.revision = 0
        self._settings = DEFAULTS
        self._main: str | None = None
        self._lock = threading.RLock()
        self._loading = threading.Lock()
        self._versions = itertools.count(1)
        self._workers: list[Worker] = []
        self._data: tuple[tuple[Any, ...], Dataset] | None = None
        self._initial: tuple[Configuration, Network] | None = None
        self._initial_version = next(self._versions)
        self._closed = False

    # What is shown

    @property
    def settings(self) -> Configuration:
        """What the next start takes."""
        return self._settings

    @property
    def main(self) -> Track | None:
        """The track whose weights are shown: the first one of a race unless chosen."""
        return self.tracks.get(self._main or "")

    @property
    def data(self) -> Dataset:
        """The data set of the settings; read from the disk the first time.

        Raises
        ------
        ParameterError, FileError
            If there is no such data set.
        """
        return self._load(self._settings)

    @property
    def initial_network(self) -> Network:
        """The network that a start begins from; not to be changed."""
        settings, data = self._settings, self.data
        with self._lock:
            if self._initial is None or self._initial[0] != settings:
                network = settings.build_network(data.features, data.classes, data.image_shape)
                self._initial = settings, network
            return self._initial[1]

    @property
    def network(self) -> Network:
        """The latest weights of the main track, or the initial ones; not to be changed.

        Asking is watching: while a training runs, new ones are fetched about twice a second as
        long as somebody asks, and `version` grows.
        """
        track = self.main
        latest = None if track is None else track.network
        return self.initial_network if latest is None else latest

    @property
    def version(self) -> int:
        """Another number whenever `network` is another one."""
        track = self.main
        return self._initial_version if track is None else track.version

    @property
    def busy(self) -> bool:
        """Whether any training is under way, paused ones included."""
        return any(not track.ended for track in self.tracks.values())

    @property
    def paused(self) -> bool:
        """Whether trainings are under way, and all of them wait."""
        states = [track.state for track in self.tracks.values() if not track.ended]
        return bool(states) and all(state == "paused" for state in states)

    @property
    def stopping(self) -> bool:
        """Whether trainings are under way, and all of them were asked to stop."""
        under_way = [track.stopping for track in self.tracks.values() if not track.ended]
        return bool(under_way) and all(under_way)

    @property
    def can_resume(self) -> bool:
        """Whether `resume` has something to do."""
        return any(track.state in ("paused", "stopped") for track in self.tracks.values())

    @property
    def iterations_per_epoch(self) -> int:
        """How many iterations an epoch of the settings has."""
        return math.ceil(len(self.data.x_train) / self._settings.batch_size)

    # What is done

    def change(self, **changes: Any) -> None:
        """Change settings of the next start, all or none.

        Raises
        ------
        ParameterError, FileError
            If a value is not allowed, the data cannot be read, or the model cannot take them; the
            settings stay.
        """
        while not self._change(changes):  # others changed meanwhile what it was checked with
            pass

    def start(self, settings: Configuration | None = None) -> Track:
        """Begin a training; what was shown before makes room for it.

        Parameters
        ----------
        settings
            Taken over as `settings`; None takes those.

        Raises
        ------
        SessionError
            If a training is under way.
        ParameterError, FileError
            If the data cannot be read.
        """
        chosen = self._settings if settings is None else settings
        return self._begin(chosen, [chosen.method])[0]

    def race(
        self, settings: Configuration | None = None, methods: Sequence[str] = METHODS
    ) -> list[Track]:
        """Begin a training by each method, all from the same start and with the same batches.

        The first method is the main one. Every track has its own process and clock; `naive` gives
        way to the others. The last one, which has time, measures the start's accuracies for all.
        """
        if not methods or len(set(methods)) != len(methods):
            raise ParameterError(f"methods must be different ones, got {list(methods)}")
        chosen = self._settings if settings is None else settings
        return self._begin(chosen, [check_choice("method", m, METHODS) for m in methods])

    def pause(self) -> None:
        """Let all trainings wait; no time is counted meanwhile."""
        self._tell(Pause())

    def resume(self) -> None:
        """Go on with what is paused, or else with what was stopped, from its checkpoint."""
        with self._lock:
            if self.busy:
                self._tell(GoOn())
                return
            stopped = [t for t in self.tracks.values() if t.state == "stopped" and t.run]
            if not stopped:
                raise SessionError("there is nothing to go on with")
            for track in stopped:
                track.state, track.message = "starting", ""
            self._employ(stopped)
            self.revision += 1

    def stop(self) -> None:
        """End all trainings after their steps under way, with their work saved.

        Before that the accuracies of their weights are measured; the second time they are not.
        """
        with self._lock:
            for track in self.tracks.values():
                track.stopping = not track.ended
            self.revision += 1
        self._tell(Stop())

    def reset(self) -> None:
        """Go back to the start: nothing is shown; a training under way is stopped and saved."""
        with self._lock:
            for _ in range(2):  # nobody waits for their last accuracies
                self._tell(Stop())
            self.tracks, self._main = {}, None
            self._initial_version = next(self._versions)
            self.revision += 1

    def set_learning_rate(self, value: float) -> None:
        """Change the learning rate of the settings, and of the trainings under way."""
        check_real("learning_rate", value, above=0)
        self.change(learning_rate=float(value))
        self._tell(SetLearningRate(float(value)))

    def show(self, method: str) -> None:
        """Choose the track whose weights are shown."""
        check_choice("method", method, tuple(self.tracks))
        with self._lock:
            self._main = method
            self.revision += 1

    def list_runs(self) -> list[RunFacts]:
        """Return all runs in the folder, the command line's too, the latest first."""
        return run_folders.list_runs(self.runs)

    def open_run(self, name: str) -> Track:
        """Show a run of the folder; its settings become the session's.

        Raises
        ------
        SessionError
            If a training is under way.
        ParameterError
            If the name is none of a folder directly in the runs.
        FileError
            If the folder holds no run, or a damaged one.
        """
        folder = run_folders.find_run(self.runs, name)
        configuration = folder.configuration()
        history = run_folders.read_run_history(folder)
        track = Track.of_run(name, configuration, history, folder.network(), self._next_version)
        with self._lock:
            self._refuse_while_busy()
            self._settings = configuration
            self.tracks, self._main = {track.method: track}, track.method
            self.revision += 1
        return track

    def close(self, seconds: float = 15.0) -> None:
        """End all processes, with their work saved; by force those that take longer than this."""
        with self._lock:
            self._closed = True
            workers = [worker for worker in self._workers if worker.alive]
        for worker in workers:
            worker.send(Stop())
        until = time.monotonic() + seconds
        for worker in workers:
            worker.join(max(0.0, until - seconds / 2 - time.monotonic()))
        for worker in workers:
            worker.end(max(0.1, until - time.monotonic()))

    # How

    def _change(self, changes: dict[str, Any]) -> bool:
        """Check a change, which may take long, and make it unless there was another meanwhile."""
        before = self._settings
        settings = replace(before, **changes)
        data = self._load(settings)
        if not changes.keys().isdisjoint(NETWORK):  # it may not fit the data
            settings.build_network(data.features, data.classes, data.image_shape)
        with self._lock:
            if self._settings is not before:
                return False
            if settings != before:
                self._settings = settings
                self._initial_version = next(self._versions)
                self.revision += 1
        return True

    def _begin(self, settings: Configuration, methods: Sequence[str]) -> list[Track]:
        self._load(settings)
        with self._lock:
            self._refuse_while_busy()
            self._settings = settings
            configurations = [replace(settings, method=method) for method in methods]
            tracks = [Track(c, self._next_version) for c in configurations]
            self.tracks, self._main = {track.method: track for track in tracks}, methods[0]
            self._employ(tracks)
            self.revision += 1
        return tracks

    def _load(self, settings: Configuration) -> Dataset:
        """Return the data of some settings, read anew if they are other ones than the last."""
        details = (settings.data_folder, settings.label, settings.image_size)
        key = (settings.data, settings.classes, settings.train_limit, *details)
        with self._loading:
            if self._data is None or self._data[0] != key:
                self._data = key, settings.load_data()
            return self._data[1]

    def _employ(self, tracks: Sequence[Track]) -> None:
        """Give each track a process, which goes on with the track's run if it has one.

        Where several lack the accuracies of their start, the last of them measures it for all.
        """
        lacking = [track for track in tracks if track.start is None]
        # The best weights of a training that holds samples out may be those of the start.
        shared = len(lacking) > 1 and not lacking[0].configuration.validation_fraction
        listeners, measurer = (lacking[:-1], lacking[-1]) if shared else ([], None)

        def on_report(report: Report, track: Track) -> None:
            with self._lock:
                track.take(report)
                if track is measurer and (track.start is not None or track.ended):
                    while listeners:
                        _send(listeners.pop(), TakeStart(track.start))
                self.revision += 1

        self._workers = [worker for worker in self._workers if worker.alive]
        for track in tracks:
            job = Job(
                track.configuration, str(self.runs), track.run,
                NICENESS.get(track.method, 0), start_is_told=track in listeners,
            )  # fmt: skip
            track.worker = Worker(job, partial(on_report, track=track))
            self._workers.append(track.worker)

    def _tell(self, command: Command) -> None:
        with self._lock:
            tracks = list(self.tracks.values())
        for track in tracks:
            _send(track, command)

    def _refuse_while_busy(self) -> None:
        if self._closed:
            raise SessionError("the server is ending")
        if self.busy:
            raise SessionError("a training is under way; stop it first")

    def _next_version(self) -> int:
        return next(self._versions)


def _send(track: Track, command: Command) -> None:
    """Give a track's process a command, if it has one."""
    worker = track.worker
    if worker is not None:
        worker.send(command)
