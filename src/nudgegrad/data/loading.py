"""One call for every data set: by its name, or from a path."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from nudgegrad.data.csv_file import load_csv
from nudgegrad.data.dataset import Dataset
from nudgegrad.data.fetch import OnProgress
from nudgegrad.data.folder import load_idx_folder, load_npz
from nudgegrad.data.image_folder import holds_pictures, load_image_folder
from nudgegrad.data.registry import NAMED, names
from nudgegrad.validation import ParameterError

__all__ = ["load"]

CSV = (".csv", ".tsv")


def load(
    name_or_path: str | os.PathLike[str],
    classes: int | None = None,
    *,
    folder: str | os.PathLike[str] | None = None,
    download: bool = True,
    label: str | int | None = None,
    image_size: int | tuple[int, int] | None = None,
    on_progress: OnProgress | None = None,
) -> Dataset:
    """Load a data set by its name or from a path.

    Parameters
    ----------
    name_or_path
        One of `names`; a folder of IDX files (`load_idx_folder`) or of pictures
        (`load_image_folder`); an ``.npz`` archive (`load_npz`); or a ``.csv`` or ``.tsv`` file
        (`load_csv`). A folder that is called as a data set is meant by ``./name``.
    classes
        How many classes there are. Unless told, the data show it; of IDX folders there are 10.
    folder
        The folder that holds the files of a data set with a name. Unless told, they are looked for
        where the system's packages put them, then in `cache_folder`, and then downloaded to there.
    download
        Whether they may be downloaded. They are never to a `folder` that is given.
    label
        Of CSV: the column of labels, by name or place.
    image_size
        Of pictures: height and width to scale them to, or one number for both.
    on_progress
        Called during a download with a file's name, how many of its bytes are here, and how many
        it has. What it raises ends the download, which is gone on with the next time.

    Raises
    ------
    ParameterError
        If there is no such data set, or an argument is not for it.
    FileError
        If its files are damaged, incomplete, or not to be had; the message says what to put where.
    """
    named = NAMED.get(name_or_path) if isinstance(name_or_path, str) else None
    path = Path(name_or_path)
    is_csv = named is None and path.is_file() and path.suffix.lower() in CSV
    is_pictures = named is None and path.is_dir() and holds_pictures(path)
    if named is not None or path.exists():
        _refuse("folder", folder, named is not None, "a data set's name")
        _refuse("label", label, is_csv, "a CSV file")
        _refuse("image_size", image_size, is_pictures, "a folder of pictures")
    if named is not None:
        where = None if folder is None else Path(folder)
        dataset = named.load(where, download=download, on_progress=on_progress)
        return dataset if classes is None else dataset.with_classes(classes)
    if is_csv:
        return load_csv(path, label, classes=classes)
    if is_pictures:
        dataset = load_image_folder(path, image_size)
        return dataset if classes is None else dataset.with_classes(classes)
    if path.is_dir():
        return load_idx_folder(path, 10 if classes is None else classes)
    if path.is_file() and path.suffix.lower() == ".npz":
        return load_npz(path, classes)
    near = difflib.get_close_matches(str(name_or_path).lower(), names(), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    fact = "" if path.exists() else ", which does not exist"
    raise ParameterError(
        f"data must be {', '.join(map(repr, names()))}, an existing folder with four IDX files or "
        f"of pictures (class/picture.png), or an existing .csv, .tsv or .npz file, "
        f"got {str(name_or_path)!r}{fact}{hint}"
    )


def _refuse(name: str, value: object, fits: bool, what: str) -> None:
    if value is not None and not fits:
        raise ParameterError(f"{name} is only for {what}; leave it out, got {value!r}")
