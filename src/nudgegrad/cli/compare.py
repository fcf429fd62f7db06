"""``nudgegrad compare``: the four methods side by side."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from nudgegrad.cli import options

if TYPE_CHECKING:
    from nudgegrad.comparison import Rung
    from nudgegrad.data import Dataset
    from nudgegrad.training.configuration import Configuration
    from nudgegrad.training.history import History

__all__ = ["compare"]


@click.command()
@options.hidden_sizes
@options.activation
@options.batch_size
@options.h
@options.dtype
@options.seed
@options.data
@options.classes
@options.data_details
@click.option(
    "--sample", type=int, default=1000, show_default=True, help="Weights that naive is measured on."
)
@click.option(
    "--repeats", type=int, default=5, show_default=True, help="Turns of each other method."
)
@click.option(
    "--train",
    "train_too",
    is_flag=True,
    help="Then train with the methods, side by side from the same start.",
)
@click.option(
    "--method",
    "methods",
    multiple=True,
    default=("weight", "node", "backprop"),
    show_default=True,
    metavar="METHOD",
    help="A method to train with; repeat.",
)
@click.option(
    "--iterations", type=int, default=50, show_default=True, help="Iterations of each training."
)
@click.option("--learning-rate", type=float, default=0.1, show_default=True, help="Step size.")
@click.option(
    "--out",
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="Write compare.json and compare.png into this folder.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")
def compare(
    sample: int, repeats: int, train_too: bool, methods: tuple[str, ...], out: str | None,
    as_json: bool, **settings: Any,
) -> int:  # fmt: skip
    """Climb the ladder: naive, weight, node and backprop on one mini-batch.

    Each method's time, its speed-up over naive (timed on a sample of the weights), the loss
    evaluations it stands for, how far its gradient is from naive's and from backprop's, and what
    10,000 iterations would take.

    \b
    Examples:
      nudgegrad compare
      nudgegrad compare --dtype float32 --hidden-size 50
      nudgegrad compare --train --iterations 100 --out ladder
    """
    import numpy as np

    from nudgegrad.cli.downloads import tell_of_downloads
    from nudgegrad.comparison import compare_methods
    from nudgegrad.files import write_json
    from nudgegrad.gradient import METHODS
    from nudgegrad.training.configuration import Configuration
    from nudgegrad.validation import check_choice, check_integer

    check_integer("sample", sample, 1)
    check_integer("repeats", repeats, 1)
    for method in methods:
        check_choice("method", method, METHODS)
    configuration = Configuration(**settings)
    with tell_of_downloads() as on_progress:
        dataset = configuration.load_data(download=True, on_progress=on_progress)
    trainer = configuration.build_trainer(dataset)
    x, t = trainer.batch(np.arange(trainer.batch_size))
    rungs = compare_methods(
        trainer.network, x, t, sample=sample, repeats=repeats, h=configuration.h
    )
    document: dict[str, Any] = {
        "network": repr(trainer.network),
        "batch_size": trainer.batch_size,
        "h": configuration.h,
        "ladder": [
            {**asdict(rung), "seconds_for_10000_iterations": 10_000 * rung.seconds}
            for rung in rungs
        ],
    }
    if not as_json:
        _print_ladder(repr(trainer.network), trainer.batch_size, rungs)
    histories: dict[str, History] = {}
    if train_too:
        histories = _train(configuration, dataset, dict.fromkeys(methods), rungs, not as_json)
        document["trainings"] = {name: h.to_dict() for name, h in histories.items()}
    if as_json:
        from nudgegrad.files import finite_or_none

        click.echo(json.dumps(finite_or_none(document), indent=1, ensure_ascii=False))
    if out is not None:
        folder = Path(out)
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / "compare.json", document)
        _draw(folder / "compare.png", rungs, histories)
        if not as_json:
            click.echo(f"written to {folder}/compare.json and {folder}/compare.png")
    return 0


def _print_ladder(network: str, batch_size: int, rungs: list[Rung]) -> None:
    from rich.table import Table

    from nudgegrad.cli.console import make_console
    from nudgegrad.cli.durations import format_duration

    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("method")
    for heading in ("one gradient", "speed-up", "loss evaluations", "from naive", "from backprop",
                    "10,000 iterations"):  # fmt: skip
        table.add_column(heading, justify="right")
    for rung in rungs:
        about = "~" if rung.estimated else ""
        table.add_row(
            rung.method,
            about + format_duration(rung.seconds),
            f"{rung.speedup:,.0f}×",
            f"{rung.loss_evaluations:,}",
            "—" if rung.method == "naive" else f"{rung.from_naive:.1e}",
            "—" if rung.method == "backprop" else f"{rung.from_backprop:.1e}",
            about + format_duration(10_000 * rung.seconds),
        )
    console = make_console()
    console.print(f"{network}, one mini-batch of {batch_size}")
    console.print(table)
    naive = rungs[0]
    console.print(
        f"~ estimated: naive was timed on {naive.weights_timed:,} of its weights. from naive, from "
        "backprop: largest absolute difference of an entry, from naive on those weights."
    )


def _train(
    configuration: Configuration, dataset: Dataset, methods: dict[str, None], rungs: list[Rung],
    talk: bool,
) -> dict[str, History]:  # fmt: skip
    """Train by each method from the same start, on the same batches."""
    from nudgegrad.cli.durations import format_duration

    seconds = {rung.method: rung.seconds for rung in rungs}
    histories = {}
    for method in methods:
        planned = configuration.iterations * seconds[method]
        if talk:
            click.echo(
                f"training by {method}, {configuration.iterations} iterations, about "
                f"{format_duration(planned)}"
            )
        trainer = replace(configuration, method=method).build_trainer(dataset)
        histories[method] = trainer.run(configuration.iterations)
        if trainer.stopped_by is not None:
            click.echo("Interrupted.", err=True)
            raise click.exceptions.Exit(128 + trainer.stopped_by)
        if talk:
            history = histories[method]
            click.echo(
                f"  loss {history.train_loss[0]:.6f} → {history.train_loss[-1]:.6f}, "
                f"test accuracy {history.test_accuracy:.4f}, {format_duration(history.seconds)}"
            )
    return histories


def _draw(path: Path, rungs: list[Rung], histories: dict[str, History]) -> None:
    from nudgegrad.plotting import plot_bars, plot_comparison, save_figure

    if histories:
        curves = {
            name: (list(range(1, history.iterations + 1)), history.train_loss)
            for name, history in histories.items()
        }
        figure = plot_comparison(curves, xlabel="iterations", ylabel="training loss")
    else:
        figure = plot_bars(
            {rung.method: rung.seconds for rung in rungs}, xlabel="seconds a gradient (log scale)"
        )
    save_figure(figure, path)
