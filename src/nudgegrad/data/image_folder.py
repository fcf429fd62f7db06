"""Folders of pictures: ``class/picture.png``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.data.dataset import Dataset
from nudgegrad.data.split import TEST_SHARE, split
from nudgegrad.files import FileError
from nudgegrad.validation import ParameterError, check_integer, check_real

__all__ = ["holds_pictures", "load_image_folder"]

SUFFIXES = (".png", ".jpg", ".jpeg")
PARTS = ("train", "test")
MOST_BYTES = 2**32  # of all pictures together, a byte a pixel


def load_image_folder(
    folder: str | os.PathLike[str],
    size: int | tuple[int, int] | None = None,
    *,
    test: float = TEST_SHARE,
    seed: int = 0,
    name: str | None = None,
) -> Dataset:
    """Load a data set from PNG and JPEG pictures in a folder for each class.

    Pictures are made grey, and kept as bytes. A folder with just the subfolders ``train`` and
    ``test`` has the classes in these; they must be the same. Anything but pictures is passed over.

    Parameters
    ----------
    folder
        The folder. Its subfolders' names, sorted, are the classes.
    size
        Height and width (one number: both) to which pictures are scaled. None: their own, which
        must then be the same for all.
    test, seed
        Unless there are ``train`` and ``test``: the share of each class that is test data, and the
        seed of their choice.
    name
        What to call the data set; the folder's name unless told.

    Returns
    -------
    Dataset
        With images of shape (samples, height, width), uint8.

    Raises
    ------
    FileError
        If a class has no picture, one is damaged or has more than 25 million pixels, sizes
        differ, or all have more than 4 GiB together.
    """
    source = Path(folder)
    shape, test = _shape(size), check_real("test", test, above=0, below=1)
    divided = _is_divided(source)
    roots = [source / part for part in PARTS] if divided else [source]
    classes = [_subfolders(root) for root in roots]
    names = [path.name for path in classes[0]]
    for root, found in zip(roots, classes, strict=True):
        if [path.name for path in found] != names:
            raise FileError(
                f"{root}: must have a folder for each of {', '.join(names)}, "
                f"has {', '.join(path.name for path in found) or 'none'}"
            )
    if not names:
        raise FileError(f"{source}: must have a folder of pictures for each class, has none")
    listed = [_pictures(found) for found in classes]
    paths = [path for part in listed for path, _ in part]
    shape = _common_size(paths) if shape is None else shape
    total = len(paths) * shape[0] * shape[1]
    if total > MOST_BYTES:
        raise FileError(
            f"{source}: {len(paths):,} pictures of {shape[1]} × {shape[0]} pixels are {total:,} "
            f"bytes, and may be {MOST_BYTES:,}; make them smaller by size=… (--image-size)"
        )
    arrays = [_read(part, shape) for part in listed]
    if divided:
        (x_train, t_train), (x_test, t_test) = arrays
    else:
        ((x, t),) = arrays
        try:
            train, other = split(t, test, seed)
        except ParameterError as error:
            raise FileError(f"{source}: {error}") from error
        x_train, t_train, x_test, t_test = x[train], t[train], x[other], t[other]
    return Dataset(
        name=name or source.resolve().name,
        x_train=x_train,
        t_train=t_train,
        x_test=x_test,
        t_test=t_test,
        classes=len(names),
        source=str(source),
        class_names=tuple(names),
        pictures="grey",
    )


def holds_pictures(folder: Path) -> bool:
    """Tell whether a folder's subfolders, or theirs in ``train``, hold a picture."""
    try:
        root = folder / PARTS[0] if _is_divided(folder) else folder
        return any(
            path.suffix.lower() in SUFFIXES for child in _subfolders(root) for path in _files(child)
        )
    except FileError:
        return False


def _shape(size: Any) -> tuple[int, int] | None:
    if size is None:
        return None
    sides = size if isinstance(size, (tuple, list)) else (size, size)
    if len(sides) != 2:
        raise ParameterError(f"size must be a number or height and width, got {size!r}")
    return check_integer("size", sides[0], 1, 5000), check_integer("size", sides[1], 1, 5000)


def _is_divided(folder: Path) -> bool:
    return {path.name for path in _subfolders(folder)} == set(PARTS)


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as error:
        raise FileError(f"{folder}: is no readable folder ({error.strerror})") from error


def _subfolders(folder: Path) -> list[Path]:
    return [path for path in _files(folder) if path.is_dir()]


def _pictures(classes: list[Path]) -> list[tuple[Path, int]]:
    """Return every picture with its label."""
    found: list[tuple[Path, int]] = []
    for label, folder in enumerate(classes):
        paths = [path for path in _files(folder) if path.suffix.lower() in SUFFIXES]
        if not paths:
            raise FileError(f"{folder}: must hold pictures ({', '.join(SUFFIXES)}), has none")
        found += [(path, label) for path in paths]
    return found


def _common_size(paths: list[Path]) -> tuple[int, int]:
    """Return height and width of all pictures, from their headers."""
    from nudgegrad.picture import PictureError, size_of

    try:
        sizes = [size_of(path) for path in paths]
    except PictureError as error:
        raise FileError(str(error)) from error
    first = sizes[0]
    for path, other in zip(paths, sizes, strict=True):
        if other != first:
            raise FileError(
                f"{path}: is {other[1]} wide and {other[0]} high, {paths[0].name} {first[1]} and "
                f"{first[0]}; scale all to one size by size=… (--image-size)"
            )
    return first


def _read(
    part: list[tuple[Path, int]], shape: tuple[int, int]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    from nudgegrad.picture import PictureError, read_grey

    images = np.empty((len(part), *shape), dtype=np.uint8)
    for place, (path, _) in enumerate(part):
        try:
            images[place] = read_grey(path, shape)
        except PictureError as error:
            raise FileError(str(error)) from error
    return images, np.array([label for _, label in part], dtype=np.int64)
