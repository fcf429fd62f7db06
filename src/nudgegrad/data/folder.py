"""Data sets of one's own: a folder of IDX files, or one npz archive."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.data.dataset import Dataset, check_labels
from nudgegrad.data.idx import read_idx
from nudgegrad.files import FileError, read_npz
from nudgegrad.validation import ParameterError, check_integer

__all__ = ["load_idx_folder", "load_npz"]

# The words of which a file's name must have one of each group.
TRAIN, TEST = ("train",), ("t10k", "test")
IMAGES, LABELS = ("images",), ("labels",)
ARRAYS = ("x_train", "t_train", "x_test", "t_test")


def load_idx_folder(
    folder: str | os.PathLike[str], classes: int = 10, name: str | None = None
) -> Dataset:
    """Load a data set from a folder that holds four IDX files.

    They are told by their names, in any case and plain or gzip-compressed: "train" or
    "t10k"/"test", and "images" or "labels", as in ``train-images-idx3-ubyte.gz`` or
    ``emnist-balanced-test-labels-idx1-ubyte``. Where a file lies there both plain and compressed,
    the plain one is read. Images stay as they are stored (EMNIST's are transposed).

    Parameters
    ----------
    folder
        The folder.
    classes
        How many classes there are; labels run from 0 to ``classes - 1``.
    name
        What to call the data set; the folder's name unless told.

    Raises
    ------
    FileError
        If a file is missing, damaged, or could be one of several.
    """
    classes = check_integer("classes", classes, 1)
    source = Path(folder)
    x_train, t_train, x_test, t_test = _find(source)
    try:
        return Dataset(
            name=name or source.resolve().name,
            x_train=read_idx(x_train, 3),
            t_train=_read_labels(t_train, classes),
            x_test=read_idx(x_test, 3),
            t_test=_read_labels(t_test, classes),
            classes=classes,
            source=str(source),
        )
    except ParameterError as error:
        raise FileError(f"{source}: {error}") from error


def _find(folder: Path) -> list[Path]:
    """Return the paths of training images and labels, test images and labels."""
    try:
        files = sorted(
            path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")
        )
    except OSError as error:
        raise FileError(f"{folder}: is no readable folder ({error.strerror})") from error
    found: list[Path] = []
    missing: list[str] = []
    for part, part_words in (("training", TRAIN), ("test", TEST)):
        for content, content_words in (("images", IMAGES), ("labels", LABELS)):
            candidates = _candidates(files, part_words, content_words)
            if not candidates:
                missing.append(
                    f"{part} {content} ({'/'.join(part_words)}…{'/'.join(content_words)}…)"
                )
            elif len(candidates) > 1:
                names = ", ".join(path.name for path in candidates)
                raise FileError(
                    f"{folder}: {part} {content} could be any of {names}; "
                    f"leave one of them in the folder"
                )
            found += candidates
    if not found:
        raise FileError(
            f"{folder}: must hold four IDX files, such as train-images-idx3-ubyte.gz, or PNG and "
            "JPEG pictures in a folder for each class (class/picture.png, or train/class/… and "
            "test/class/…), has neither"
        )
    if missing:
        raise FileError(f"{folder}: has no IDX file with {', '.join(missing)}")
    return found


def _candidates(files: list[Path], *groups: tuple[str, ...]) -> list[Path]:
    by_stem: dict[str, Path] = {}
    for path in files:
        stem = path.name.lower().removesuffix(".gz")
        fits = all(any(word in stem for word in group) for group in groups)
        if fits and (stem not in by_stem or path.suffix.lower() != ".gz"):
            by_stem[stem] = path
    return list(by_stem.values())


def _read_labels(path: Path, classes: int) -> NDArray[np.int64]:
    labels = read_idx(path, 1)
    try:
        return check_labels("the file", labels, classes)
    except ParameterError as error:
        raise FileError(f"{path}: {error}") from error


def load_npz(path: str | os.PathLike[str], classes: int | None = None) -> Dataset:
    """Load a data set from an npz archive.

    Parameters
    ----------
    path
        An archive with the arrays ``x_train``, ``t_train``, ``x_test`` and ``t_test``, as
        `numpy.savez` writes it: samples of uint8 or floats, and integer labels or one-hot rows.
    classes
        How many classes there are. Unless told, one more than the greatest training label, or
        the width of one-hot rows.

    Raises
    ------
    FileError
        If the archive is damaged or holds anything else.
    """
    if classes is not None:
        classes = check_integer("classes", classes, 1)
    source = Path(path)
    arrays, _ = read_npz(source)
    missing = [name for name in ARRAYS if name not in arrays]
    extra = [name for name in arrays if name not in ARRAYS]
    if missing or extra:
        facts = [
            f"{word} {', '.join(names)}"
            for word, names in (("lacks", missing), ("has also", extra))
            if names
        ]
        raise FileError(
            f"{source}: must hold the arrays {', '.join(ARRAYS)}, but {' and '.join(facts)}"
        )
    try:
        t_train, width = _labels("t_train", arrays["t_train"])
        t_test, _ = _labels("t_test", arrays["t_test"])
        return Dataset(
            name=source.stem,
            x_train=arrays["x_train"],
            t_train=t_train,
            x_test=arrays["x_test"],
            t_test=t_test,
            classes=width if classes is None else classes,
            source=str(source),
        )
    except ParameterError as error:
        raise FileError(f"{source}: {error}") from error


def _labels(name: str, values: NDArray[Any]) -> tuple[NDArray[Any], int]:
    """Return labels, from one-hot rows too, and how many classes they show."""
    if values.ndim == 2 and values.dtype.kind in "biuf" and values.size:
        if not (((values == 0) | (values == 1)).all() and (values.sum(axis=1) == 1).all()):
            raise ParameterError(
                f"{name} has shape {values.shape}, so its rows must be one-hot "
                f"(a single 1, else 0); for plain labels use shape ({len(values)},)"
            )
        return values.argmax(axis=1), values.shape[1]
    greatest = int(values.max()) if values.size and values.dtype.kind in "iu" else 0
    return values, max(greatest, 0) + 1
