"""``nudgegrad predict``: what pictures show, says a trained network."""

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
    """Say which digit (or other class) each picture shows, and how sure the network is.

    PNG or JPEG of any size. Where the network learnt MNIST or characters like its, dark on light or
    light on dark: each picture is scaled into 20×20 and centred by mass in 28×28. Where it learnt
    other pictures (Fashion-MNIST, a folder of pictures), it is made grey and scaled to their size,
    and should be as they are.

    \b
    Examples:
      nudgegrad predict seven.png --run runs/NAME
      nudgegrad predict *.png --run runs/NAME --json
    """
    from nudgegrad.cli.console import make_console
    from nudgegrad.data import as_inputs
    from nudgegrad.picture import PictureError
    from nudgegrad.training.run_folder import RunFolder

    folder = RunFolder.open(run)
    network = folder.network()
    subject = folder.subject()
    read = subject.reader()
    console = make_console()
    results, failed = [], False
    for image in images:
        try:
            digit = read(image)
        except PictureError as error:
            click.echo(f"Error: {error}", err=True)
            failed = True
            continue
        probabilities = network.predict(as_inputs(digit[None], network.dtype))[0]
        best = int(probabilities.argmax())
        named = {} if subject.class_names is None else {"class_name": subject.class_names[best]}
        results.append(
            {
                "image": image, "digit": best, **named,
                "probabilities": [float(p) for p in probabilities],
            }
        )  # fmt: skip
        if not as_json:
            names = subject.class_names or range(len(probabilities))
            console.print(f"{image}: {names[best]}   (probability {probabilities[best]:.3f})")
            others = "  ".join(
                f"{name}: {p:.3f}" for name, p in zip(names, probabilities, strict=True)
            )
            console.print(f"  {others}")
    if as_json:
        click.echo(json.dumps(results, indent=1, ensure_ascii=False))
    return 1 if failed else 0
