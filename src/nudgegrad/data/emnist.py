"""EMNIST: handwritten digits and letters in six splits, all in one archive of NIST's.

Source: G. Cohen, S. Afshar, J. Tapson, A. van Schaik, *EMNIST: an extension of MNIST to handwritten
letters*, 2017. The archive's size and SHA-256 are those that TensorFlow Datasets states.

Images are stored transposed there, columns first, and are turned upright here. The letters' labels
count from 1 there, and from 0 here.
"""

from __future__ import annotations

import string
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.data.dataset import Dataset
from nudgegrad.data.fetch import OnProgress, RemoteFile, fetch, sha256_of
from nudgegrad.data.idx import read_idx, read_idx_member
from nudgegrad.data.locations import cache_folder, missing
from nudgegrad.files import FileError
from nudgegrad.validation import ParameterError

__all__ = ["ARCHIVE", "SPLITS", "EmnistSplit"]

ARCHIVE = RemoteFile(
    "gzip.zip",
    561_753_746,
    "fb9bb67e33772a9cc0b895e4ecf36d2cf35be8b709693c3564cea2a019fcda8e",
    (
        "https://biometrics.nist.gov/cs_links/EMNIST/",
        "https://www.itl.nist.gov/iaui/vip/cs_links/EMNIST/",
    ),
)
MERGED = string.digits + string.ascii_uppercase + "abdefghnqrt"
"""Characters of the merged splits: small letters that look like their capitals are these."""
PARTS = (("train", "images"), ("train", "labels"), ("test", "images"), ("test", "labels"))


@dataclass(frozen=True)
class EmnistSplit:
    """One of EMNIST's data sets.

    Attributes
    ----------
    split
        By which NIST's files call it.
    class_names
        The character of each class.
    first_label
        The number of the first class in the files.
    archive
        What all splits are in.
    """

    split: str
    class_names: tuple[str, ...]
    first_label: int = 0
    archive: RemoteFile = ARCHIVE

    pictures = "ink"

    @property
    def name(self) -> str:
        """By which it is loaded."""
        return f"emnist-{self.split}"

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.class_names)

    @property
    def files(self) -> tuple[RemoteFile, ...]:
        """What is downloaded: the archive that all splits share."""
        return (self.archive,)

    def find(self) -> Path | None:
        """Return the folder on this machine that holds the archive or the split's files."""
        folder = cache_folder("emnist")
        return folder if self._is_in(folder) else None

    def load(
        self, folder: Path | None, *, download: bool, on_progress: OnProgress | None
    ) -> Dataset:
        """Load it from a folder, from the cache folder, or from the internet.

        A folder holds either the archive, or the split's four files out of it, packed or not;
        what was unpacked has no checksums to compare with.

        Raises
        ------
        FileError
            If files are missing, with what to put where; if they are not what they must be.
        """
        source = folder or cache_folder("emnist")
        if not self._is_in(source):
            if folder is not None or not download:
                reason = "is not there" if folder is not None else "is not on this machine"
                raise missing(self.name, source, self.files, reason, downloads=folder is None)
            try:
                fetch(self.archive, source, on_progress)
            except FileError as error:
                raise missing(self.name, source, self.files, str(error), downloads=False) from error
        archive = source / self.archive.name
        packed = archive.is_file()
        arrays = self._read_archive(archive) if packed else self._read_files(source)
        x_train, t_train, x_test, t_test = arrays
        try:
            return Dataset(
                name=self.name,
                x_train=_upright(x_train),
                t_train=t_train.astype(np.int64) - self.first_label,
                x_test=_upright(x_test),
                t_test=t_test.astype(np.int64) - self.first_label,
                classes=self.classes,
                source=str(archive if packed else source),
                class_names=self.class_names,
                pictures=self.pictures,
                sha256={self.archive.name: self.archive.sha256} if packed else None,
            )
        except ParameterError as error:
            raise FileError(f"{source}: {error}") from error

    def _is_in(self, folder: Path) -> bool:
        return (folder / self.archive.name).is_file() or all(
            self._unpacked(folder, *part).is_file() for part in PARTS
        )

    def _file(self, part: str, content: str) -> str:
        return f"emnist-{self.split}-{part}-{content}-idx{3 if content == 'images' else 1}-ubyte"

    def _unpacked(self, folder: Path, part: str, content: str) -> Path:
        plain = folder / self._file(part, content)
        return plain if plain.is_file() else plain.with_name(f"{plain.name}.gz")

    def _read_files(self, folder: Path) -> list[NDArray[np.uint8]]:
        return [
            read_idx(self._unpacked(folder, part, content), 3 if content == "images" else 1)
            for part, content in PARTS
        ]

    def _read_archive(self, path: Path) -> list[NDArray[np.uint8]]:
        digest = sha256_of(path)
        if digest != self.archive.sha256:
            raise FileError(
                f"{path}: has SHA-256 {digest}, expected {self.archive.sha256}; it is damaged or "
                f"another file, so put the one from {self.archive.mirrors[0]} in its place"
            )
        try:
            with zipfile.ZipFile(path) as archive:
                return [
                    read_idx_member(
                        archive,
                        f"gzip/{self._file(part, content)}.gz",
                        3 if content == "images" else 1,
                    )
                    for part, content in PARTS
                ]
        except (OSError, zipfile.BadZipFile) as error:
            raise FileError(f"{path}: cannot be read ({error})") from error


def _upright(images: NDArray[Any]) -> NDArray[Any]:
    """Return images (samples, height, width) that were stored columns first."""
    return np.ascontiguousarray(images.transpose(0, 2, 1))


SPLITS = tuple(
    EmnistSplit(split, tuple(characters), first)
    for split, characters, first in (
        ("balanced", MERGED, 0),
        ("byclass", string.digits + string.ascii_uppercase + string.ascii_lowercase, 0),
        ("bymerge", MERGED, 0),
        ("digits", string.digits, 0),
        ("letters", string.ascii_uppercase, 1),
        ("mnist", string.digits, 0),
    )
)
"""All of them; of *letters*, a class is a letter in both its cases."""
