"""Where the commands write: a live terminal, or plain lines."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["is_plain", "make_console"]


def is_plain() -> bool:
    """Tell whether to write plain lines: not to a terminal, or NO_COLOR is set."""
    return bool(os.environ.get("NO_COLOR")) or not sys.stdout.isatty()


def make_console(*, stderr: bool = False, quiet: bool = False) -> Console:
    """Return a console that never colours or wraps what is not read on a terminal.

    Markup is off: a path such as ``runs/[a]`` is shown as it is.
    """
    from rich.console import Console

    if is_plain():
        return Console(
            stderr=stderr, quiet=quiet, no_color=True, highlight=False, color_system=None,
            soft_wrap=True, markup=False, emoji=False, width=160,
        )  # fmt: skip
    return Console(stderr=stderr, quiet=quiet, highlight=False, markup=False, emoji=False)
