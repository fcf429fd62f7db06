"""The runs in a folder: what there is, and one of them read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nudgegrad.files import FileError
from nudgegrad.training.checkpoint import read_history
from nudgegrad.training.configuration import Configuration
from nudgegrad.training.history import History
from nudgegrad.training.run_folder import RunFolder
from nudgegrad.validation import ParameterError

__all__ = ["RunFacts", "find_run", "list_runs", "read_run_history"]


@dataclass(frozen=True)
class RunFacts:
    """A run in a line.

    Attributes
    ----------
    name : str
        Of its folder.
    configuration : Configuration
    outcome : str
        ``"completed"``, ``"interrupted"``, ``"diverged"``, or ``"unfinished"`` where no end was
        written yet: it is under way, or its process was killed.
    iterations : int or None
    test_accuracy : float or None
    seconds : float or None
    changed : float
        When its checkpoint was written, in seconds since 1970.
    """

    name: str
    configuration: Configuration
    outcome: str
    iterations: int | None
    test_accuracy: float | None
    seconds: float | None
    changed: float


def list_runs(runs: Path) -> list[RunFacts]:
    """Return the runs in a folder, the latest first. What is no run, or damaged, is left out."""
    found = []
    try:
        folders = [path for path in runs.iterdir() if _is_inside(path, runs)]
    except OSError:
        return []
    for path in folders:
        try:
            found.append(_facts(RunFolder.open(path)))
        except (FileError, OSError):
            continue
    return sorted(found, key=lambda run: (run.changed, run.name), reverse=True)


def find_run(runs: Path, name: str) -> RunFolder:
    """Return the folder of a run by its name, which cannot lead out of `runs`.

    Raises
    ------
    ParameterError
        If the name is none of a folder directly in `runs`.
    FileError
        If that folder holds no run.
    """
    path = runs / name
    if name in ("", ".", "..") or Path(name).name != name or not _is_inside(path, runs):
        raise ParameterError(f"run must be the name of a folder in {runs}, got {name!r}")
    return RunFolder.open(path)


def read_run_history(folder: RunFolder) -> History:
    """Return the history as it was last written: at the end, or in a later checkpoint."""
    saved = read_history(folder.checkpoint_file)
    if not folder.history_file.is_file():
        return saved
    told = History.load(folder.history_file)
    return told if told.iterations >= saved.iterations else saved


def _is_inside(path: Path, runs: Path) -> bool:
    return path.resolve().parent == runs.resolve()


def _facts(folder: RunFolder) -> RunFacts:
    summary: dict[str, Any] = {}
    changed = folder.checkpoint_file.stat().st_mtime
    if folder.summary_file.is_file():
        try:
            summary = dict(json.loads(folder.summary_file.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise FileError(f"{folder.summary_file}: is no summary ({error!r})") from error

    def number(name: str) -> Any:
        value = summary.get(name)
        return value if isinstance(value, (int, float)) else None

    return RunFacts(
        name=folder.path.name,
        configuration=folder.configuration(),
        outcome=str(summary.get("outcome", "unfinished")),
        iterations=number("iterations"),
        test_accuracy=number("test_accuracy"),
        seconds=number("seconds"),
        changed=changed,
    )
