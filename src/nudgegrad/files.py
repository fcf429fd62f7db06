"""Files written whole or not at all, and npz archives read without trusting them."""

from __future__ import annotations

import json
import math
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy_format

__all__ = ["FileError", "finite_or_none", "read_npz", "write_atomically", "write_json", "write_npz"]

DEFLATE_RATIO = 1040  # deflate never shrinks more than 1032-fold; a little room for headers
JSON_MEMBER = "checkpoint.json"


class FileError(ValueError):
    """A file that does not hold what it must; the message names the file and the fact."""


@contextmanager
def write_atomically(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a temporary file beside `path` that takes its place when the block ends well.

    Whoever reads `path`, at any moment and after any crash, finds the old content or the new,
    never a part. If the block raises, the temporary file is removed and `path` is untouched.

    Raises
    ------
    OSError
        If the file cannot be written; it names `path`.
    """
    target = Path(path)
    name = None
    try:
        descriptor, name = tempfile.mkstemp(
            prefix=f".{target.name}.", suffix=".tmp", dir=target.parent
        )
        with os.fdopen(descriptor, "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)  # mkstemp gives 0600; a result file is no secret
        Path(name).replace(target)
    except BaseException as error:
        if name is not None:
            Path(name).unlink(missing_ok=True)
        if not isinstance(error, OSError) or error.errno is None:
            raise
        if name is not None and error.filename not in (None, name):  # of another file
            raise
        raise OSError(error.errno, error.strerror, str(target)) from error


def finite_or_none(value: Any) -> Any:
    """Replace NaN and infinities by None, which JSON has, in nested lists and mappings."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: finite_or_none(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite_or_none(item) for item in value]
    return value


def write_json(path: str | os.PathLike[str], document: Any) -> None:
    """Write `document` as indented JSON, atomically; NaN and infinities become null."""
    text = json.dumps(finite_or_none(document), indent=1, ensure_ascii=False, allow_nan=False)
    with write_atomically(path) as stream:
        stream.write(text.encode() + b"\n")


def write_npz(
    path: str | os.PathLike[str],
    arrays: Mapping[str, Any],
    document: Any,
    *,
    member: str = JSON_MEMBER,
) -> None:
    """Write arrays and one JSON document, called `member`, as an npz archive, atomically."""
    with (
        write_atomically(path) as stream,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive,
    ):
        archive.writestr(member, json.dumps(document, indent=1, ensure_ascii=False))
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                npy_format.write_array(entry, np.asarray(array), allow_pickle=False)


def read_npz(
    path: str | os.PathLike[str], *, member: str = JSON_MEMBER, limit: int = 2**32
) -> tuple[dict[str, np.ndarray[Any, Any]], Any]:
    """Read every array of an npz archive, and its JSON document if it has one.

    Headers are compared with the sizes that the archive really has before anything is allocated,
    and object arrays (pickles) are refused.

    Parameters
    ----------
    path
        The archive.
    member
        What the JSON document is called.
    limit
        The most bytes that its members may hold together, 4 GiB unless told.

    Returns
    -------
    arrays, document
        Name → array, and the parsed JSON or None.

    Raises
    ------
    FileError
        If the file is no such archive, or holds what it may not.
    """
    source = Path(path)
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    document = None
    try:
        with zipfile.ZipFile(source) as archive:
            members = archive.infolist()
            on_disk = source.stat().st_size
            total = sum(entry.file_size for entry in members)
            if total > min(limit, on_disk * DEFLATE_RATIO):
                raise FileError(f"{source}: declares {total} bytes, more than it can or may hold")
            for entry in members:
                if entry.filename == member:
                    document = json.loads(archive.read(entry))
                elif entry.filename.endswith(".npy"):
                    name = entry.filename.removesuffix(".npy")
                    arrays[name] = _read_member(archive, entry, f"{source}: array {name!r}")
    except (FileError, MemoryError):
        raise
    except OSError as error:
        raise FileError(f"{source}: cannot be read ({error.strerror or error})") from error
    except Exception as error:  # damage surfaces as whatever zipfile or NumPy stumbled upon
        raise FileError(f"{source}: is not a complete npz archive ({error})") from error
    return arrays, document


def _read_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, where: str
) -> np.ndarray[Any, Any]:
    with archive.open(member) as stream:
        try:
            version = npy_format.read_magic(stream)
            read_header = {
                (1, 0): npy_format.read_array_header_1_0,
                (2, 0): npy_format.read_array_header_2_0,
            }[version]
            shape, fortran_order, dtype = read_header(stream)
        except (ValueError, KeyError) as error:
            raise FileError(f"{where}: has no valid npy header ({error})") from error
        if dtype.hasobject:
            raise FileError(f"{where}: holds Python objects, which are never loaded")
        size = math.prod(shape) * dtype.itemsize
        held = member.file_size - stream.tell()
        if min(shape, default=0) < 0 or size != held:
            raise FileError(f"{where}: header declares {size} bytes, the member holds {held}")
        values = np.frombuffer(bytearray(stream.read()), dtype=dtype)
    return values.reshape(shape, order="F" if fortran_order else "C")
