"""What can be done with the trainings now, and what to tell the reader."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from nudgegrad.app.session import Session
from nudgegrad.app.track import Track
from nudgegrad.app.train import wording
from nudgegrad.app.train.wording import Translate

__all__ = ["RACE", "Allowed", "Paced", "allowed", "evaluations", "guidance", "progress"]

RACE = ("node", "backprop", "weight", "naive")
"""The methods of a race; the weights of the first are shown in the other tabs."""
LESSON = ("mnist", "two-layer")


@dataclass(frozen=True)
class Allowed:
    """What can be done now.

    Attributes
    ----------
    start
        A training or a race.
    pause, resume, stop, reset
    """

    start: bool
    pause: bool
    resume: bool
    stop: bool
    reset: bool


class Paced:
    """A session's revision that is looked at only so often; the last one is never missed.

    Parameters
    ----------
    seconds
        Between two changes.
    clock
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds, self.clock = seconds, clock
        self._looked, self._last = -seconds, -1

    def __call__(self, session: Session) -> int:
        """Return the revision."""
        now = self.clock()
        if session.revision != self._last and now - self._looked >= self.seconds:
            self._looked, self._last = now, session.revision
        return self._last


def allowed(session: Session) -> Allowed:
    """Tell what can be done now."""
    busy, paused = session.busy, session.paused
    return Allowed(
        start=not busy,
        pause=busy and not paused and not session.stopping,
        resume=paused or (not busy and session.can_resume),
        stop=busy,
        reset=bool(session.tracks),
    )


def progress(track: Track) -> float:
    """Return how much of a training is done, from 0 to 1."""
    return min(1.0, (track.iterations + track.fraction) / max(1, track.planned))


def evaluations(track: Track) -> int:
    """Return loss evaluations so far, with those of a step of `naive` under way."""
    under_way = 2 * track.parameters * track.fraction if track.method == "naive" else 0
    return track.loss_evaluations + int(under_way)


def guidance(_: Translate, session: Session) -> str:
    """Return a sentence on how things stand and what can be done."""
    tracks = list(session.tracks.values())
    states = {track.state for track in tracks}
    if not tracks and (session.settings.data, session.settings.model) == LESSON:
        return _("Ready. Press Start: in a few seconds the network reads 9 of 10 digits.")
    if not tracks:
        return _("Ready. Press Start.")
    if session.stopping:
        return _(
            "Stopping. The accuracies of the weights are measured first; Stop once more leaves "
            "them out."
        )
    if session.paused:
        return _("Paused: the clock stands still. Continue goes on.")
    if states <= {"starting"}:
        return _("Getting ready: data, weights and compiled code. The first time takes longer.")
    if session.busy and all(t.measuring is not None and not t.iterations for t in tracks):
        return _("Measuring how good the starting weights are. Then it trains.")
    if session.busy:
        running = [track for track in tracks if not track.ended]
        if len(tracks) > 1 and [track.method for track in running] == ["naive"]:
            return _("The others are there. naive goes on; press Stop when you have seen enough.")
        if len(tracks) > 1:
            return _("A race from the same start, with the same mini-batches.")
        return _("Training. The learning rate may be changed meanwhile.")
    if "failed" in states:
        return _("A training failed; it says below why.")
    if "diverged" in states:
        return _("The loss is no longer a finite number. Try a smaller learning rate.")
    if "stopped" in states:
        return _("Stopped and saved. Continue goes on from here; Start begins anew.")
    if len(tracks) == 1 and tracks[0].test_accuracy is not None:
        return _("Done: {accuracy} of the test samples are classified correctly.").format(
            accuracy=wording.accuracy(tracks[0].test_accuracy)
        )
    return _("Done.")
