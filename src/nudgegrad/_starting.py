"""Ctrl-C while the command line imports what it needs: a line in the place of a traceback.

The package imports this module before all others, which take a quarter of a second. Where it is
imported by any other program it does nothing.
"""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

__all__ = ["INTERRUPTED", "started"]

INTERRUPTED = 130
"""The exit code of a command that was interrupted, as a shell has it."""


def started() -> None:
    """Give SIGINT back to Python: `nudgegrad.cli.main` handles it from now on."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(number: int, frame: FrameType | None) -> None:
    # At once: what is half imported might turn an exception into another one.
    os.write(2, b"Interrupted.\n")
    os._exit(INTERRUPTED)


def _is_command_line() -> bool:
    """Tell whether this process is ``nudgegrad`` or ``python -m nudgegrad``."""
    name = sys.argv[0].replace(os.sep, "/").rpartition("/")[2] if sys.argv else ""
    by_module = name == "-m" and sys.orig_argv[1:3] == ["-m", "nudgegrad"]
    child = getattr(sys.modules.get("multiprocessing.process"), "parent_process", lambda: None)()
    return (by_module or name.partition(".")[0] == "nudgegrad") and child is None


if _is_command_line() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _leave)
