"""``nudgegrad data``: which data sets there are, and what is in them."""

from __future__ import annotations

import json

import click

from nudgegrad.cli import options

__all__ = ["data"]


@click.command()
@click.option(
    "--data",
    "chosen",
    metavar="NAME|PATH",
    help="A name, a folder of IDX files, or an .npz file.  [default: all names]",
)
@options.classes
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
    chosen: str | None, classes: int | None, contact_sheet: str | None, samples: int, as_json: bool
) -> int:
    """List data sets: where they are, how many samples, and whether their checksums hold.

    \b
    Examples:
      nudgegrad data
      nudgegrad data --data /usr/share/datasets/fashion-mnist
      nudgegrad data --contact-sheet digits.png
    """
    import numpy as np

    from nudgegrad.cli.console import make_console
    from nudgegrad.data import bundled, load, names
    from nudgegrad.validation import ParameterError, check_integer

    check_integer("samples", samples, 1)
    datasets = {name: load(name, classes=classes) for name in ([chosen] if chosen else names())}
    facts = [
        {
            "name": dataset.name,
            "source": dataset.source,
            "train_samples": len(dataset.x_train),
            "test_samples": len(dataset.x_test),
            "features": dataset.features,
            "classes": dataset.classes,
            "train_labels": np.bincount(dataset.t_train, minlength=dataset.classes).tolist(),
            "test_labels": np.bincount(dataset.t_test, minlength=dataset.classes).tolist(),
            # A bundled set that did not match its checksums would not have been loaded.
            "sha256": bundled.checksums() if name in names() else None,
        }
        for name, dataset in datasets.items()
    ]
    if contact_sheet:
        from nudgegrad.plotting import plot_samples, save_figure

        shown = next(iter(datasets.values()))
        if shown.image_shape is None:
            raise ParameterError(
                f"{shown.name} must hold pictures, it has {shown.features} features"
            )
        images = shown.x_test[:samples].reshape(-1, *shown.image_shape)
        save_figure(plot_samples(images, shown.t_test[:samples]), contact_sheet)
    if as_json:
        click.echo(json.dumps(facts, indent=1, ensure_ascii=False))
        return 0
    console = make_console()
    for entry in facts:
        checksums = entry.pop("sha256")
        for key, value in entry.items():
            console.print(f"{key.replace('_', ' '):14} {value}")
        for file, checksum in (checksums or {"": "no checksums to compare with"}).items():
            console.print(f"{'sha256':14} {checksum}  {file + ': verified' if file else ''}")
    if contact_sheet:
        console.print(f"{'contact sheet':14} {contact_sheet}")
    return 0
