"""Files of data sets from the internet: from several mirrors, gone on with, and verified."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from nudgegrad._version import __version__
from nudgegrad.files import FileError

__all__ = ["OnProgress", "RemoteFile", "fetch", "sha256_of"]

OnProgress = Callable[[str, int, int], Any]
"""Called with a file's name, how many of its bytes are here, and how many it has."""

CHUNK = 1 << 16
TIMEOUT = 30.0  # seconds without a byte
ATTEMPTS = 5  # at one mirror, as long as each brings something


@dataclass(frozen=True)
class RemoteFile:
    """A file that mirrors hold.

    Attributes
    ----------
    name
        What it is called.
    size
        How many bytes it has.
    sha256
        Their SHA-256 checksum, in hexadecimal.
    mirrors
        Addresses of folders that hold it, in the order in which they are asked.
    """

    name: str
    size: int
    sha256: str
    mirrors: tuple[str, ...]


class _MirrorError(Exception):
    """A mirror does not give the file; the message says why."""


def sha256_of(path: Path) -> str:
    """Return the SHA-256 checksum of a file, in hexadecimal."""
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error})") from error


def fetch(file: RemoteFile, folder: Path, on_progress: OnProgress | None = None) -> Path:
    """Download a file into a folder, unless it lies there.

    It is written as ``name.part``, and takes its name once its checksum is right. What an
    interruption or a broken connection left of it is gone on with (by HTTP's Range), from the same
    mirror or another; a whole file with a wrong checksum is removed.

    Parameters
    ----------
    file, folder
        What to download, and where to. The folder is made if need be.
    on_progress
        Called after each part. What it raises ends the download, and the part stays.

    Returns
    -------
    Path
        The file. One that was there already is returned as it is.

    Raises
    ------
    FileError
        If no mirror gives the file, or the folder cannot hold it.
    """
    target, part = folder / file.name, folder / f"{file.name}.part"
    if target.is_file():
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        present = _present(part, file)
        free = shutil.disk_usage(folder).free
        if free < file.size - present:
            raise FileError(
                f"{folder}: must have {file.size - present:,} bytes free for {file.name}, "
                f"has {free:,}"
            )
        reasons = []
        for mirror in file.mirrors:
            try:
                _fetch_from(mirror + file.name, part, file, on_progress)
                part.replace(target)
                return target
            except _MirrorError as error:
                reasons.append(f"{mirror + file.name}: {error}")
    except OSError as error:
        raise FileError(f"{part}: cannot be written ({error.strerror or error})") from error
    raise FileError(f"{file.name}: cannot be downloaded\n  " + "\n  ".join(reasons))


def _present(part: Path, file: RemoteFile) -> int:
    """Return how many bytes are here already; more than there can be are none."""
    size = part.stat().st_size if part.is_file() else 0
    if size > file.size:
        part.unlink()
        return 0
    return size


def _fetch_from(url: str, part: Path, file: RemoteFile, on_progress: OnProgress | None) -> None:
    """Complete `part` from one mirror, and verify it."""
    before = found = _present(part, file)
    for attempt in range(ATTEMPTS):
        try:
            if _present(part, file) < file.size:
                _read_on(url, part, file, on_progress)
        except _MirrorError:
            after = _present(part, file)
            if attempt == ATTEMPTS - 1 or after <= before:
                raise
            before = after
            continue
        break
    digest = sha256_of(part)
    if digest != file.sha256:
        part.unlink()
        if found:  # the part that was here may have been the wrong one
            _fetch_from(url, part, file, on_progress)
            return
        raise _MirrorError(f"has SHA-256 {digest}, expected {file.sha256}; removed")


def _read_on(url: str, part: Path, file: RemoteFile, on_progress: OnProgress | None) -> None:
    """Ask once for what is missing, and write what comes."""
    # Imported here, since `import nudgegrad` would wait for them.
    import http.client
    import urllib.error
    import urllib.request

    present = _present(part, file)
    headers = {"User-Agent": f"nudgegrad/{__version__}", "Accept-Encoding": "identity"}
    if present:
        headers["Range"] = f"bytes={present}-"
    try:
        answer = urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=TIMEOUT
        )
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416 and present:  # it is shorter there than what is here: begin anew
            part.unlink()
            _read_on(url, part, file, on_progress)
            return
        raise _MirrorError(f"HTTP status {error.code} ({error.reason})") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _MirrorError(str(getattr(error, "reason", None) or error)) from error
    with answer:
        resumed = answer.status == 206
        if resumed and not str(answer.headers["Content-Range"]).startswith(f"bytes {present}-"):
            raise _MirrorError(f"answered with another range: {answer.headers['Content-Range']}")
        with part.open("ab" if resumed else "wb") as stream:
            _copy(answer, stream, file, present if resumed else 0, on_progress)


def _copy(
    answer: Any, stream: IO[bytes], file: RemoteFile, done: int, on_progress: OnProgress | None
) -> None:
    import http.client

    while True:
        try:
            chunk = answer.read(min(CHUNK, file.size - done + 1))
        except (OSError, http.client.HTTPException) as error:
            raise _MirrorError(f"stopped after {done:,} bytes ({error})") from error
        if not chunk:
            break
        if done + len(chunk) > file.size:
            stream.truncate(0)
            raise _MirrorError(f"gives more than {file.size:,} bytes, so it is another file")
        stream.write(chunk)
        done += len(chunk)
        if on_progress is not None:
            on_progress(file.name, done, file.size)
    if done < file.size:
        raise _MirrorError(f"stopped after {done:,} of {file.size:,} bytes")
    stream.flush()
    os.fsync(stream.fileno())
