"""What a server and the processes that train for it say to each other, over a pipe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from nudgegrad.training.configuration import Configuration
from nudgegrad.training.history import EpochRecord

__all__ = [
    "Command",
    "Ended",
    "GoOn",
    "Job",
    "Pause",
    "Progress",
    "Report",
    "SendWeights",
    "SetLearningRate",
    "Started",
    "Stop",
    "TakeStart",
    "Weights",
]


@dataclass(frozen=True)
class Job:
    """What a process is started for.

    Attributes
    ----------
    configuration
    runs
        The folder of all runs.
    resume
        The name of a run in it to go on with, or None for a new one.
    niceness
        How much the process gives way to others once it does steps, from 0 to 19. One that does
        takes one core, and counts the time that it has it.
    start_is_told
        Whether the accuracies of the start are measured elsewhere, and come by `TakeStart`.
    """

    configuration: Configuration
    runs: str
    resume: str | None = None
    niceness: int = 0
    start_is_told: bool = False


@dataclass(frozen=True)
class Pause:
    """Wait; no time is counted meanwhile."""


@dataclass(frozen=True)
class GoOn:
    """Wait no longer."""


@dataclass(frozen=True)
class Stop:
    """End after the step under way (`naive` abandons it), and save.

    The second one leaves the accuracies of the end out.
    """


@dataclass(frozen=True)
class SetLearningRate:
    """Take steps of this size from now on."""

    value: float


@dataclass(frozen=True)
class SendWeights:
    """Answer with `Weights`."""


@dataclass(frozen=True)
class TakeStart:
    """Take the accuracies of the start over from another process; None: it has none."""

    record: EpochRecord | None


Command = Pause | GoOn | Stop | SetLearningRate | SendWeights | TakeStart


@dataclass(frozen=True)
class Started:
    """Everything is built, and steps are about to begin.

    Attributes
    ----------
    run
        The name of the run's folder.
    input_size, output_size, image_shape
        Of the samples: numbers in, classes, and height and width if they are pictures.
    losses, epochs
        Those before a run was resumed.
    learning_rate
    description
        What steps are computed with, and why.
    naive_seconds
        An estimate of a step of `naive`.
    """

    run: str
    input_size: int
    output_size: int
    image_shape: tuple[int, int] | None
    losses: tuple[float, ...]
    epochs: tuple[EpochRecord, ...]
    learning_rate: float
    description: str
    naive_seconds: float | None


@dataclass(frozen=True)
class Progress:
    """How far a training is; sent about five times a second.

    Attributes
    ----------
    paused
        Whether it waits.
    losses, epochs
        Those since the last report.
    iterations, loss_evaluations
        Done so far, those of a step under way left out.
    fraction
        How much of a step under way is done, from 0 to 1.
    seconds
        Time of training so far, pauses left out.
    rate, eta
        Iterations a second, and seconds left; None until they are known.
    learning_rate
    measuring
        How much of measuring accuracies is done, from 0 to 1; None while steps are done.
    """

    paused: bool
    losses: tuple[float, ...]
    epochs: tuple[EpochRecord, ...]
    iterations: int
    loss_evaluations: int
    fraction: float
    seconds: float
    rate: float | None
    eta: float | None
    learning_rate: float
    measuring: float | None = None


@dataclass(frozen=True)
class Weights:
    """All parameters and buffers, by name."""

    parameters: dict[str, NDArray[Any]]
    buffers: dict[str, NDArray[Any]]


@dataclass(frozen=True)
class Ended:
    """The last word.

    Attributes
    ----------
    state
        ``"completed"``, ``"stopped"``, ``"diverged"`` or ``"failed"``.
    message
        Why.
    best_iteration
        When the weights were reached that were kept, where samples were held out.
    """

    state: str
    message: str = ""
    best_iteration: int | None = None


Report = Started | Progress | Weights | Ended
