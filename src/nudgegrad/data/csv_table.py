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


def read_table(path: Path, label: str | int | None) -> Table:
    """Read a file; `label` is the name or place of the labels' column, None: a usual name.

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
        named = any(as_number(field) is None for field in head)
        column = _label_column(path, [field.strip() for field in head] if named else None,
                               len(head), label)  # fmt: skip
        labels = [] if named else [head[column].strip()]
        for row in reader:
            if row and len(row) != len(head):
                raise FileError(
                    f"{path}: line {reader.line_num} must have {len(head)} fields as the first "
                    f"has, has {len(row)}"
                )
            if row:
                labels.append(row[column].strip())
    if not labels:
        raise FileError(f"{path}: has no samples, only names of columns")
    features = [place for place in range(len(head)) if place != column]
    with _opened(path) as stream:
        values = _read_numbers(path, stream, delimiter, named, features)
    if len(values) != len(labels):
        raise FileError(f"{path}: has {len(labels)} rows, of which {len(values)} hold numbers")
    columns = [head[place].strip() for place in features] if named else None
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
    path: Path, stream: IO[str], delimiter: str, named: bool, features: list[int]
) -> NDArray[np.float64]:
    if named:
        next(row for row in csv.reader(stream, delimiter=delimiter) if row)
    try:
        values: NDArray[Any] = np.loadtxt(
            stream, delimiter=delimiter, usecols=features, dtype=np.float64, ndmin=2,
            comments=None, quotechar='"',
        )  # fmt: skip
    except ValueError as error:
        raise FileError(
            f"{path}: all columns but the label's must hold numbers: {error}"
            f"{' (rows below the names, from 0)' if named else ''}"
        ) from error
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        raise FileError(f"{path}: row {int(finite.argmin())} of the numbers has NaN or infinity")
    return values


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
