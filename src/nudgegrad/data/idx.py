"""Reading IDX, the format of MNIST: a magic number, the sizes, then the bytes.

See Also
--------
http://yann.lecun.com/exdb/mnist : where the format is defined.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import IO, cast

import numpy as np
from numpy.typing import NDArray

from nudgegrad.files import DEFLATE_RATIO, FileError
from nudgegrad.validation import check_integer

__all__ = ["read_idx", "read_idx_member"]

UNSIGNED_BYTES = 0x0800  # the element type, in the magic number's third byte
GZIP_MAGIC = b"\x1f\x8b"


def read_idx(
    path: str | os.PathLike[str], dimensions: int, *, sha256: str | None = None
) -> NDArray[np.uint8]:
    """Read an IDX file of unsigned bytes, plain or gzip-compressed.

    Compression is told by the content, not by the name. What the header declares is compared
    with what the file can hold before anything of that size is allocated.

    Parameters
    ----------
    path
        The file.
    dimensions
        How many dimensions it must have: 1 for labels, 3 for images.
    sha256
        If given, the SHA-256 (in hexadecimal) that the uncompressed bytes, header included, must
        have.

    Returns
    -------
    ndarray of uint8
        Read-only.

    Raises
    ------
    FileError
        If the file is missing or is not exactly what its header declares.
    """
    dimensions = check_integer("dimensions", dimensions, 1, 255)
    source = Path(path)
    if not source.is_file():  # a pipe, too, would have no size to compare with
        fact = "is not a file" if source.exists() else "does not exist"
        raise FileError(f"{source}: {fact}; expected an IDX file, plain or gzip-compressed")
    try:
        with source.open("rb") as raw:
            size = os.fstat(raw.fileno()).st_size
            compressed = raw.read(2) == GZIP_MAGIC
            raw.seek(0)
            if not compressed:
                return _read(raw, source, dimensions, sha256, size, exact=True)
            with gzip.GzipFile(fileobj=raw) as stream:
                limit = size * DEFLATE_RATIO
                return _read(cast(IO[bytes], stream), source, dimensions, sha256, limit)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise FileError(f"{source}: is not a complete gzip file ({error})") from error
    except OSError as error:
        raise FileError(f"{source}: cannot be read ({error.strerror or error})") from error


def read_idx_member(archive: zipfile.ZipFile, member: str, dimensions: int) -> NDArray[np.uint8]:
    """Read a gzip-compressed IDX file that lies in a zip archive, without unpacking it to disk.

    Parameters
    ----------
    archive
        The opened archive, read from a file.
    member
        The name in it.
    dimensions
        How many dimensions the file must have.

    Returns
    -------
    ndarray of uint8
        Read-only.

    Raises
    ------
    FileError
        If there is no such member or it is not exactly what its headers declare.
    """
    where = f"{archive.filename}: {member}"
    try:
        info = archive.getinfo(member)
        limit = min(info.file_size, info.compress_size * DEFLATE_RATIO) * DEFLATE_RATIO
        with archive.open(info) as raw, gzip.GzipFile(fileobj=raw) as stream:
            return _read(cast(IO[bytes], stream), where, dimensions, None, limit)
    except KeyError:
        raise FileError(f"{archive.filename}: has no member {member}") from None
    except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error, OSError) as error:
        raise FileError(f"{where}: cannot be read ({error})") from error


def _read(
    stream: IO[bytes],
    source: Path | str,
    dimensions: int,
    sha256: str | None,
    limit: int,
    exact: bool = False,
) -> NDArray[np.uint8]:
    """Read from the opened file, which holds at most (or exactly) `limit` bytes."""
    length = 4 + 4 * dimensions
    header = stream.read(length)
    magic = UNSIGNED_BYTES + dimensions
    if len(header) >= 4 and int.from_bytes(header[:4], "big") != magic:
        raise FileError(
            f"{source}: begins with 0x{header[:4].hex()}, an IDX file of unsigned bytes "
            f"in {dimensions} dimensions begins with 0x{magic:08x}"
        )
    if len(header) < length:
        raise FileError(f"{source}: ends after {len(header)} of its header's {length} bytes")

    shape = struct.unpack(f">{dimensions}I", header[4:])
    declared = math.prod(shape)
    sizes = " × ".join(map(str, shape))
    if declared == 0:
        raise FileError(f"{source}: is empty, its header declares sizes {sizes}")
    if exact and length + declared != limit:
        raise FileError(
            f"{source}: header declares {sizes} = {declared} bytes, {limit - length} follow it"
        )
    if length + declared > limit:
        raise FileError(
            f"{source}: header declares {sizes} = {declared} bytes, "
            f"which a compressed file of this size cannot hold"
        )

    payload = stream.read(declared + 1)  # one more tells whether it goes on, however far
    if len(payload) != declared:
        held = "more" if len(payload) > declared else f"only {len(payload)}"
        raise FileError(f"{source}: header declares {sizes} = {declared} bytes, {held} follow it")
    if sha256 is not None:
        digest = hashlib.sha256(header)
        digest.update(payload)
        if digest.hexdigest() != sha256.lower():
            raise FileError(
                f"{source}: has SHA-256 {digest.hexdigest()}, expected {sha256}; "
                f"the file is damaged or not the one meant"
            )
    return np.frombuffer(payload, dtype=np.uint8).reshape(shape)
