"""What a training run leaves behind: its losses, accuracies, times and outcome."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nudgegrad._version import __version__
from nudgegrad.files import FileError, write_atomically, write_json
from nudgegrad.gradient import METHODS
from nudgegrad.validation import check_choice, check_integer, check_real

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EpochRecord", "History"]

OUTCOMES = ("running", "completed", "interrupted", "diverged")
KINDS = ("accuracy", "loss")


@dataclass(frozen=True)
class EpochRecord:
    """Accuracies after some iterations, and how well the samples held out are told.

    Attributes
    ----------
    epoch : float
        Passes through the training data so far: whole, but for the end of a run between two.
    iteration : int
        Iterations so far.
    train_accuracy, test_accuracy : float or None
        None where targets are no classes.
    validation_loss, validation_accuracy : float or None
        Of the samples held out; None where there are none. Weight decay is no part of this loss.
    """

    epoch: float
    iteration: int
    train_accuracy: float | None
    test_accuracy: float | None
    validation_loss: float | None = None
    validation_accuracy: float | None = None

    def __post_init__(self) -> None:
        check_real("epoch", self.epoch, low=0)
        check_integer("iteration", self.iteration, 0)
        for name in ("train_accuracy", "test_accuracy", "validation_accuracy"):
            if getattr(self, name) is not None:
                check_real(name, getattr(self, name), low=0)
        if self.validation_loss is not None:
            check_real("validation_loss", self.validation_loss)


@dataclass
class History:
    """The course of a training run.

    Attributes
    ----------
    method : str
        Where the gradients came from.
    outcome : str
        ``"running"``, ``"completed"``, ``"interrupted"`` (stopped by a signal or `Trainer.stop`;
        it can go on) or ``"diverged"`` (the loss is no longer finite).
    message : str
        For an outcome other than completed: what happened, and what to do. Also why a run was
        completed early.
    train_loss : list of float
        The loss of every iteration's batch, before its update, weight decay included.
    epochs : list of EpochRecord
        At the start, after every epoch, and at the end.
    seconds : float
        Wall-clock time of the whole run, all its parts if it was resumed.
    step_seconds : float
        The part of it spent in steps (draw, gradient, update), without accuracies and files.
    loss_evaluations : int
        How many loss evaluations the gradients stand for.
    best_iteration : int or None
        Where samples are held out: when the parameters were reached that were the best by them.
    settings : dict
        What the run was made with.
    """

    method: str
    outcome: str = "running"
    message: str = ""
    train_loss: list[float] = field(default_factory=list)
    epochs: list[EpochRecord] = field(default_factory=list)
    seconds: float = 0.0
    step_seconds: float = 0.0
    loss_evaluations: int = 0
    best_iteration: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)

    @property
    def iterations(self) -> int:
        """How many iterations were done."""
        return len(self.train_loss)

    @property
    def train_accuracy(self) -> float | None:
        """The last training accuracy."""
        return self.epochs[-1].train_accuracy if self.epochs else None

    @property
    def test_accuracy(self) -> float | None:
        """The last test accuracy."""
        return self.epochs[-1].test_accuracy if self.epochs else None

    @property
    def kept(self) -> EpochRecord | None:
        """The record of the parameters that a run leaves: the best ones, or the last."""
        for record in self.epochs:
            if record.iteration == self.best_iteration:
                return record
        return self.epochs[-1] if self.epochs else None

    def __repr__(self) -> str:
        loss = f"{self.train_loss[-1]:.4f}" if self.train_loss else "none"
        return (
            f"History({self.outcome}, method={self.method!r}, iterations={self.iterations}, "
            f"last loss {loss}, test_accuracy={self.test_accuracy}, seconds={self.seconds:.1f})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON has it."""
        document = asdict(self)
        return {
            "version": __version__,
            "outcome": document.pop("outcome"),
            "message": document.pop("message"),
            "method": document.pop("method"),
            "iterations": self.iterations,
            "seconds": document.pop("seconds"),
            "step_seconds": document.pop("step_seconds"),
            "loss_evaluations": document.pop("loss_evaluations"),
            "best_iteration": document.pop("best_iteration"),
            "settings": document.pop("settings"),
            "epochs": document.pop("epochs"),
            "train_loss": document.pop("train_loss"),
        }

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> History:
        """Return the history that `to_dict` describes."""
        known = {"best_iteration": None, **document}  # which files of 0.1 did not have yet
        fields = {key: known[key] for key in cls.__dataclass_fields__}
        check_choice("outcome", fields["outcome"], OUTCOMES)
        check_choice("method", fields["method"], METHODS)
        check_real("seconds", fields["seconds"], low=0)
        check_real("step_seconds", fields["step_seconds"], low=0)
        check_integer("loss_evaluations", fields["loss_evaluations"], 0)
        if fields["best_iteration"] is not None:
            check_integer("best_iteration", fields["best_iteration"], 0)
        fields["epochs"] = [EpochRecord(**record) for record in fields["epochs"]]
        fields["train_loss"] = [
            math.nan if loss is None else float(loss) for loss in fields["train_loss"]
        ]
        return cls(**fields)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a JSON file, whole or not at all. A loss that is not finite becomes null."""
        write_json(path, self.to_dict())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> History:
        """Read what `save` wrote.

        Raises
        ------
        FileError
            If the file does not hold a history.
        """
        try:
            return cls.from_dict(json.loads(Path(path).read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise FileError(f"{path}: does not hold a history ({error!r})") from error

    def to_csv(self, path: str | os.PathLike[str]) -> None:
        """Write a row an iteration: its loss, and accuracies where they were taken after it.

        The row of iteration 0 has the accuracies of the start.
        """
        records = {record.iteration: record for record in self.epochs}
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        columns = [name for name in EpochRecord.__dataclass_fields__ if name != "iteration"]
        writer.writerow(["iteration", "train_loss", *columns])
        losses: list[float | str] = ["", *self.train_loss]
        for iteration, loss in enumerate(losses):
            record = records.get(iteration)
            facts = [getattr(record, name, "") for name in columns]
            if iteration or record:
                writer.writerow([iteration, loss, *facts])
        with write_atomically(path) as stream:
            stream.write(text.getvalue().encode())

    def plot(self, path: str | os.PathLike[str] | None = None, kind: str = "accuracy") -> Figure:
        """Draw the lesson's plot of accuracies, or the loss; write it if a path is given.

        Parameters
        ----------
        path
            A file whose suffix names its format (png, svg, pdf), or None.
        kind
            ``"accuracy"`` or ``"loss"``.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from nudgegrad import plotting

        if check_choice("kind", kind, KINDS) == "accuracy":
            figure = plotting.plot_accuracy(
                [record.epoch for record in self.epochs],
                [record.train_accuracy for record in self.epochs],
                [record.test_accuracy for record in self.epochs],
            )
        else:
            figure = plotting.plot_loss(self.train_loss)
        if path is not None:
            plotting.save_figure(figure, path)
        return figure
