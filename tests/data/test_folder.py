from __future__ import annotations

import gzip
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nudgegrad.data import load, load_idx_folder, load_npz
from nudgegrad.files import FileError
from nudgegrad.validation import ParameterError

NAMES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def idx(values: NDArray[np.uint8]) -> bytes:
    header = struct.pack(f">{values.ndim + 1}I", 0x800 + values.ndim, *values.shape)
    return header + values.tobytes()


def images(count: int, value: int = 0) -> NDArray[np.uint8]:
    return np.full((count, 4, 5), value, np.uint8)


def labels(count: int) -> NDArray[np.uint8]:
    return np.arange(count, dtype=np.uint8) % 10


def fill(folder: Path, names: tuple[str, ...] = NAMES) -> Path:
    """Write 30 training and 10 test samples under these names."""
    parts = (images(30, 1), labels(30), images(10, 2), labels(10))
    for name, values in zip(names, parts, strict=True):
        content = idx(values)
        (folder / name).write_bytes(gzip.compress(content) if name[-3:] == ".gz" else content)
    return folder


@pytest.mark.parametrize(
    "names",
    [
        NAMES,
        tuple(f"{name}.gz" for name in NAMES),
        tuple(name.upper() for name in NAMES),
        (
            "emnist-balanced-train-images-idx3-ubyte.gz",
            "emnist-balanced-train-labels-idx1-ubyte.gz",
            "emnist-balanced-test-images-idx3-ubyte",
            "emnist-balanced-test-labels-idx1-ubyte",
        ),
    ],
)
def test_files_are_found_by_their_names(tmp_path: Path, names: tuple[str, ...]) -> None:
    data = load_idx_folder(fill(tmp_path, names))
    assert (data.x_train == 1).all()
    assert (data.x_test == 2).all()
    assert (len(data.t_train), len(data.t_test)) == (30, 10)
    assert data.classes == 10
    assert data.name == tmp_path.name
    assert data.source == str(tmp_path)


def test_other_files_do_not_matter(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "README").write_text("about training")
    (tmp_path / "._train-images-idx3-ubyte").write_bytes(b"left by a file manager")
    (tmp_path / "train-images").mkdir()
    assert load_idx_folder(tmp_path, name="mine").name == "mine"


@pytest.mark.parametrize("suffix", [".gz", ".GZ"])
def test_plain_file_is_preferred(tmp_path: Path, suffix: str) -> None:
    fill(tmp_path)
    (tmp_path / f"{NAMES[0]}{suffix}").write_bytes(b"never read")
    assert (load_idx_folder(tmp_path).x_train == 1).all()


def test_missing_files_are_listed(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / NAMES[1]).unlink()
    (tmp_path / NAMES[2]).unlink()
    with pytest.raises(
        FileError, match=r"no IDX file with training labels .*, test images"
    ) as caught:
        load_idx_folder(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "training images" not in str(caught.value)


def test_ambiguous_files_are_listed(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / "my-train-images.gz").write_bytes(b"")
    with pytest.raises(FileError, match=f"any of my-train-images.gz, {NAMES[0]};"):
        load_idx_folder(tmp_path)


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="absent: is no readable folder"):
        load_idx_folder(tmp_path / "absent")


@pytest.mark.parametrize("name", [NAMES[1], NAMES[3]])
def test_label_out_of_range_names_file_and_remedy(tmp_path: Path, name: str) -> None:
    fill(tmp_path)
    other = NAMES[1] if name == NAMES[3] else NAMES[3]
    (tmp_path / other).write_bytes(idx(np.zeros(30 if other == NAMES[1] else 10, np.uint8)))
    fact = rf"{name}: .*got 5 at index 5; .*classes=6 or more .*--classes"
    with pytest.raises(FileError, match=fact):
        load_idx_folder(tmp_path, classes=5)


def test_unequal_counts_name_the_folder(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / NAMES[0]).write_bytes(idx(images(31)))
    with pytest.raises(FileError, match="30 labels, x_train has 31 images") as caught:
        load_idx_folder(tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_swapped_content_names_the_file(tmp_path: Path) -> None:
    fill(tmp_path)
    (tmp_path / NAMES[0]).write_bytes(idx(labels(30)))
    with pytest.raises(FileError, match=f"{NAMES[0]}: begins with 0x00000801"):
        load_idx_folder(tmp_path)


def archive(path: Path, **changes: Any) -> Path:
    """Write an archive of valid arrays but for `changes`; None leaves an array out."""
    arrays: dict[str, Any] = {
        "x_train": images(30),
        "t_train": labels(30),
        "x_test": images(10),
        "t_test": labels(10),
    }
    kept = {name: value for name, value in (arrays | changes).items() if value is not None}
    target = path / "mine.npz"
    np.savez_compressed(target, **kept)
    return target


def test_npz(tmp_path: Path) -> None:
    path = archive(tmp_path, x_train=np.full((30, 20), 0.5), x_test=np.zeros((10, 20), np.float32))
    data = load_npz(path)
    assert data.name == "mine"
    assert data.source == str(path)
    assert data.classes == 10
    assert data.features == 20
    assert (data.x_train == 0.5).all()
    assert load_npz(path, classes=12).classes == 12


@pytest.mark.parametrize("dtype", [np.float64, np.uint8, np.bool_])
def test_npz_with_one_hot_rows(tmp_path: Path, dtype: Any) -> None:
    rows = np.eye(12, dtype=dtype)
    data = load_npz(archive(tmp_path, t_train=rows[labels(30)], t_test=rows[labels(10)]))
    assert data.t_train.tolist() == labels(30).tolist()
    assert data.t_train.dtype == np.int64
    assert data.classes == 12


CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"x_test": None}, "must hold the arrays .* but lacks x_test"),
    ({"weights": np.zeros(3)}, "has also weights"),
    ({"x_test": None, "X_test": images(10)}, "lacks x_test and has also X_test"),
    ({"x_train": np.full((30, 4, 5), np.nan)}, "x_train must hold finite numbers"),
    ({"x_test": np.full((10, 4, 5), np.inf)}, "x_test must hold finite numbers"),
    ({"x_train": np.zeros((30, 4, 5), np.int64)}, "uint8 .* got int64; convert it with"),
    ({"x_train": np.zeros((30, 4, 5), "U3")}, "x_train must be of dtype uint8"),
    ({"x_train": np.array([None] * 30)}, "'x_train': holds Python objects"),
    ({"t_train": np.zeros(30)}, "t_train must hold one integer label"),
    ({"t_train": np.zeros(29, int)}, "29 labels, x_train has 30 images"),
    ({"t_train": np.full((30, 10), 1)}, "t_train .*rows must be one-hot"),
    ({"t_train": np.zeros((30, 10))}, "t_train .*rows must be one-hot"),
    ({"t_train": np.full((30, 2), 0.5)}, "t_train .*rows must be one-hot"),
    ({"t_train": np.full(30, -1)}, "got -1 at index 0; labels count from 0"),
    ({"t_test": np.full(10, 10)}, "t_test .*got 10 at index 0; .*classes=11"),
    ({"t_train": np.zeros(0, int), "x_train": images(0)}, "x_train is empty"),
]


@pytest.mark.parametrize(("changes", "fact"), CHANGES)
def test_npz_is_rejected(tmp_path: Path, changes: dict[str, Any], fact: str) -> None:
    path = archive(tmp_path, **changes)
    with pytest.raises(FileError, match=fact) as caught:
        load_npz(path)
    assert str(path) in str(caught.value)


def test_damaged_npz_is_rejected(tmp_path: Path) -> None:
    path = archive(tmp_path)
    content = path.read_bytes()
    for length in range(0, len(content), 7):
        path.write_bytes(content[:length])
        with pytest.raises(FileError, match=r"mine\.npz"):
            load_npz(path)


def test_npz_with_a_damaged_stream_is_rejected(tmp_path: Path) -> None:
    path = archive(tmp_path)
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as file:
        name = file.infolist()[0].filename
    content[content.index(name.encode()) + len(name) + 20] ^= 0xFF  # past the zip64 extra field
    path.write_bytes(content)
    with pytest.raises(FileError, match=r"mine\.npz"):
        load_npz(path)


def test_npz_that_is_no_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent.npz"):
        with pytest.raises(FileError, match=r"cannot be read"):
            load_npz(path)


def test_load_takes_folders_and_archives(tmp_path: Path) -> None:
    assert load(fill(tmp_path), classes=11).classes == 11
    assert load(str(tmp_path)).classes == 10
    assert load(archive(tmp_path)).name == "mine"
    assert load(str(archive(tmp_path)), classes=13).classes == 13


@pytest.mark.parametrize("name", ["MNIST", "minst", "mnist "])
def test_load_suggests_a_name(name: str) -> None:
    with pytest.raises(ParameterError, match=r"which does not exist; did you mean 'mnist'\?"):
        load(name)


def test_load_says_what_it_takes(tmp_path: Path) -> None:
    other = tmp_path / "data.txt"
    other.write_text("1,2,3")
    with pytest.raises(
        ParameterError,
        match=r"'mnist', .* an existing folder .* or an existing \.csv, .*npz file, got .*txt",
    ) as caught:
        load(other)
    assert "does not exist" not in str(caught.value)


def test_names_are_strings_and_paths_are_paths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mnist").mkdir()
    fill(tmp_path / "mnist")
    monkeypatch.chdir(tmp_path)
    assert len(load("./mnist").x_train) == len(load(Path("mnist")).x_train) == 30
