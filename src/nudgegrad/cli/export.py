"""``nudgegrad export``: a trained network as one file."""

from __future__ import annotations

import click

__all__ = ["export"]


@click.command()
@click.option(
    "--run",
    required=True,
    type=click.Path(file_okay=False),
    metavar="RUN",
    help="The folder of the run whose network is taken, as its last checkpoint has it.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Where to: .npz, or .safetensors, which needs the safetensors library.",
)
def export(run: str, out: str) -> int:
    """Write a run's network into one file, which nudgegrad.load_network(FILE) reads.

    A file that is there is replaced.

    \b
    Examples:
      nudgegrad export --run runs/NAME --out digits.npz
      nudgegrad export --run runs/NAME --out digits.safetensors
    """
    from nudgegrad.training.run_folder import RunFolder

    network = RunFolder.open(run).network()
    try:
        network.save(out)
    except ImportError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{out}: {network!r}")
    return 0
