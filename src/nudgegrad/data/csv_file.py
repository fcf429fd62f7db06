"""Data sets of one's own as CSV: a sample a row, a column of labels, numbers in the others."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.data.csv_table import as_number, read_table
from nudgegrad.data.dataset import Dataset
from nudgegrad.data.split import TEST_SHARE, split
from nudgegrad.files import FileError
from nudgegrad.validation import ParameterError, check_integer, check_real

__all__ = ["load_csv"]

MOST_CLASSES = 1000
LABEL = re.compile(r"\d{1,9}")
WHOLE = re.compile(r"^([-+]?\d+)\.0*$")
PIXEL = re.compile(r"pixel\s*\d+|\d+x\d+", re.IGNORECASE)


def load_csv(
    path: str | os.PathLike[str],
    label: str | int | None = None,
    *,
    test: float | str | os.PathLike[str] = TEST_SHARE,
    classes: int | None = None,
    seed: int = 0,
    name: str | None = None,
) -> Dataset:
    """Load a data set from a CSV file.

    Fields are separated by commas, semicolons or tabs, whichever the first line has most of. The
    first row names the columns if one of its fields is no number, unless that is just the label,
    and a label of other rows too. Columns that are all named as
    pixels (``pixel0``, ``pixel1``, … or ``1x1``, ``1x2``, …, as in files of MNIST) and hold whole
    numbers from 0 to 255 become bytes; other numbers stay as they are.

    Parameters
    ----------
    path
        The file: UTF-8, at most 2 GiB.
    label
        The column of labels, by name or place (0 first, −1 last). None: the one that is called
        label, labels, class, target or y.
    test
        The share of each class that is test data, or a second file with the test data.
    classes
        How many classes there are; labels must then be whole numbers from 0. Unless told, each
        different label is a class, in order; if they are not 0, 1, 2, …, they name the classes.
        Where all are numbers, 1.0 is 1.
    seed
        Of the choice of test data.
    name
        What to call the data set; the file's name unless told.

    Returns
    -------
    Dataset
        With samples of shape (samples, features), float64 or uint8.

    Raises
    ------
    FileError
        If a file cannot be read, a field is no finite number, or rows differ in length.
    ParameterError
        If the column of labels is not known.
    """
    source = Path(path)
    if not isinstance(test, str | os.PathLike):
        test = check_real("test", test, above=0, below=1)
    tables = [read_table(source, label)]
    sources = [source]
    if isinstance(test, str | os.PathLike):
        sources.append(Path(test))
        named = tables[0].columns is not None
        tables.append(read_table(sources[1], label, named=named))
        if (tables[1].columns, tables[1].values.shape[1]) != (
            tables[0].columns,
            tables[0].values.shape[1],
        ):
            raise FileError(f"{test}: must have the same columns as {source}")
    labels = _plain([table.labels for table in tables])
    names = _class_names(source, labels[0]) if classes is None else None
    count = check_integer("classes", classes, 1) if names is None else len(names)
    t = [_labels(where, texts, names) for where, texts in zip(sources, labels, strict=True)]
    numbered = [str(number) for number in range(count)]
    columns = tables[0].columns
    pixels = columns is not None and all(map(PIXEL.fullmatch, columns))
    x: list[NDArray[Any]] = [table.values for table in tables]
    if pixels and all(_are_bytes(values) for values in x):
        x = [values.astype(np.uint8) for values in x]
    try:
        if isinstance(test, str | os.PathLike):
            (x_train, x_test), (t_train, t_test) = x, t
        else:
            kept, taken = split(t[0], test, seed)
            x_train, x_test, t_train, t_test = x[0][kept], x[0][taken], t[0][kept], t[0][taken]
        return Dataset(
            name=name or source.stem,
            x_train=x_train,
            t_train=t_train,
            x_test=x_test,
            t_test=t_test,
            classes=count,
            source=str(source),
            class_names=None if names is None or names == numbered else tuple(names),
            pictures="ink" if pixels else "none",
        )
    except ParameterError as error:
        raise FileError(f"{source}: {error}") from error


def _plain(labels: list[list[str]]) -> list[list[str]]:
    """Return labels without the ``.0`` that some programs write behind whole numbers."""
    plain = {text: WHOLE.sub(r"\1", text) for part in labels for text in part}
    if any(as_number(text) is None for text in plain):
        return labels
    return [[plain[text] for text in part] for part in labels]


def _class_names(source: Path, labels: Sequence[str]) -> list[str]:
    """Return the different labels: as numbers are ordered if all are, else as texts."""
    found = set(labels)
    if "" in found:
        raise FileError(f"{source}: sample {list(labels).index('')} has no label")
    if len(found) > MOST_CLASSES:
        raise FileError(
            f"{source}: has {len(found)} different labels and may have {MOST_CLASSES}, one a "
            "class; is label=… (--label) the column of classes?"
        )
    numbers = {text: as_number(text) for text in found}
    if all(number is not None for number in numbers.values()):
        return sorted(found, key=lambda text: (numbers[text], text))
    return sorted(found)


def _labels(source: Path, texts: Sequence[str], names: list[str] | None) -> NDArray[np.int64]:
    """Return the number of each label's class."""
    if names is None:
        numbers = {text: int(text) for text in set(texts) if LABEL.fullmatch(text)}
        must = "be a whole number from 0, since classes is given"
    else:
        numbers = {text: place for place, text in enumerate(names)}
        must = "be one that the training data have"
    for place, text in enumerate(texts):
        if text not in numbers:
            raise FileError(f"{source}: the label of sample {place} must {must}, got {text!r}")
    return np.array([numbers[text] for text in texts], dtype=np.int64)


def _are_bytes(values: NDArray[Any]) -> bool:
    return bool(((values >= 0) & (values <= 255) & (values == np.floor(values))).all())
