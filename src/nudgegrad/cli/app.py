"""``nudgegrad app``: everything on a page in the browser, served by this machine."""

from __future__ import annotations

import importlib.util
import signal

import click

__all__ = ["app"]


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True,
    help="Port to listen on; 0 takes a free one.",
)  # fmt: skip
@click.option("--no-open", is_flag=True, help="Do not open a browser.")
@click.option(
    "--runs", type=click.Path(file_okay=False), default="runs", show_default=True, metavar="DIR",
    help="The folder of all runs.",
)  # fmt: skip
@click.option(
    "--token", help="What a browser must know to come in; needed where others reach the host."
)
@click.pass_context
def app(
    context: click.Context, host: str, port: int, no_open: bool, runs: str, token: str | None
) -> int:
    """Train, draw digits, and look into nudges on a local web page.

    Only this machine can reach it, unless --host says otherwise. Ctrl-C ends it, and saves what is
    being trained.

    \b
    Examples:
      nudgegrad app
      nudgegrad app --port 8000 --no-open
      nudgegrad app --host 0.0.0.0 --token "a word that is hard to guess"
    """
    if importlib.util.find_spec("nicegui") is None:
        click.echo('Error: the page needs NiceGUI: pip install "nudgegrad[app]"', err=True)
        return 2
    from nudgegrad.app.guard import is_loopback

    if token is not None and not token:
        raise click.UsageError("--token must not be empty", context)
    if token is None and not is_loopback(host):
        raise click.UsageError(
            f"--host {host} can be reached from other machines, so --token must be given too",
            context,
        )
    from nudgegrad.app.server import address, bind, serve
    from nudgegrad.app.session import Session

    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a shell's background job
        signal.signal(signal.SIGINT, signal.default_int_handler)
    bound = bind(host, port)
    click.echo(f"nudgegrad: {address(host, bound.getsockname()[1], token)}  (Ctrl-C ends it)")
    serve(bound, Session(runs), host=host, token=token, show=not no_open)
    return 0
