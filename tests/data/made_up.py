"""Small data sets in the form of the known ones."""

from __future__ import annotations

import gzip
import hashlib
import io
import struct
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nudgegrad.data.fetch import RemoteFile
from nudgegrad.data.idx_sets import FASHION_MNIST, IdxSet


def idx(values: NDArray[np.uint8]) -> bytes:
    """Return an IDX file."""
    header = struct.pack(f">{1 + values.ndim}I", 0x0800 + values.ndim, *values.shape)
    return header + values.tobytes()


def made_up_arrays(classes: int, first_label: int = 0, seed: int = 0) -> list[NDArray[np.uint8]]:
    """Return training images and labels, test images and labels; images are not symmetric."""
    rng = np.random.default_rng(seed)
    found: list[NDArray[np.uint8]] = []
    for samples in (40, 20):
        found.append(rng.integers(0, 256, (samples, 28, 28), dtype=np.uint8))
        labels = np.arange(samples) % classes + first_label
        found.append(labels.astype(np.uint8))
    return found


def remote(name: str, content: bytes, *mirrors: str) -> RemoteFile:
    """Return what says of a content where it is and what its checksum is."""
    return RemoteFile(name, len(content), hashlib.sha256(content).hexdigest(), mirrors)


def made_up_set(
    *mirrors: str, contents: bool = True, name: str = "made-up"
) -> tuple[IdxSet, dict[str, bytes]]:
    """Return a set of four IDX files, and the files."""
    files, sums = {}, {}
    for known, values in zip(FASHION_MNIST.files, made_up_arrays(10), strict=True):
        plain = idx(values)
        files[known.name] = gzip.compress(plain, mtime=1)
        sums[known.name.removesuffix(".gz")] = hashlib.sha256(plain).hexdigest()
    a, b, c, d = (remote(file, content, *mirrors) for file, content in files.items())
    names = FASHION_MNIST.class_names
    return IdxSet(name, (a, b, c, d), sums if contents else {}, names, "grey"), files


def emnist_archive(split: str, arrays: list[NDArray[np.uint8]]) -> bytes:
    """Return an archive as NIST's, with one split and something else in it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("gzip/emnist-other-mapping.txt", "0 48\n")
        for name, content in emnist_files(split, arrays).items():
            archive.writestr(f"gzip/{name}.gz", gzip.compress(content))
    return stream.getvalue()


def emnist_files(split: str, arrays: list[NDArray[np.uint8]]) -> dict[str, bytes]:
    """Return the four files of a split, not packed."""
    kinds = ("train-images-idx3", "train-labels-idx1", "test-images-idx3", "test-labels-idx1")
    return {
        f"emnist-{split}-{kind}-ubyte": idx(values)
        for kind, values in zip(kinds, arrays, strict=True)
    }


def put(folder: Path, files: dict[str, bytes]) -> Path:
    """Write files into a folder, which is made if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder
