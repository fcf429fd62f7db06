"""What ``nudgegrad check`` is told to check: modules and files, and the callables in them."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from nudgegrad.checker.case import Case
from nudgegrad.checker.report import Report
from nudgegrad.validation import ParameterError

__all__ = ["Raised", "Target", "find_targets", "importable", "is_users"]

# Where frames are not the user's: this package, and what imports modules.
OURS = (
    str(Path(__file__).resolve().parents[1]) + os.sep, str(importlib.__file__), "<frozen importlib"
)  # fmt: skip
WHAT = "a nudgegrad.checker.Case, a tuple of the arguments of nudgegrad.check, or a check's Report"


class Raised(Exception):
    """The user's code raised something, which is the cause."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error

    @property
    def summary(self) -> str:
        """The error in one line."""
        return "".join(traceback.format_exception_only(self.error)).strip().splitlines()[-1]

    def __str__(self) -> str:
        """Return the traceback from where the user's code begins."""
        first = _users_frames(self.error.__traceback__)
        return "".join(traceback.format_exception(type(self.error), self.error, first)).rstrip()


@dataclass(frozen=True)
class Target:
    """One thing to check.

    Attributes
    ----------
    name : str
        As one would give it to the command.
    make : callable
        Returns what to check.
    """

    name: str
    make: Callable[[], Any]

    def build(self) -> Case | Report:
        """Return the case, or the report of a check that is done.

        Raises
        ------
        Raised
            If the user's code does.
        ParameterError
            If it returns something else.
        """
        with _run_by_user():
            value = self.make()
        if isinstance(value, (Case, Report)):
            return value
        if isinstance(value, tuple) and value:
            return Case(*value)
        kind = "an empty tuple" if isinstance(value, tuple) else type(value).__name__
        raise ParameterError(
            f"{self.name} must return {WHAT}, got {kind}; write return Case(f, params, gradients)"
        )


@contextmanager
def _run_by_user() -> Iterator[None]:
    """Turn what the block raises into `Raised`."""
    try:
        yield
    except (Exception, SystemExit) as error:
        raise Raised(error) from error


@contextmanager
def importable() -> Iterator[None]:
    """While the block runs, modules are found in the current directory first."""
    before = list(sys.path)
    sys.path.insert(0, str(Path.cwd()))
    try:
        yield
    finally:
        sys.path[:] = before


def is_users(error: BaseException) -> bool:
    """Tell whether an error came out of code that is not this package's."""
    return _users_frames(error.__traceback__) is not None


def find_targets(text: str) -> list[Target]:
    """Return what a target means: one callable, or all cases of a module or file.

    Parameters
    ----------
    text
        ``module:callable``, ``path/to/file.py:callable``, or without the callable.

    Raises
    ------
    Raised
        If the module raises while it is imported.
    ParameterError
        If there is no such module, file or callable, or it takes arguments.
    """
    place, _, name = text.rpartition(":")
    if not place or not all(part.isidentifier() for part in name.split(".")):
        place, name = text, ""
    module = _load(place)
    if name:
        return [Target(text, _callable(module, place, name))]
    found = [
        Target(f"{place}:{name}", _maker(value))
        for name, value in vars(module).items()
        if name.startswith("case") and _is_case(value, module)
    ]
    if not found:
        raise ParameterError(
            f"{place} must have functions without arguments whose names start with 'case', got "
            f"none; write def case(): return Case(f, params, gradients), or name another callable: "
            f"{place}:callable"
        )
    return found


def _load(place: str) -> ModuleType:
    path = Path(place)
    if place.endswith(".py") or len(path.parts) > 1:
        if not path.is_file():
            raise ParameterError(
                f"TARGET must be module:callable or path/to/file.py:callable, got {place}, which "
                f"does not exist in {Path.cwd()}"
            )
        return _load_file(path.resolve())
    if not all(part.isidentifier() for part in place.split(".")):
        hint = f"; did you mean {place}.py?" if Path(f"{place}.py").is_file() else ""
        raise ParameterError(
            f"TARGET must be module:callable or path/to/file.py:callable, got {place!r}{hint}"
        )
    try:
        return importlib.import_module(place)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{place}.".startswith(f"{error.name}."):
            raise Raised(error) from error  # a module that the user's module imports
        raise ParameterError(
            f"TARGET must be module:callable or path/to/file.py:callable, and there is no module "
            f"{error.name} here or among the installed ones"
        ) from None
    except (Exception, SystemExit) as error:
        raise Raised(error) from error


def _load_file(path: Path) -> ModuleType:
    """Return a file's module, which finds what lies beside it, as a script does."""
    for module in list(sys.modules.values()):
        if getattr(module, "__file__", None) == str(path) and module.__name__ != "__main__":
            return module
    name = path.stem if path.stem not in sys.modules else f"_nudgegrad_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ParameterError(f"TARGET must be a Python file, which ends in .py, got {path}")
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with _run_by_user():
            spec.loader.exec_module(module)
    except Raised:
        del sys.modules[name]
        raise
    return module


def _callable(module: ModuleType, place: str, name: str) -> Callable[[], Any]:
    value: Any = module
    for part in name.split("."):
        if not hasattr(value, part):
            names = [key for key, v in vars(module).items() if callable(v) and key[0] != "_"]
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ParameterError(f"{place} must have a callable {name!r}, got none{hint}")
        value = getattr(value, part)
    if isinstance(value, (Case, Report)):
        return _maker(value)
    if not callable(value):
        raise ParameterError(
            f"{place}:{name} must be a function that returns {WHAT}, got {type(value).__name__}"
        )
    needed = _needed(value)
    if needed:
        raise ParameterError(
            f"{place}:{name} must take no arguments, but needs {', '.join(needed)}; write a "
            "function that passes them"
        )
    return _maker(value)


def _maker(value: Any) -> Callable[[], Any]:
    if isinstance(value, (Case, Report)):
        return lambda: value
    make: Callable[[], Any] = value
    return make


def _is_case(value: Any, module: ModuleType) -> bool:
    if isinstance(value, Case):
        return True
    # What is imported from elsewhere is no case of this module.
    here = inspect.isfunction(value) and value.__module__ == module.__name__
    return here and not _needed(value)


def _needed(function: Any) -> list[str]:
    """Return the names of the arguments that a function cannot do without."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # of some callables written in C
        return []
    optional = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [p.name for p in parameters if p.default is p.empty and p.kind not in optional]


def _users_frames(frames: TracebackType | None) -> TracebackType | None:
    """Leave out the frames before the user's code: this package's, and those of importing."""
    while frames is not None:
        file = frames.tb_frame.f_code.co_filename
        if not file.startswith(OURS):
            return frames
        frames = frames.tb_next
    return None
