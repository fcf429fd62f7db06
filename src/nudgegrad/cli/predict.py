"""``nudgegrad predict``: which digits pictures show, says a trained network."""

from __future__ import annotations

import json

import click

__all__ = ["predict"]


@click.command()
@click.argument(
    "images",
    nargs=-1,
    required=True,
    metavar="IMAGE...",
    type=click.Path(exists=True, dir_okay=False),
)
@click.option(
    "--run",
    required=True,
    type=click.Path(file_okay=False),
    metavar="RUN",
    help="The folder of the run whose network is asked.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def predict(images: tuple[str, ...], run: str, as_json: bool) -> int:
    """Say which digit each picture shows, and how sure the network is.

    PNG or JPEG of any size, dark on light or light on dark. Each picture is brought into the form
    of MNIST's: scaled into 20×20 and centred by mass in 28×28.

    \b
    Examples:
      nudgegrad predict seven.png --run runs/NAME
      nudgegrad predict *.png --run runs/NAME --json
    """
    from nudgegrad.cli.console import make_console
    from nudgegrad.data import as_inputs
    from nudgegrad.files import FileError
    from nudgegrad.picture import PictureError, read_digit
    from nudgegrad.training.run_folder import RunFolder

    network = RunFolder.open(run).network()
    if network.layers[0].input_size != 28 * 28:
        raise FileError(
            f"{run}: its network takes {network.layers[0].input_size} features; pictures become "
            "28×28 = 784"
        )
    console = make_console()
    results, failed = [], False
    for image in images:
        try:
            digit = read_digit(image)
        except PictureError as error:
            click.echo(f"Error: {error}", err=True)
            failed = True
            continue
        probabilities = network.predict(as_inputs(digit[None], network.dtype))[0]
        best = int(probabilities.argmax())
        results.append(
            {"image": image, "digit": best, "probabilities": [float(p) for p in probabilities]}
        )
        if not as_json:
            console.print(f"{image}: {best}   (probability {probabilities[best]:.3f})")
            others = "  ".join(f"{label}: {p:.3f}" for label, p in enumerate(probabilities))
            console.print(f"  {others}")
    if as_json:
        click.echo(json.dumps(results, indent=1, ensure_ascii=False))
    return 1 if failed else 0
