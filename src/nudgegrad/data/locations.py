"""Where the files of a data set lie on this machine, and what to put where if they do not."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from nudgegrad.data.fetch import RemoteFile
from nudgegrad.files import FileError

__all__ = ["cache_folder", "installed_folders", "missing"]

VARIABLE = "NUDGEGRAD_DATA"


def cache_folder(name: str) -> Path:
    """Return the folder into which a data set is downloaded; it may not exist.

    It is in the platform's cache folder (on Linux ``~/.cache/nudgegrad/data``), or in the folder
    that the environment variable ``NUDGEGRAD_DATA`` names.
    """
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen) / name
    from platformdirs import user_cache_path

    return user_cache_path("nudgegrad", appauthor=False) / "data" / name


def installed_folders(name: str) -> tuple[Path, ...]:
    """Return folders into which a system's packages put a data set; they may not exist.

    Debian's ``dataset-fashion-mnist`` is the one that there is.
    """
    return (Path("/usr/share/datasets") / name,)


def missing(
    name: str, folder: Path, files: Sequence[RemoteFile], reason: str, *, downloads: bool = True
) -> FileError:
    """Return the error that says which files to put into a folder, and where they come from.

    Parameters
    ----------
    name
        The data set.
    folder
        Where the files are looked for.
    files
        Those that it needs.
    reason
        What has happened.
    downloads
        Whether to say that the command line downloads them.
    """
    lines = [f"{name}: {reason}. Put into {folder}:"]
    lines += [f"  {file.name}  {file.size:,} bytes, SHA-256 {file.sha256}" for file in files]
    lines += [f"  from {mirror}" for mirror in files[0].mirrors]
    lines.append("or name a folder that holds them: folder=… (command line: --data-folder)")
    if downloads:
        lines.append(f"or download them: nudgegrad data --data {name}")
    return FileError("\n".join(lines))
