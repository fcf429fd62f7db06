"""``nudgegrad data``: which data sets there are, and what is in them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from nudgegrad.cli import options

if TYPE_CHECKING:
    from nudgegrad.data import Available, Dataset

__all__ = ["data"]

SHORT = 3
MOST_SAMPLES = 10_000  # of a picture that others can open too


@click.command()
@click.option(
    "--data",
    "chosen",
    metavar="NAME|PATH",
    help="A name, a folder of IDX files or of pictures, or a .csv or .npz file.  [default: "
    "mnist, and where the others are]",
)
@options.classes
@options.data_details
@click.option(
    "--contact-sheet",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Draw the first test images into a picture file.",
)
@click.option(
    "--samples", type=int, default=100, show_default=True, help="Images on the contact sheet."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def data(
    chosen: str | None, classes: int | None, data_folder: str | None, label: str | None,
    image_size: int | None, contact_sheet: str | None, samples: int, as_json: bool,
) -> int:  # fmt: skip
    """List data sets: where they are, how many samples, and whether their checksums hold.

    A data set with a name that is not on this machine is downloaded when --data names it. Ctrl-C
    keeps what has come, and the next time goes on with it.

    \b
    Examples:
      nudgegrad data
      nudgegrad data --data fashion-mnist --contact-sheet clothes.png
      nudgegrad data --data emnist-letters --data-folder ~/emnist
      nudgegrad data --data iris.csv --label species
    """
    from nudgegrad.cli.downloads import tell_of_downloads
    from nudgegrad.data import available, load
    from nudgegrad.validation import check_integer

    check_integer("samples", samples, 1, MOST_SAMPLES)
    with tell_of_downloads() as on_progress:
        dataset = load(
            chosen or "mnist", classes=classes, folder=data_folder, label=label,
            image_size=image_size, on_progress=on_progress,
        )  # fmt: skip
    facts = _facts(dataset)
    others = [] if chosen else [entry for entry in available() if entry.name != dataset.name]
    if contact_sheet:
        _draw(dataset, contact_sheet, samples)
    if as_json:
        entries = [facts, *map(_summary, others)]
        click.echo(json.dumps(entries, indent=1, ensure_ascii=False))
        return 0
    _print(facts, others, contact_sheet)
    return 0


def _facts(dataset: Dataset) -> dict[str, Any]:
    import numpy as np

    return {
        "name": dataset.name,
        "source": dataset.source,
        "train_samples": len(dataset.x_train),
        "test_samples": len(dataset.x_test),
        "features": dataset.features,
        "classes": dataset.classes,
        "class_names": None if dataset.class_names is None else list(dataset.class_names),
        "train_labels": np.bincount(dataset.t_train, minlength=dataset.classes).tolist(),
        "test_labels": np.bincount(dataset.t_test, minlength=dataset.classes).tolist(),
        # Data that did not match their checksums would not have been loaded.
        "sha256": None if dataset.sha256 is None else dict(dataset.sha256),
    }


def _summary(entry: Available) -> dict[str, Any]:
    """Return what is known of a data set without loading it."""
    return {
        "name": entry.name,
        "location": None if entry.location is None else str(entry.location),
        "download_bytes": entry.download_bytes,
        "classes": entry.classes,
    }


def _place(entry: Available) -> str:
    """Say in words where a data set is."""
    if entry.location is not None:
        return f"in {entry.location}"
    if entry.download_bytes:
        return f"not here; a download of {entry.download_bytes / 1e6:.0f} MB"
    return "not here; it comes with scikit-learn: pip install scikit-learn"


def _draw(dataset: Dataset, contact_sheet: str, samples: int) -> None:
    from nudgegrad.plotting import plot_samples, save_figure
    from nudgegrad.validation import ParameterError

    if dataset.image_shape is None:
        raise ParameterError(
            f"{dataset.name} must hold pictures, it has {dataset.features} features"
        )
    images = dataset.x_test[:samples].reshape(-1, *dataset.image_shape)
    labels = dataset.t_test[:samples].astype(object)
    names = dataset.class_names or ()
    if all(len(name) <= SHORT and name.isascii() for name in names):  # there is no room for others
        labels[:] = [dataset.class_name(label) for label in labels]
    save_figure(plot_samples(images, labels), contact_sheet)


def _print(facts: dict[str, Any], others: list[Available], contact_sheet: str | None) -> None:
    from nudgegrad.cli.console import make_console

    console = make_console()
    checksums = facts.pop("sha256")
    names = facts.pop("class_names")
    for key, value in facts.items():
        console.print(f"{key.replace('_', ' '):14} {value}")
    if names is not None:
        console.print(f"{'class names':14} {', '.join(names)}")
    for file, checksum in (checksums or {"": "no checksums to compare with"}).items():
        console.print(f"{'sha256':14} {checksum}  {file + ': verified' if file else ''}")
    if contact_sheet:
        console.print(f"{'contact sheet':14} {contact_sheet}")
    if others:
        console.print("")
    for entry in others:
        console.print(f"{entry.name:16} {entry.classes} classes, {_place(entry)}")
