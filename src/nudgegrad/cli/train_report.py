"""What ``nudgegrad train`` shows: progress, a line an epoch, and a table at the end."""

from __future__ import annotations

import json
import math
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any

from nudgegrad.cli.console import is_plain, make_console
from nudgegrad.cli.durations import format_duration
from nudgegrad.training.configuration import Configuration
from nudgegrad.training.history import EpochRecord
from nudgegrad.training.preparation import describe
from nudgegrad.training.run import Run
from nudgegrad.training.trainer import Trainer

if TYPE_CHECKING:
    from rich.progress import Progress
    from rich.table import Table

__all__ = ["Reporter", "epoch_line", "summary_table"]

WARM_UP = 5  # steps that the rate leaves out: first touches of memory and caches
LINES = 100  # of epochs, at most: of small data there are thousands


class Reporter:
    """Tells the course of a run; a context manager, so that the live bar always ends."""

    def __init__(self, run: Run, *, quiet: bool, as_json: bool) -> None:
        self.run = run
        self.trainer = run.trainer
        self.configuration = run.configuration
        self.as_json = as_json
        self.quiet = quiet
        self.console = make_console(quiet=quiet or as_json)
        self._live: Progress | None = None
        self._first = run.trainer.iteration
        self._warm: tuple[int, float] | None = None
        self._shown = 0.0
        planned = math.ceil(run.configuration.iterations / run.trainer.iterations_per_epoch)
        self._every = math.ceil(planned / LINES)
        self._left_out: EpochRecord | None = None
        self._announce()

    def _announce(self) -> None:
        c = self.configuration
        layers = [layer for layer in self.trainer.network.layers if layer.params]
        sizes = "-".join(str(n) for n in [layers[0].input_size, *(p.output_size for p in layers)])
        kind = "a simple-convnet, " if c.model == "simple-convnet" else ""
        self.console.print(
            f"training {kind}{sizes} ({c.activation}, {c.dtype}) on {c.data} by {c.method}: "
            f"{c.iterations} mini-batches of {c.batch_size}, "
            f"{type(self.trainer.optimizer).__name__} at {self.trainer.optimizer.learning_rate:g}"
            + _extras(c)
            + (f", resumed after iteration {self._first}" if self._first else "")
        )
        self.console.print(describe(self.trainer))
        if self._every > 1:
            self.console.print(f"a line every {self._every} epochs; history.csv has all of them")
        if self.quiet:
            return
        # For naive this is the honest ETA; for the others it is what they spare.
        self.run.estimate_naive()
        if c.method == "naive" and self.run.naive_seconds is not None:
            left = (c.iterations - self._first) * self.run.naive_seconds
            self.console.print(
                f"naive needs about {format_duration(self.run.naive_seconds)} a step: "
                f"{format_duration(left)} in all "
                f"(estimated from {self.run.naive_weights} of the weights)"
            )

    def __enter__(self) -> Reporter:
        if not (self.quiet or self.as_json or is_plain()):
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

            self._live = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=30),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TextColumn("{task.fields[facts]}"),
                console=self.console,
                refresh_per_second=8,
            )
            self._task = self._live.add_task(
                self.configuration.method, total=self.configuration.iterations,
                completed=self._first, rate="", facts="",
            )  # fmt: skip
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:  # fmt: skip
        if self._live is not None:
            self._live.stop()
        if self._left_out is not None:  # the last one of a run that ended early
            self.console.print(epoch_line(self._left_out))

    def on_step(self, trainer: Trainer) -> None:
        """Note the time, and show the state."""
        now = time.perf_counter()
        if self._warm is None and trainer.iteration - self._first >= WARM_UP:
            self._warm = (trainer.iteration, now)
        if self._live is None:
            return
        ended = trainer.iteration == self.configuration.iterations
        # Rich redraws on its own clock: hand it figures a few times a second only.
        if now - self._shown < 0.1 and not ended:
            return
        self._shown = now
        rate = eta = ""
        if self._warm is not None and trainer.iteration > self._warm[0]:
            speed = (trainer.iteration - self._warm[0]) / (now - self._warm[1])
            left = (self.configuration.iterations - trainer.iteration) / speed
            rate, eta = f"{speed:.0f} it/s", "" if ended else f"ETA {format_duration(left)}"
        losses = trainer.history.train_loss[-100:]
        accuracy = trainer.history.test_accuracy
        facts = f"loss {sum(losses) / len(losses):.3f}"
        if accuracy is not None and not ended:
            facts += f"  test acc {accuracy:.4f}"
        self._live.update(
            self._task, completed=trainer.iteration, rate=rate, facts=f"{facts}  {eta}"
        )

    def on_epoch(self, record: EpochRecord) -> None:
        """Print the lesson's line, but of many epochs only some and the last."""
        self._left_out = None
        if record.epoch % self._every and record.iteration < self.configuration.iterations:
            self._left_out = record
        else:
            self.console.print(epoch_line(record))

    def on_progress(self, done: int, total: int) -> None:
        """Show how far a step of `naive` is: it creeps, at its honest percentage."""
        if self._live is None or self.configuration.method != "naive" or done % 100:
            return
        position = self.trainer.iteration + done / total
        planned = self.configuration.iterations
        left = format_duration((planned - position) * (self.run.naive_seconds or 0.0))
        self._live.update(
            self._task,
            completed=position,
            rate=f"{100 * position / planned:.5f} %",
            facts=f"{done:,} of {total:,} loss evaluations of this step  ETA {left}",
        )

    def summary(self) -> None:
        """Print the table, or the JSON."""
        facts = self.run.facts()
        if self.as_json:
            print(json.dumps(facts, indent=1, allow_nan=False))
            return
        self.console.print(summary_table(facts))


def epoch_line(record: EpochRecord) -> str:
    """Return the lesson's line, and where in the run it was taken."""
    place = f"(epoch {record.epoch:.4g}, iteration {record.iteration:,}{_held_out(record)})"
    if record.train_accuracy is None or record.test_accuracy is None:
        return place
    return (
        f"train acc, test acc | {record.train_accuracy:.4f}, {record.test_accuracy:.4f}   {place}"
    )


def summary_table(facts: dict[str, Any]) -> Table:
    """Return the table at the end of a run, from `Run.facts`."""
    from rich.table import Table

    rows = {
        "outcome": facts["outcome"] + (f": {facts['message']}" if facts["message"] else ""),
        "train accuracy": _accuracy(facts["train_accuracy"]),
        "test accuracy": _accuracy(facts["test_accuracy"]),
        "iterations": f"{facts['iterations']:,}",
        "time": format_duration(facts["seconds"]),
    }
    if facts["best_iteration"] is not None:
        rows["parameters of"] = f"iteration {facts['best_iteration']:,}, the best by those held out"
    if facts["iterations"]:
        rows["time a step"] = format_duration(facts["seconds_per_step"])
        rows["loss evaluations"] = f"{facts['loss_evaluations']:,}"
    if facts["naive_seconds_estimated"]:
        rows["naive would take"] = (
            f"about {format_duration(facts['naive_seconds_estimated'])} "
            f"(estimate: {facts['naive_weights_timed']} of the weights timed here)"
        )
    rows["written to"] = facts["run"]
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def _extras(c: Configuration) -> str:
    """Return what a run does beyond the lesson's plain descent."""
    parts = []
    if c.warm_up:
        parts.append(f"warm-up over {c.warm_up:,}")
    if c.decay != "none":
        parts.append(f"{c.decay} decay")
    if c.weight_decay:
        parts.append(f"weight decay {c.weight_decay:g}")
    if c.validation_fraction:
        parts.append(f"{c.validation_fraction:.0%} of the training samples held out")
    return "".join(f", {part}" for part in parts)


def _held_out(record: EpochRecord) -> str:
    if record.validation_loss is None:
        return ""
    told = f"; held out: loss {record.validation_loss:.4f}"
    if record.validation_accuracy is not None:
        told += f", acc {record.validation_accuracy:.4f}"
    return told


def _accuracy(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.4f}"
