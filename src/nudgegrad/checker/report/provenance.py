"""Where a report comes from: what was checked, when, and with which versions."""

from __future__ import annotations

import inspect
import platform
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nudgegrad._version import __version__

if TYPE_CHECKING:
    from nudgegrad.checker.report import Report

__all__ = ["attributed", "describe", "now", "versions"]

LONGEST = 72
"""Characters of a name or a repr that are shown."""


def describe(thing: Any) -> str:
    """Return what a function, module or network is called, and its file where that is known.

    Parameters
    ----------
    thing
        A function gives ``"loss(params) in model.py"``, one of an installed package
        ``"package.module.loss(params)"``, any other object its repr, on one line and cut.
    """
    if isinstance(thing, partial):
        return f"partial of {describe(thing.func)}"
    function = inspect.unwrap(thing) if callable(thing) else thing
    if not (inspect.isroutine(function) or isinstance(function, np.ufunc)):
        return _represented(thing)
    name = str(getattr(function, "__qualname__", None) or getattr(function, "__name__", "function"))
    name = _short(name.rpartition("<locals>.")[2])
    lambda_ = name == "<lambda>"
    call = ("a lambda" if lambda_ else name) + _arguments(function)
    module = str(getattr(function, "__module__", None) or "__main__")
    code: Any = getattr(function, "__code__", None)
    file = _nearby(code.co_filename, script=module == "__main__") if code is not None else None
    if file is not None:
        return f"{call} in {file}" + (f":{code.co_firstlineno}" if lambda_ else "")
    return call if lambda_ or module in ("__main__", "builtins") else f"{module}.{call}"


def attributed(report: Report, target: str, *libraries: str) -> Report:
    """Return a report that names what was checked, and the libraries that took part."""
    return replace(report, target=target, versions=versions(*libraries))


def now() -> str:
    """Return the date and time in ISO 8601, with the zone."""
    return datetime.now().astimezone().isoformat(timespec="seconds")


def versions(*libraries: str) -> dict[str, str]:
    """Return the versions of nudgegrad, Python, NumPy, and of other libraries that are loaded."""
    found = {
        "nudgegrad": __version__,
        "Python": platform.python_version(),
        "NumPy": np.__version__,
    }
    for name in libraries:
        version = getattr(sys.modules.get(name), "__version__", None)
        if version is not None:
            found[name] = str(version)
    return found


def _represented(thing: Any) -> str:
    try:
        text = " ".join(repr(thing).split())
    except Exception:  # it is the user's, and the check is not about it
        text = " at 0x"
    return f"an object of {type(thing).__qualname__}" if " at 0x" in text else _short(text)


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _arguments(function: Callable[..., Any]) -> str:
    """Return the arguments that a function cannot do without, in parentheses."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # of some functions written in C
        return ""
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    needed = [p.name for p in parameters if p.default is p.empty and p.kind not in optional]
    return f"({', '.join(needed)})"


def _nearby(file: str, *, script: bool) -> str | None:
    """Return a file as seen from the current folder; a script that lies elsewhere by its name."""
    path = Path(file)
    try:
        if not path.is_file():  # typed in, or a notebook's cell
            return None
        if path.resolve().is_relative_to(Path.cwd()):
            return str(path.resolve().relative_to(Path.cwd()))
    except OSError:  # no current folder
        pass
    return path.name if script else None
