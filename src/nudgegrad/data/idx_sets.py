"""Data sets of four IDX files, each a download of its own: Fashion-MNIST and KMNIST.

Sizes and SHA-256 of the compressed files are those that TensorFlow Datasets states
(``tensorflow_datasets/url_checksums``), for Fashion-MNIST also Keras. Debian's package
``dataset-fashion-mnist`` has the latter with another gzip header; with the first one put back
(name, and time of 31 August 2017) its files have those checksums, and the MD5 that the data set's
README states. From it are the checksums of the uncompressed files.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nudgegrad.data.dataset import Dataset
from nudgegrad.data.fetch import OnProgress, RemoteFile, fetch, sha256_of
from nudgegrad.data.idx import read_idx
from nudgegrad.data.locations import cache_folder, installed_folders, missing
from nudgegrad.files import FileError

__all__ = ["FASHION_MNIST", "KMNIST", "IdxSet"]

ROLES = ("x_train", "t_train", "x_test", "t_test")


@dataclass(frozen=True)
class IdxSet:
    """A data set of four IDX files.

    Attributes
    ----------
    name
        By which it is loaded.
    files
        Training images and labels, test images and labels.
    contents
        File name → SHA-256 of the uncompressed file, where it is known.
    class_names
        What each class is called.
    pictures
        As of `Dataset`.
    """

    name: str
    files: tuple[RemoteFile, RemoteFile, RemoteFile, RemoteFile]
    contents: Mapping[str, str]
    class_names: tuple[str, ...]
    pictures: str

    @property
    def classes(self) -> int:
        """How many classes there are."""
        return len(self.class_names)

    def find(self) -> Path | None:
        """Return the folder on this machine that holds all files, None if none does."""
        folders = (*installed_folders(self.name), cache_folder(self.name))
        return next((folder for folder in folders if not self._lacking(folder)), None)

    def load(
        self, folder: Path | None, *, download: bool, on_progress: OnProgress | None
    ) -> Dataset:
        """Load it from a folder, from where it lies on this machine, or from the internet.

        Raises
        ------
        FileError
            If files are missing, with what to put where; if they are not what they must be.
        """
        source = folder or self.find()
        if source is None:
            source = cache_folder(self.name)
            if not download:
                raise missing(self.name, source, self._lacking(source), "is not on this machine")
            self._download(source, on_progress)
        elif lacking := self._lacking(source):
            raise missing(self.name, source, lacking, "lacks files", downloads=False)
        parts, sums = {}, {}
        for role, file in zip(ROLES, self.files, strict=True):
            path = self._path(source, file)
            verified = self._verify(path, file)
            if verified:
                sums[path.name] = verified
            parts[role] = read_idx(path, 3 if role.startswith("x") else 1)
        return Dataset(
            name=self.name,
            x_train=parts["x_train"],
            t_train=parts["t_train"].astype(np.int64),
            x_test=parts["x_test"],
            t_test=parts["t_test"].astype(np.int64),
            classes=self.classes,
            source=str(source),
            class_names=self.class_names,
            pictures=self.pictures,
            sha256=sums or None,
        )

    def _download(self, folder: Path, on_progress: OnProgress | None) -> None:
        for file in self._lacking(folder):
            try:
                fetch(file, folder, on_progress)
            except FileError as error:
                raise missing(
                    self.name, folder, self._lacking(folder), str(error), downloads=False
                ) from error

    def _lacking(self, folder: Path) -> list[RemoteFile]:
        return [file for file in self.files if not self._path(folder, file).is_file()]

    @staticmethod
    def _path(folder: Path, file: RemoteFile) -> Path:
        """Return the compressed file, or the plain one if that alone is there."""
        packed, plain = folder / file.name, folder / file.name.removesuffix(".gz")
        return plain if plain.is_file() and not packed.is_file() else packed

    def _verify(self, path: Path, file: RemoteFile) -> str | None:
        """Return the checksum that a file has and must have, None if none is known of it."""
        digest = sha256_of(path)
        if digest == file.sha256:
            return digest
        expected, found = file.sha256, digest
        content = self.contents.get(file.name.removesuffix(".gz"))
        if content is not None:  # compressed anew, or not at all
            expected, found = content, _content_sha256(path)
            if found == content:
                return content
        elif path.suffix != ".gz":
            return None
        raise FileError(
            f"{path}: has SHA-256 {found}, expected {expected}; it is damaged or another file, so "
            f"put {file.name} from {file.mirrors[0]} in its place"
        )


def _content_sha256(path: Path) -> str:
    if path.suffix != ".gz":
        return sha256_of(path)
    digest = hashlib.sha256()
    try:
        with gzip.open(path) as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
    except (OSError, EOFError, zlib.error) as error:
        raise FileError(f"{path}: is not a complete gzip file ({error})") from error
    return digest.hexdigest()


def _files(
    mirrors: tuple[str, ...], *sizes_and_sums: tuple[int, str]
) -> tuple[RemoteFile, RemoteFile, RemoteFile, RemoteFile]:
    """Return the four files of MNIST's names."""
    names = (
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
    )
    a, b, c, d = (
        RemoteFile(name, size, sha256, mirrors)
        for name, (size, sha256) in zip(names, sizes_and_sums, strict=True)
    )
    return a, b, c, d


FASHION_MNIST = IdxSet(
    name="fashion-mnist",
    files=_files(
        (
            "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
            "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
            "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
        ),
        (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ),
    contents={
        "train-images-idx3-ubyte": (
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"
        ),
        "train-labels-idx1-ubyte": (
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"
        ),
        "t10k-images-idx3-ubyte": (
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"
        ),
        "t10k-labels-idx1-ubyte": (
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"
        ),
    },
    class_names=(
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
        "Ankle boot",
    ),
    pictures="grey",
)  # fmt: skip

KMNIST = IdxSet(
    name="kmnist",
    files=_files(
        (
            "https://codh.rois.ac.jp/kmnist/dataset/kmnist/",
            "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
        ),
        (18_165_135, "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"),
        (29_497, "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"),
        (3_041_136, "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"),
        (5_120, "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"),
    ),
    contents={},
    class_names=tuple("おきすつなはまやれを"),
    pictures="grey",
)
