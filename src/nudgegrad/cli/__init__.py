"""The command line. Every command is a file of its own, loaded when it is called."""

from __future__ import annotations

import importlib
import signal
import sys
import threading
from typing import Any

import click

from nudgegrad._starting import INTERRUPTED, started
from nudgegrad._version import __version__

__all__ = ["cli", "main"]

COMMANDS = ("train", "app", "check", "compare", "walk", "predict", "export", "data")


class _Commands(click.Group):
    """Finds a command in the module of its name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"nudgegrad.cli.{name}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        import difflib

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"No such command {args[0]!r}.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="nudgegrad")
def cli() -> None:
    """Neural networks that learn, and gradients that are checked, by numerical differentiation.

    Nudge a weight by ±h, see how the loss moves, and that slope is its gradient.

    \b
    Examples:
      nudgegrad train                      the main job: MNIST from numerical gradients
      nudgegrad app                        the same on a page in the browser
      nudgegrad check layers.py            every entry of a gradient of yours, checked
      nudgegrad compare                    four ways to the same gradient, measured
      nudgegrad walk --lang ja             one mini-batch, step by step
      nudgegrad predict digit.png --run runs/NAME
    """


def main(args: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code.

    0 fine, 1 a failed run or check, 2 wrong usage, 130 interrupted, 143 terminated.
    """
    if threading.current_thread() is threading.main_thread():
        started()
        # As an exception, so that files are closed and temporary ones removed on the way out.
        signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    sys.exit(_run(args))


def _run(args: list[str] | None) -> int:
    try:
        result: Any = cli.main(args=args, prog_name="nudgegrad", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has gone (nudgegrad … | head): nobody is left to tell.
        sys.stderr.close()
        return 1
    except MemoryError as error:
        click.echo(f"Error: not enough memory ({error})", err=True)
        return 1
    except (ValueError, OSError) as error:
        from nudgegrad.picture import PictureError
        from nudgegrad.validation import ParameterError

        kinds = (_file_error(), ParameterError, PictureError, OSError)
        if not isinstance(error, kinds):
            raise
        message = str(error)
        if isinstance(error, OSError) and error.filename and error.strerror:
            message = f"{error.filename}: {error.strerror}"
        click.echo(f"Error: {message}", err=True)
        return 2 if isinstance(error, ParameterError) else 1


def _file_error() -> type[Exception]:
    from nudgegrad.files import FileError

    return FileError
