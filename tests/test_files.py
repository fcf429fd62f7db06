"""Files written whole or not at all, and archives that are not trusted."""

from __future__ import annotations

import contextlib
import errno
import io
import json
import math
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nudgegrad.files import (
    FileError,
    finite_or_none,
    read_npz,
    write_atomically,
    write_json,
    write_npz,
)


def test_nothing_is_seen_before_the_end(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with write_atomically(path) as stream:
        stream.write(b"new")
        stream.flush()
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def write_half_and_raise(path: Path, error: type[BaseException]) -> None:
    with write_atomically(path) as stream:
        stream.write(b"half")
        raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("exists", [True, False])
def test_an_error_leaves_nothing(tmp_path: Path, error: type[BaseException], exists: bool) -> None:
    path = tmp_path / "file"
    if exists:
        path.write_bytes(b"old")
    with pytest.raises(error):
        write_half_and_raise(path, error)
    assert [item.read_bytes() for item in tmp_path.iterdir()] == [b"old"] * exists


def test_a_folder_in_the_place_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="taken"), write_atomically(tmp_path / "taken") as stream:
        stream.write(b"x")
    assert [item.name for item in tmp_path.iterdir()] == ["taken"]


def test_errors_name_the_file_that_was_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "none" / "file"
    with pytest.raises(FileNotFoundError) as caught:
        write_json(path, {})
    assert caught.value.filename == str(path)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    path = tmp_path / "file"
    with pytest.raises(OSError, match=rf"No space left on device: '{path}'"):
        write_json(path, {})
    assert list(tmp_path.iterdir()) == []
    other = FileNotFoundError(errno.ENOENT, "gone", "of another matter")
    with pytest.raises(FileNotFoundError, match="of another matter"), write_atomically(path):
        raise other


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600)])
def test_permissions_are_those_of_any_new_file(tmp_path: Path, umask: int, mode: int) -> None:
    previous = os.umask(umask)
    try:
        write_json(tmp_path / "file", {})
        assert os.umask(umask) == umask
    finally:
        os.umask(previous)
    assert (tmp_path / "file").stat().st_mode & 0o777 == mode


def test_finite_or_none() -> None:
    value = {"a": [1.5, math.nan, (math.inf, -math.inf)], "b": {"c": math.nan}, "d": "nan", "e": 1}
    assert finite_or_none(value) == {
        "a": [1.5, None, [None, None]],
        "b": {"c": None},
        "d": "nan",
        "e": 1,
    }


def test_json(tmp_path: Path) -> None:
    write_json(tmp_path / "file.json", {"h": 1e-4, "loss": [math.nan], "数": "手写"})
    text = (tmp_path / "file.json").read_text(encoding="utf-8")
    assert text.endswith("}\n")
    assert "手写" in text
    assert json.loads(text) == {"h": 1e-4, "loss": [None], "数": "手写"}


def test_what_json_cannot_hold_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write_json(tmp_path / "file.json", {"a": object()})
    assert list(tmp_path.iterdir()) == []


ARRAYS: dict[str, Any] = {
    "float": np.linspace(0, 1, 7).reshape(7, 1),
    "float32": np.array([[1, 2], [3, 4]], np.float32),
    "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    "scalar": np.array(5),
    "empty": np.empty((0, 3)),
    "text": np.array(["a", "bc"]),
    "bytes": np.arange(256, dtype=np.uint8),
    "big_endian": np.arange(3, dtype=">f8"),
    "bool": np.array([True, False]),
}


def test_npz_round_trip(tmp_path: Path) -> None:
    write_npz(tmp_path / "a.npz", ARRAYS, {"x": 1})
    arrays, document = read_npz(tmp_path / "a.npz")
    assert document == {"x": 1}
    assert list(arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array, strict=True)
        assert arrays[name].flags.writeable


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz_of_numpy(tmp_path: Path, save: Any) -> None:
    save(tmp_path / "a.npz", zeros=np.zeros(300_000), **ARRAYS)
    arrays, document = read_npz(tmp_path / "a.npz")
    assert document is None
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], array, strict=True)
    assert not arrays["zeros"].any()


def npy(header: str, content: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    padded = header.encode("latin-1") + b"\n"
    return b"\x93NUMPY" + version + struct.pack("<H", len(padded)) + padded + content


def member(data: bytes, name: str = "a.npy", method: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        archive.writestr(name, data)
    return stream.getvalue()


GOOD = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"
MEMBERS = {
    "no npy": b"hello",
    "empty": b"",
    "cut in the header": npy(GOOD)[:20],
    "later version": npy(GOOD, bytes(16), b"\x09\x00"),
    "too short": npy(GOOD, bytes(15)),
    "too long": npy(GOOD, bytes(17)),
    "huge": npy(GOOD.replace("(2,)", "(1000000000000000,)"), bytes(16)),
    "over all bounds": npy(GOOD.replace("(2,)", f"({10**30}, 0)"), b""),
    "negative": npy(GOOD.replace("(2,)", "(-1, -2)"), bytes(16)),
    "shape of text": npy(GOOD.replace("(2,)", "'ab'"), bytes(16)),
    "object": npy(GOOD.replace("<f8", "|O"), bytes(16)),
    "object inside": npy(GOOD.replace("'<f8'", "[('x', '|O')]"), bytes(16)),
    "unknown dtype": npy(GOOD.replace("<f8", "<q9"), bytes(16)),
    "dtype of no size": npy(GOOD.replace("<f8", "|S0"), b""),
    "no dict": npy("[1, 2]", bytes(16)),
    "no Python": npy("{'descr': ((((", bytes(16)),
    "code": npy("__import__('os').abort()", bytes(16)),
    "null bytes": npy("\0\0\0", bytes(16)),
}


@pytest.mark.parametrize("name", MEMBERS)
def test_wrong_members(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(member(MEMBERS[name]))
    with pytest.raises(FileError, match=r"a\.npz: "):
        read_npz(path)


@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_damage_in_members(tmp_path: Path, method: int) -> None:
    values = np.arange(500.0)
    content = member(npy(GOOD.replace("2", "500"), values.tobytes()), method=method)
    path = tmp_path / "a.npz"
    for place in range(30, len(content) - 70, 11):
        damaged = bytearray(content)
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        # Some bits of a compressed stream mean nothing.
        with contextlib.suppress(FileError):
            np.testing.assert_array_equal(read_npz(path)[0]["a"], values)


@pytest.mark.parametrize("flag", range(0, 256, 5))
def test_members_of_another_compression(tmp_path: Path, flag: int) -> None:
    content = bytearray(member(npy(GOOD, bytes(16))))
    content[content.index(b"PK\x01\x02") + 10] = flag  # the method that the directory tells
    path = tmp_path / "a.npz"
    path.write_bytes(content)
    if flag == 0:
        assert read_npz(path)[0]["a"].tolist() == [0, 0]
    else:
        with pytest.raises(FileError, match=r"a\.npz: "):
            read_npz(path)


def test_bombs_are_refused_before_they_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    write_npz(path, {"a": np.zeros(1000)}, None)
    with pytest.raises(FileError, match=r"declares \d+ bytes, more than it can or may hold"):
        read_npz(path, limit=8000)
    content = bytearray(member(npy(GOOD, bytes(16))))
    directory = content.index(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = struct.pack("<I", 2**31)
    path.write_bytes(content)
    with pytest.raises(FileError, match="declares 2147483648 bytes"):
        read_npz(path)


def test_other_members_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    path.write_bytes(member(b"anything", "../readme.txt"))
    assert read_npz(path) == ({}, None)
    assert list(tmp_path.iterdir()) == [path]


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"none\.npz: cannot be read \(No such file"):
        read_npz(tmp_path / "none.npz")
    with pytest.raises(FileError, match="directory"):
        read_npz(tmp_path)
