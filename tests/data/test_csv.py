"""CSV files, right and wrong ones."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudgegrad.data import load, load_csv
from nudgegrad.data.csv_table import read_table
from nudgegrad.files import FileError
from nudgegrad.validation import ParameterError

IRIS = """sepal,petal,species
5.1,1.4,setosa
4.9,1.3,setosa
7.0,4.7,"versicolor, the"
6.4,4.5,"versicolor, the"
"""


def write(folder: Path, text: str, name: str = "data.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("label", ["species", 2, -1, "2", "-1"])
def test_names_of_classes(label: str | int, tmp_path: Path) -> None:
    data = load_csv(write(tmp_path, IRIS), label)
    assert data.name == "data"
    assert data.class_names == ("setosa", "versicolor, the")
    assert (data.classes, data.features, data.image_shape) == (2, 2, None)
    assert (len(data.x_train), len(data.x_test)) == (2, 2)
    x = np.concatenate([data.x_train, data.x_test]).tolist()
    t = np.concatenate([data.t_train, data.t_test]).tolist()
    assert {(*row, label) for row, label in zip(x, t, strict=True)} == {
        (5.1, 1.4, 0),
        (4.9, 1.3, 0),
        (7.0, 4.7, 1),
        (6.4, 4.5, 1),
    }
    assert load_csv(tmp_path / "data.csv", label, seed=0).x_train.tolist() == data.x_train.tolist()


def test_columns_of_labels_that_are_found(tmp_path: Path) -> None:
    for name in ("label", "Class", "TARGET", "y"):
        data = load_csv(write(tmp_path, f"a,{name},b\n1,0,2\n3,0,4\n5,1,6\n7,1,8\n"))
        assert data.class_names is None
        assert data.classes == 2
    for head in ("a,y,class", "a,b,c"):
        with pytest.raises(ParameterError, match=r"label must be one of a, .*--label.*got None"):
            load_csv(write(tmp_path, f"{head}\n1,0,2\n3,0,4\n"))
    with pytest.raises(ParameterError, match="label must be a place from 0 to 2"):
        load_csv(write(tmp_path, "1,0,2\n3,0,4\n"))
    for label in ("d", 3, -4, True, 1.5):
        with pytest.raises(ParameterError, match="label must be"):
            load_csv(write(tmp_path, "a,b,c\n1,0,2\n3,0,4\n"), label)  # type: ignore[arg-type]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters_and_no_names(delimiter: str, tmp_path: Path) -> None:
    text = "\ufeff" + "\n".join(delimiter.join(row) for row in ("120", "340", "567", "897"))
    data = load_csv(write(tmp_path, text), 2)
    assert data.class_names == ("0", "7")
    assert sorted(data.x_train[:, 0].tolist() + data.x_test[:, 0].tolist()) == [1, 3, 5, 8]


def test_pixels_become_bytes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (20, 9))
    for head in ([f"pixel{i}" for i in range(9)], [f"{1 + i // 3}x{1 + i % 3}" for i in range(9)]):
        rows = [",".join(["label", *head])]
        rows += [",".join(map(str, [n % 2, *image])) for n, image in enumerate(images.tolist())]
        path = write(tmp_path, "\n".join(rows))
        data = load_csv(path)
        assert data.x_train.dtype == np.uint8
        assert data.image_shape == (3, 3)
        path.write_text(path.read_text().replace("\n0,", "\n0,-", 1))
        assert load_csv(path).x_train.dtype == np.float64


def test_test_data_in_a_file_of_their_own(tmp_path: Path) -> None:
    train, test = write(tmp_path, IRIS), write(tmp_path, IRIS.replace("5.1", "5.2"), "test.csv")
    data = load_csv(train, "species", test=test)
    assert data.x_train[0, 0] == 5.1
    assert data.x_test[0, 0] == 5.2
    assert data.t_test.tolist() == [0, 0, 1, 1]
    for text, message in (
        (IRIS.replace("petal", "leaf"), "must have the same columns"),
        (IRIS.replace("setosa", "other"), "sample 0 must be one that the training data have"),
    ):
        with pytest.raises(FileError, match=message):
            load_csv(train, "species", test=write(tmp_path, text, "test.csv"))


ROWS = "5.1,1.4,setosa\n4.9,1.3,setosa\n7.0,4.7,other\n6.4,4.5,other\n"


def test_a_first_row_without_names_but_with_a_label(tmp_path: Path) -> None:
    for label in (2, "2", -1):
        data = load_csv(write(tmp_path, ROWS), label, test=write(tmp_path, ROWS, "test.csv"))
        assert data.x_train.tolist() == [[5.1, 1.4], [4.9, 1.3], [7.0, 4.7], [6.4, 4.5]]
        assert data.t_train.tolist() == data.t_test.tolist() == [1, 1, 0, 0]
    # The same in a file of which the first label is the only one of its class.
    test = write(tmp_path, ROWS[ROWS.index("4.9") :], "test.csv")
    assert load_csv(tmp_path / "data.csv", 2, test=test).t_test.tolist() == [1, 0, 0]
    with pytest.raises(FileError, match="line 3, column 1, must hold a finite number, got 'x'"):
        load_csv(write(tmp_path, ROWS.replace("4.7", "x")), 2)
    # Columns that are called by numbers, as pandas calls those that have no names.
    data = load_csv(write(tmp_path, "0,1,species\n" + ROWS), "species")
    assert len(data.x_train) + len(data.x_test) == 4
    # A label alone does not say which column is the labels'.
    with pytest.raises(ParameterError, match="label must be a place from 0 to 1"):
        load_csv(write(tmp_path, "1,y\n2,n\n3,y\n4,n\n"))


def test_whole_numbers_as_other_programs_write_them(tmp_path: Path) -> None:
    train = write(tmp_path, "x,y\n1,1.0\n2,0.0\n3,1\n4,0\n")
    test = write(tmp_path, "x,y\n1,1\n2,0.\n", "test.csv")
    for classes in (None, 2):
        data = load_csv(train, test=test, classes=classes)
        assert (data.classes, data.class_names) == (2, None)
        assert (data.t_train.tolist(), data.t_test.tolist()) == ([1, 0, 1, 0], [1, 0])
    texts = load_csv(write(tmp_path, "x,y\n1,1.0\n2,1\n3,a\n4,1\n5,1.0\n"))
    assert texts.class_names == ("1", "1.0", "a")


def test_numbers_as_labels(tmp_path: Path) -> None:
    text = "x,y\n" + "".join(f"{n},{label}\n" for n, label in enumerate([10, 9, 2, 10, 9, 2]))
    data = load_csv(write(tmp_path, text))
    assert data.class_names == ("2", "9", "10")
    data = load_csv(tmp_path / "data.csv", classes=12)
    assert (data.classes, data.class_names) == (12, None)
    assert set(data.t_train.tolist()) == {2, 9, 10}
    huge = write(tmp_path, f"x,y\n1,{'9' * 30}\n", "huge.csv")
    with pytest.raises(FileError, match="sample 0 must be a whole number from 0"):
        load_csv(huge, classes=10)
    for share in (0, 1.5, None):
        with pytest.raises(ParameterError, match="test must be"):
            load_csv(huge, test=share)  # type: ignore[arg-type]
    with pytest.raises(FileError, match="t_train must hold labels from 0 to 9, got 10"):
        load_csv(tmp_path / "data.csv", classes=10)
    with pytest.raises(FileError, match=r"sample 0 must be a whole number from 0.*'setosa'"):
        load_csv(write(tmp_path, IRIS), 2, classes=10)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "must have two columns"),
        ("1\n2\n", "must have two columns"),
        ("a,y\n", "has no samples"),
        ("a,y\n1,0\n2\n", "line 3 must have 2 fields as the first has, has 1"),
        ("a,y\n1,0\n2,0,3\n", "line 3 must have 2 fields as the first has, has 3"),
        ("a,y\n1,0\nx,0\n", "line 3, column 'a', must hold a finite number, got 'x'; fill in"),
        ("a,y\n1,0\n\n,0\n", "line 4, column 'a', must hold a finite number, got ''"),
        ("a,y\n1,0\n1e999,0\n", "line 3, column 'a', must hold a finite number, got '1e999'"),
        ("a,y\nnan,0\n1,0\n", "line 2, column 'a', must hold a finite number, got 'nan'"),
        ("a,y\n1_0,0\n1,0\n", "all but the labels must be numbers: .*'1_0'"),
        ("a,y\n1,0\n2,\n", "sample 1 has no label"),
        ("a,y\n1,0\n2,1\n", "a class must have two samples or more"),
        ("a,y\n" + "".join(f"{n},{n}\n" for n in range(1001)), "has 1001 different labels"),
    ],
)
def test_wrong_files(text: str, message: str, tmp_path: Path) -> None:
    path = write(tmp_path, text)
    with pytest.raises(FileError, match=message) as caught:
        load_csv(path)
    assert str(caught.value).startswith(str(path))


def test_files_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_bytes(b"a,y\n\xff,0\n")
    with pytest.raises(FileError, match="must be UTF-8"):
        load_csv(path)
    for wrong in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(FileError, match="is no file"):
            load_csv(wrong)
    with path.open("wb") as stream:
        stream.truncate(2**31 + 1)  # a hole, so it takes no room
    with pytest.raises(FileError, match="may have 2,147,483,648 bytes, has 2,147,483,649"):
        load_csv(path)


def test_by_load(tmp_path: Path) -> None:
    assert load(write(tmp_path, IRIS), label="species").classes == 2
    assert load(write(tmp_path, IRIS.replace(",", "\t"), "a.tsv"), label=2).classes == 2
    with pytest.raises(ParameterError, match="label is only for a CSV file"):
        load("mnist", label="species")


@given(st.data())
def test_what_is_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    rows, columns = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 5))
    number = st.floats(allow_nan=False, allow_infinity=False)
    values = [[data.draw(number) for _ in range(columns)] for _ in range(rows)]
    text = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), min_size=1)
    labels = [data.draw(text.map(str.strip).filter(bool)) for _ in range(rows)]
    place = data.draw(st.integers(0, columns))
    head = [f"c{n}" for n in range(columns)]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    fields: list[list[Any]] = [head, *values]
    for label, row in zip(["wanted", *labels], fields, strict=True):
        writer.writerow([*row[:place], label, *row[place:]])
    path = tmp_path_factory.mktemp("csv") / "data.csv"
    path.write_text(stream.getvalue(), encoding="utf-8", newline="")
    table = read_table(path, "wanted")
    assert table.columns == head
    assert table.labels == labels
    np.testing.assert_array_equal(table.values, values)
