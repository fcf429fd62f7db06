"""Options that several commands take, worded once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

__all__ = [
    "activation", "batch_size", "classes", "data", "data_details", "dtype", "dtype_of", "h",
    "hidden_sizes", "seed",
]  # fmt: skip

Command = TypeVar("Command", bound=Callable[..., Any])

hidden_sizes = click.option(
    "--hidden-size",
    "hidden_sizes",
    type=int,
    multiple=True,
    default=(100,),
    show_default=True,
    help="Units of a hidden layer; repeat for deeper networks.",
)
activation = click.option(
    "--activation",
    default="sigmoid",
    show_default=True,
    metavar="NAME",
    help="sigmoid, tanh or relu.",
)
batch_size = click.option(
    "--batch-size", type=int, default=100, show_default=True, help="Samples a mini-batch."
)
h = click.option("--h", type=float, default=1e-4, show_default=True, help="The nudge.")


def dtype_of(default: str) -> Callable[[Command], Command]:
    """Return the option --dtype with a command's own default."""
    return click.option(
        "--dtype", default=default, show_default=True, metavar="DTYPE", help="float64 or float32."
    )


dtype = dtype_of("float64")
seed = click.option(
    "--seed", type=int, default=0, show_default=True, help="Of starting weights and batches."
)
data = click.option(
    "--data",
    default="mnist",
    show_default=True,
    metavar="NAME|PATH",
    help="A data set's name (see: nudgegrad data), a folder of IDX files or of pictures, or a "
    ".csv or .npz file.",
)
classes = click.option("--classes", type=int, help="Number of classes, where the data do not tell.")


def data_details(command: Command) -> Command:
    """Add the options that say how data are read: --data-folder, --label and --image-size."""
    for option in (
        click.option(
            "--image-size", type=int, metavar="N",
            help="Scale a folder's pictures to N × N.  [default: their own size]",
        ),
        click.option(
            "--label", metavar="COLUMN",
            help="A CSV file's column of labels, by name or place (0 first).  [default: the one "
            "called label, class, target or y]",
        ),
        click.option(
            "--data-folder", type=click.Path(file_okay=False), metavar="DIR",
            help="Where a named data set's files are.  [default: installed, cached, or downloaded]",
        ),
    ):  # fmt: skip
        command = option(command)
    return command
