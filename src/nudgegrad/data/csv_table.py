"""A CSV file taken apart: a column of labels, and numbers."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.files import FileError
from nudgegrad.validation import ParameterError

__all__ = ["Table", "as_number", "read_table"]

MOST_BYTES = 2**31
DELIMITERS = (",", ";", "\t")
LABEL_NAMES = ("label", "labels", "class", "target", "y")


@dataclass(frozen=True)
class Table:
    """What a file holds.

    Attributes
    ----------
    columns
        Names of the feature columns; None if the first row has no names.
    labels
        The text of each row's label.
    values : (rows, features) array of float64
    """

    columns: list[str] | None
    labels: list[str]
    values: NDArray[np.float64]


def as_number(text: str) -> float | None:
    """Return what a text says as a number, None if it is no finite one."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def read_table(path: Path, label: str | int | None, *, named: bool | None = None) -> Table:
    """Read a file.

    Parameters
    ----------
    path
        The file.
    label
        The name or place of the labels' column, None: a usual name.
    named
        Whether the first row names the columns. None: it does if a field is no number, unless that
        is the label alone, and other rows have the same one.

    Raises
    ------
    FileError
        If the file cannot be read, a field is no finite number, or rows differ in length.
    ParameterError
        If the column of labels is not known.
    """
    with _opened(path) as stream:
        first = stream.readline()
        delimiter = max(DELIMITERS, key=first.count)
        stream.seek(0)
        reader = csv.reader(stream, delimiter=delimiter)
        head = next((row for row in reader if row), [])
        if len(head) < 2:
            raise FileError(
                f"{path}: must have two columns or more, separated by commas, semicolons or tabs, "
                f"has {len(head)} in its first row"
            )
        texts = [place for place, field in enumerate(head) if as_number(field) is None]
        names = [field.strip() for field in head] if (named or (named is None and texts)) else None
        column = _label_column(path, names, len(head), label)
        labels: list[str] = []
        for row in reader:
            if row and len(row) != len(head):
                raise FileError(
                    f"{path}: line {reader.line_num} must have {len(head)} fields as the first "
                    f"has, has {len(row)}"
                )
            if row:
                labels.append(row[column].strip())
    first_label = head[column].strip()
    if named is None and texts == [column] and label != first_label and first_label in labels:
        _label_column(path, None, len(head), label)  # which the file does not name after all
        names = None
    if names is None:
        labels.insert(0, first_label)
    if not labels:
        raise FileError(f"{path}: has no samples, only names of columns")
    features = [place for place in range(len(head)) if place != column]
    with _opened(path) as stream:
        values = _read_numbers(path, stream, delimiter, names, features)
    if len(values) != len(labels):
        raise FileError(f"{path}: has {len(labels)} rows, of which {len(values)} hold numbers")
    columns = None if names is None else [names[place] for place in features]
    return Table(columns, labels, values)


def _label_column(path: Path, names: list[str] | None, count: int, label: str | int | None) -> int:
    """Return the place of the labels' column."""
    if isinstance(label, str) and names is not None and names.count(label) == 1:
        return names.index(label)
    place = int(label) if isinstance(label, str) and label.lstrip("-").isdecimal() else label
    if isinstance(place, int) and not isinstance(place, bool) and -count <= place < count:
        return place % count
    if label is None and names is not None:
        usual = [i for i, name in enumerate(names) if name.lower() in LABEL_NAMES]
        if len(usual) == 1:
            return usual[0]
    known = (
        f"one of {', '.join(names[:20])}{', …' if len(names) > 20 else ''}, or " if names else ""
    )
    raise ParameterError(
        f"label must be {known}a place from 0 to {count - 1} (command line: --label), "
        f"the column of {path.name} that holds the labels, got {label!r}"
    )


def _read_numbers(
    path: Path, stream: IO[str], delimiter: str, names: list[str] | None, features: list[int]
) -> NDArray[np.float64]:
    if names is not None:
        next(row for row in csv.reader(stream, delimiter=delimiter) if row)
    try:
        values: NDArray[Any] = np.loadtxt(
            stream, delimiter=delimiter, usecols=features, dtype=np.float64, ndmin=2,
            comments=None, quotechar='"',
        )  # fmt: skip
    except ValueError as error:
        wrong = _first_wrong(path, delimiter, names, features)
        raise FileError(wrong or f"{path}: all but the labels must be numbers: {error}") from error
    if not np.isfinite(values).all():
        raise FileError(
            _first_wrong(path, delimiter, names, features) or f"{path}: has NaN or infinity"
        )
    return values


def _first_wrong(
    path: Path, delimiter: str, names: list[str] | None, features: list[int]
) -> str | None:
    """Say which field is no finite number, if one is found."""
    with _opened(path) as stream:
        reader = csv.reader(stream, delimiter=delimiter)
        rows = (row for row in reader if row)
        if names is not None:
            next(rows)
        for row in rows:
            for place in features:
                if as_number(row[place]) is None:
                    column = place if names is None else repr(names[place])
                    return (
                        f"{path}: line {reader.line_num}, column {column}, must hold a finite "
                        f"number, got {row[place].strip()!r}; fill in or leave out what is missing"
                    )
    return None


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    """Open a file that is not too large; whatever fails meanwhile is a `FileError`."""
    try:
        if not path.is_file():
            raise FileError(f"{path}: is no file; expected CSV")
        if (size := path.stat().st_size) > MOST_BYTES:
            raise FileError(f"{path}: may have {MOST_BYTES:,} bytes, has {size:,}")
        with path.open(encoding="utf-8-sig", newline="") as stream:
            yield stream
    except UnicodeDecodeError as error:
        raise FileError(f"{path}: must be UTF-8 text ({error.reason})") from error
    except csv.Error as error:
        raise FileError(f"{path}: is no CSV ({error})") from error
    except OSError as error:
        raise FileError(f"{path}: cannot be read ({error.strerror or error})") from error
