"""Ctrl-C during a check in an interactive session: the report of what has been seen."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from nudgegrad.signals import stop_on_signal

__all__ = ["interruptible"]

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def interruptible(check: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Let a first Ctrl-C in an interactive session end a check early, and a second one raise.

    In scripts, in threads, and where somebody else handles SIGINT, Ctrl-C does what it did before.

    Parameters
    ----------
    check
        Takes the option `cancel`.
    """

    @wraps(check)
    def listening(*args: Arguments.args, **options: Arguments.kwargs) -> Result:
        if not _listens():
            return check(*args, **options)
        cancel = options.get("cancel")
        with stop_on_signal(signal.SIGINT) as request:

            def asked() -> bool:
                return bool(request) or (callable(cancel) and bool(cancel()))

            options["cancel"] = asked
            return check(*args, **options)

    return listening


def _listens() -> bool:
    """Tell whether somebody types, and Ctrl-C would raise `KeyboardInterrupt` here."""
    return (
        (hasattr(sys, "ps1") or bool(sys.flags.interactive) or _in_ipython())
        and threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )


def _in_ipython() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None
