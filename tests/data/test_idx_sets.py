"""Fashion-MNIST and KMNIST, mostly by a small set in their form."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from nudgegrad.data import idx_sets, load
from nudgegrad.data.idx_sets import FASHION_MNIST, KMNIST, IdxSet
from nudgegrad.files import FileError
from tests.data.made_up import made_up_arrays, made_up_set, put
from tests.data.mirror import Mirror, serve


def read(
    entry: IdxSet, folder: Path | None = None, *, download: bool = False
) -> tuple[np.ndarray, ...]:
    data = entry.load(folder, download=download, on_progress=None)
    assert data.class_names == entry.class_names
    return data.x_train, data.t_train, data.x_test, data.t_test


def assert_right(arrays: tuple[np.ndarray, ...]) -> None:
    for found, made in zip(arrays, made_up_arrays(10), strict=True):
        np.testing.assert_array_equal(found, made)


@pytest.mark.skipif(
    not Path("/usr/share/datasets/fashion-mnist").is_dir(),
    reason="needs Debian's package dataset-fashion-mnist",
)
def test_fashion_mnist_as_debian_has_it() -> None:
    data = load("fashion-mnist", download=False)
    assert data.x_train.shape == (60_000, 28, 28)
    assert data.x_test.shape == (10_000, 28, 28)
    assert data.x_train.dtype == np.uint8
    assert np.bincount(data.t_train).tolist() == [6000] * 10
    assert np.bincount(data.t_test).tolist() == [1000] * 10
    assert data.class_name(int(data.t_train[0])) == "Ankle boot"
    assert data.source == "/usr/share/datasets/fashion-mnist"
    assert data.sha256
    assert len(data.sha256) == 4


@pytest.mark.parametrize("entry", [FASHION_MNIST, KMNIST])
def test_what_is_known(entry: IdxSet) -> None:
    assert entry.classes == 10
    assert len(set(entry.class_names)) == 10
    for file in entry.files:
        assert len(file.sha256) == 64
        assert int(file.sha256, 16)
        assert all(mirror.startswith("http") and mirror.endswith("/") for mirror in file.mirrors)
    assert set(entry.contents) <= {file.name.removesuffix(".gz") for file in entry.files}


def test_a_download_serves_from_then_on(cache: Path) -> None:
    with serve(Mirror()) as mirror:
        entry, mirror.files = made_up_set(mirror.address)
        assert entry.find() is None
        assert_right(read(entry, download=True))
        assert entry.find() == cache / "made-up"
        assert len(mirror.asked) == 4
        (cache / "made-up" / "t10k-labels-idx1-ubyte.gz").unlink()
        assert_right(read(entry, download=True))
        assert len(mirror.asked) == 5
    assert_right(read(entry))
    data = entry.load(None, download=False, on_progress=None)
    assert data.source == str(cache / "made-up")
    assert data.sha256 == {file.name: file.sha256 for file in entry.files}


def test_a_folder_is_read_and_never_written_to(tmp_path: Path) -> None:
    with serve(Mirror()) as mirror:
        entry, mirror.files = made_up_set(mirror.address)
        folder = put(tmp_path / "mine", mirror.files)
        assert_right(read(entry, folder, download=True))
        (folder / "t10k-labels-idx1-ubyte.gz").unlink()
        with pytest.raises(FileError) as caught:
            read(entry, folder, download=True)
        assert mirror.asked == []
    text = str(caught.value)
    assert "lacks files. Put into " + str(folder) in text
    (line,) = [line for line in text.splitlines() if "SHA-256" in line]
    assert line.split()[0] == "t10k-labels-idx1-ubyte.gz"


def test_an_installed_package_is_found_first(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    entry, files = made_up_set()
    put(cache / "made-up", files)
    installed = put(tmp_path / "system", files)
    monkeypatch.setattr(idx_sets, "installed_folders", lambda _name: (installed,))
    assert entry.load(None, download=False, on_progress=None).source == str(installed)


def test_files_that_are_compressed_anew_or_not_at_all(tmp_path: Path) -> None:
    entry, files = made_up_set()
    anew = {
        name: gzip.compress(gzip.decompress(content), 1, mtime=2) for name, content in files.items()
    }
    plain = {name.removesuffix(".gz"): gzip.decompress(content) for name, content in files.items()}
    for number, folder_files in enumerate((anew, plain)):
        folder = put(tmp_path / str(number), folder_files)
        assert_right(read(entry, folder))
        sums = entry.load(folder, download=False, on_progress=None).sha256
        assert list((sums or {}).values()) == list(entry.contents.values())
    unknown, _ = made_up_set("http://example.org/", contents=False)
    assert_right(read(unknown, tmp_path / "1"))
    assert unknown.load(tmp_path / "1", download=False, on_progress=None).sha256 is None
    with pytest.raises(FileError, match="expected"):
        read(unknown, tmp_path / "0")


@pytest.mark.parametrize("contents", [True, False])
def test_wrong_files_are_refused(tmp_path: Path, contents: bool) -> None:
    entry, files = made_up_set("http://example.org/", contents=contents)
    folder = put(tmp_path / "mine", files)
    labels = folder / "train-labels-idx1-ubyte.gz"
    labels.write_bytes(gzip.compress(gzip.decompress(labels.read_bytes())[::-1]))
    with pytest.raises(FileError, match=r"has SHA-256 \w{64}, expected \w{64}.*example\.org"):
        read(entry, folder)
    labels.write_bytes(b"\x1f\x8b\x08damaged")
    with pytest.raises(FileError, match="gzip" if contents else "expected"):
        read(entry, folder)


def test_nothing_is_there(cache: Path) -> None:
    entry, _ = made_up_set("http://127.0.0.1:9/")
    for download in (False, True):
        with pytest.raises(FileError) as caught:
            read(entry, download=download)
        text = str(caught.value)
        for file in entry.files:
            assert f"{file.name}  {file.size:,} bytes, SHA-256 {file.sha256}" in text
        assert f"Put into {cache / 'made-up'}:" in text
        assert "from http://127.0.0.1:9/" in text
        assert "--data-folder" in text
        assert ("cannot be downloaded" in text) == download
        assert ("nudgegrad data --data made-up" in text) != download
