"""Data sets: MNIST, which comes with the package, and the user's own."""

from __future__ import annotations

import difflib
import os
from dataclasses import replace
from pathlib import Path

from nudgegrad.data.bundled import load_mnist, mnist
from nudgegrad.data.dataset import Dataset, as_inputs, as_parts, one_hot
from nudgegrad.data.folder import load_idx_folder, load_npz
from nudgegrad.data.idx import read_idx
from nudgegrad.validation import ParameterError

__all__ = [
    "Dataset",
    "as_inputs",
    "as_parts",
    "load",
    "load_idx_folder",
    "load_mnist",
    "load_npz",
    "names",
    "one_hot",
    "read_idx",
]

_BUNDLED = {"mnist": mnist}


def names() -> tuple[str, ...]:
    """Return the names of the data sets that come with the package."""
    return tuple(_BUNDLED)


def load(name_or_path: str | os.PathLike[str], classes: int | None = None) -> Dataset:
    """Load a data set by its name or from a path.

    Parameters
    ----------
    name_or_path
        One of `names`, a folder of IDX files (`load_idx_folder`) or an ``.npz`` archive
        (`load_npz`). A folder with the name of a bundled data set is meant by ``./name``.
    classes
        How many classes there are. Unless told, an archive shows it, and all else has 10.

    Raises
    ------
    ParameterError
        If there is no such data set.
    FileError
        If its files are damaged or incomplete.
    """
    if isinstance(name_or_path, str) and name_or_path in _BUNDLED:
        dataset = _BUNDLED[name_or_path]()
        return dataset if classes is None else replace(dataset, classes=classes)
    path = Path(name_or_path)
    if path.is_dir():
        return load_idx_folder(path, 10 if classes is None else classes)
    if path.is_file() and path.suffix.lower() == ".npz":
        return load_npz(path, classes)
    near = difflib.get_close_matches(str(name_or_path).lower(), names(), n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    fact = "" if path.exists() else ", which does not exist"
    raise ParameterError(
        f"data must be {', '.join(map(repr, names()))}, an existing folder with four IDX files "
        f"or an existing .npz archive, got {str(name_or_path)!r}{fact}{hint}"
    )
