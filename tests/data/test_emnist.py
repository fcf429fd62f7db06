"""EMNIST, by small archives in the form of NIST's."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nudgegrad.data import Dataset
from nudgegrad.data.emnist import ARCHIVE, SPLITS, EmnistSplit
from nudgegrad.files import FileError
from tests.data.made_up import emnist_archive, emnist_files, made_up_arrays, put, remote
from tests.data.mirror import Mirror, serve

BY_NAME = {split.split: split for split in SPLITS}


def load(entry: EmnistSplit, folder: Path | None = None, *, download: bool = False) -> Dataset:
    return entry.load(folder, download=download, on_progress=None)


def assert_right(data: Dataset, entry: EmnistSplit) -> None:
    made = made_up_arrays(entry.classes, entry.first_label)
    np.testing.assert_array_equal(data.x_train, made[0].transpose(0, 2, 1))
    np.testing.assert_array_equal(data.t_train, made[1].astype(int) - entry.first_label)
    np.testing.assert_array_equal(data.x_test, made[2].transpose(0, 2, 1))
    assert data.t_train.min() == 0
    assert data.x_train.flags.c_contiguous
    assert data.classes == len(data.class_names or ())


def archive_of(entry: EmnistSplit, *mirrors: str) -> tuple[EmnistSplit, bytes]:
    content = emnist_archive(entry.split, made_up_arrays(entry.classes, entry.first_label))
    return replace(entry, archive=remote("gzip.zip", content, *mirrors)), content


@pytest.mark.parametrize("split", BY_NAME)
def test_every_split_from_one_download(split: str, cache: Path) -> None:
    with serve(Mirror()) as mirror:
        entry, content = archive_of(BY_NAME[split], mirror.address)
        mirror.files = {"gzip.zip": content}
        data = load(entry, download=True)
        assert_right(data, entry)
    assert_right(load(entry), entry)  # from the cache
    assert entry.find() == cache / "emnist"
    assert data.name == f"emnist-{split}"
    assert data.sha256 == {"gzip.zip": entry.archive.sha256}
    assert [path.name for path in (cache / "emnist").iterdir()] == ["gzip.zip"]


def test_classes() -> None:
    sizes = {name: entry.classes for name, entry in BY_NAME.items()}
    assert sizes == {
        "balanced": 47, "byclass": 62, "bymerge": 47, "digits": 10, "letters": 26, "mnist": 10,
    }  # fmt: skip
    assert "".join(BY_NAME["byclass"].class_names[34:38]) == "YZab"
    assert "".join(BY_NAME["balanced"].class_names[36:]) == "abdefghnqrt"
    assert BY_NAME["letters"].class_names[0] == "A"
    assert ARCHIVE.size == 561_753_746


@pytest.mark.parametrize("packed", [True, False])
def test_unpacked_files(packed: bool, tmp_path: Path) -> None:
    entry = BY_NAME["letters"]
    files = emnist_files("letters", made_up_arrays(26, 1))
    if packed:
        files = {f"{name}.gz": gzip.compress(content) for name, content in files.items()}
    folder = put(tmp_path / "raw", files)
    data = load(entry, folder)
    assert_right(data, entry)
    assert data.sha256 is None
    with pytest.raises(FileError, match="emnist-digits: is not there"):
        load(BY_NAME["digits"], folder)


def test_wrong_labels(tmp_path: Path) -> None:
    folder = put(tmp_path / "raw", emnist_files("letters", made_up_arrays(27, 0)))
    with pytest.raises(FileError, match=f"{folder}: t_train must hold labels from 0 to 25, got -1"):
        load(BY_NAME["letters"], folder)


def test_wrong_archives(tmp_path: Path) -> None:
    folder = put(tmp_path / "mine", {"gzip.zip": b"PK"})
    with pytest.raises(FileError, match=f"expected {ARCHIVE.sha256}.*biometrics.nist.gov"):
        load(BY_NAME["digits"], folder)
    no_zip = replace(BY_NAME["digits"], archive=remote("gzip.zip", b"PK", "http://example.org/"))
    with pytest.raises(FileError, match="cannot be read"):
        load(no_zip, folder)
    entry, content = archive_of(BY_NAME["letters"])
    put(folder, {"gzip.zip": content})
    with pytest.raises(FileError, match="has no member gzip/emnist-digits-train-images"):
        load(replace(BY_NAME["digits"], archive=entry.archive), folder)


def test_an_archive_whose_member_is_damaged(tmp_path: Path) -> None:
    _, content = archive_of(BY_NAME["digits"])
    place = content.index(b"train-images") + 2000
    damaged = content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :]
    entry = replace(BY_NAME["digits"], archive=remote("gzip.zip", damaged))
    folder = put(tmp_path / "mine", {"gzip.zip": damaged})
    with pytest.raises(FileError, match=r"-train-images-idx3-ubyte\.gz: cannot be read"):
        load(entry, folder)


def test_nothing_is_there(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        load(BY_NAME["letters"])
    assert "emnist-letters: is not on this machine" in str(caught.value)
    assert str(cache / "emnist") in str(caught.value)
    assert f"561,753,746 bytes, SHA-256 {ARCHIVE.sha256}" in str(caught.value)
    entry, _ = archive_of(BY_NAME["letters"], "http://127.0.0.1:9/")
    with pytest.raises(FileError, match="cannot be downloaded"):
        load(entry, download=True)
    with pytest.raises(FileError, match=f"Put into {tmp_path}:"):
        load(entry, tmp_path, download=True)
