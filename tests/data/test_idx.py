from __future__ import annotations

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from nudgegrad.data import read_idx
from nudgegrad.files import FileError
from nudgegrad.validation import ParameterError

VALUES = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
shared_tmp_path = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)


def idx(values: NDArray[np.uint8]) -> bytes:
    header = struct.pack(f">{values.ndim + 1}I", 0x800 + values.ndim, *values.shape)
    return header + values.tobytes()


def write(folder: Path, content: bytes) -> Path:
    path = folder / "values-idx"
    path.write_bytes(content)
    return path


def check_rejected(path: Path, fact: str = ".", dimensions: int = 3) -> None:
    with pytest.raises(FileError, match=fact) as caught:
        read_idx(path, dimensions)
    assert str(path) in str(caught.value)


arrays = hnp.arrays(np.uint8, hnp.array_shapes(min_dims=1, max_dims=4, max_side=7))


@shared_tmp_path
@given(values=arrays, compressed=st.booleans())
def test_round_trip(tmp_path: Path, values: NDArray[np.uint8], compressed: bool) -> None:
    content = idx(values)
    path = write(tmp_path, gzip.compress(content) if compressed else content)
    result = read_idx(path, values.ndim)
    assert result.dtype == np.uint8
    np.testing.assert_array_equal(result, values)


@shared_tmp_path
@given(data=st.data(), compressed=st.booleans())
def test_every_truncation_is_rejected(
    tmp_path: Path, data: st.DataObject, compressed: bool
) -> None:
    content = gzip.compress(idx(VALUES)) if compressed else idx(VALUES)
    length = data.draw(st.integers(0, len(content) - 1))
    check_rejected(write(tmp_path, content[:length]))


@shared_tmp_path
@given(tail=st.binary(min_size=1), compressed=st.booleans())
def test_every_extension_of_the_payload_is_rejected(
    tmp_path: Path, tail: bytes, compressed: bool
) -> None:
    content = idx(VALUES) + tail
    check_rejected(write(tmp_path, gzip.compress(content) if compressed else content), "header")


@shared_tmp_path
@given(position=st.integers(0, len(idx(VALUES)) - 1), flip=st.integers(1, 255))
def test_every_damaged_header_byte_is_rejected(tmp_path: Path, position: int, flip: int) -> None:
    content = bytearray(idx(VALUES))
    content[position] ^= flip
    path = write(tmp_path, bytes(content))
    if position < 16:
        check_rejected(path)
    else:
        assert (read_idx(path, 3) != VALUES).sum() == 1


@pytest.mark.parametrize("compressed", [False, True])
def test_result_is_read_only(tmp_path: Path, compressed: bool) -> None:
    content = idx(VALUES)
    result = read_idx(write(tmp_path, gzip.compress(content) if compressed else content), 3)
    with pytest.raises(ValueError, match="read-only"):
        result[0, 0, 0] = 1


def test_compression_is_told_by_content(tmp_path: Path) -> None:
    plain = tmp_path / "plain.gz"
    plain.write_bytes(idx(VALUES))
    np.testing.assert_array_equal(read_idx(plain, 3), VALUES)


def test_gzip_of_several_members(tmp_path: Path) -> None:
    content = idx(VALUES)
    path = write(tmp_path, gzip.compress(content[:20]) + gzip.compress(content[20:]))
    np.testing.assert_array_equal(read_idx(path, 3), VALUES)


@pytest.mark.parametrize("magic", [0x00000801, 0x00000D03, 0x08030000, 0x89504E47])
def test_wrong_magic(tmp_path: Path, magic: int) -> None:
    content = magic.to_bytes(4, "big") + idx(VALUES)[4:]
    check_rejected(write(tmp_path, content), f"0x{magic:08x}.*0x00000803")


def test_wrong_magic_in_a_short_file(tmp_path: Path) -> None:
    check_rejected(write(tmp_path, b"hello"), "begins with 0x68656c6c")


def test_truncated_header(tmp_path: Path) -> None:
    check_rejected(write(tmp_path, idx(VALUES)[:9]), "9 of its header's 16 bytes")


def test_empty_file(tmp_path: Path) -> None:
    check_rejected(write(tmp_path, b""), "0 of its header's 16 bytes")


def test_truncated_payload(tmp_path: Path) -> None:
    check_rejected(write(tmp_path, idx(VALUES)[:-1]), "2 × 3 × 4 = 24 bytes, 23 follow")


def test_overlong_payload(tmp_path: Path) -> None:
    check_rejected(write(tmp_path, idx(VALUES) + b"\0"), "2 × 3 × 4 = 24 bytes, 25 follow")


def test_truncated_payload_in_gzip(tmp_path: Path) -> None:
    check_rejected(write(tmp_path, gzip.compress(idx(VALUES)[:-1])), "24 bytes, only 23 follow")


def test_overlong_payload_in_gzip(tmp_path: Path) -> None:
    check_rejected(write(tmp_path, gzip.compress(idx(VALUES) + b"\0")), "24 bytes, more follow")


@pytest.mark.parametrize("shape", [(0, 28, 28), (5, 0, 28), (0, 0, 0)])
def test_zero_sized_dimensions(tmp_path: Path, shape: tuple[int, int, int]) -> None:
    check_rejected(write(tmp_path, struct.pack(">4I", 0x803, *shape)), "is empty")


@pytest.mark.parametrize("compressed", [False, True])
def test_impossible_size_is_rejected_before_allocation(tmp_path: Path, compressed: bool) -> None:
    content = struct.pack(">4I", 0x803, *[2**32 - 1] * 3) + b"\0" * 100
    path = write(tmp_path, gzip.compress(content) if compressed else content)
    check_rejected(path, "compressed file of this size cannot hold" if compressed else "100 follow")


def test_decompression_stops_past_the_declared_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, gzip.compress(idx(VALUES) + bytes(50_000_000)))
    asked: list[int] = []
    original = gzip.GzipFile.read

    def read(self: gzip.GzipFile, size: int | None = -1) -> bytes:
        assert size is not None
        asked.append(size)
        return original(self, size)

    monkeypatch.setattr(gzip.GzipFile, "read", read)
    check_rejected(path, "more follow")
    assert asked == [16, VALUES.size + 1]


def test_greatest_compression_is_accepted(tmp_path: Path) -> None:
    values = np.zeros((1000, 100, 100), np.uint8)
    np.testing.assert_array_equal(read_idx(write(tmp_path, gzip.compress(idx(values))), 3), values)


def test_corrupt_gzip_checksum(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(idx(VALUES)))
    content[-6] ^= 1
    check_rejected(write(tmp_path, bytes(content)), "gzip.*CRC")


def test_corrupt_gzip_stream(tmp_path: Path) -> None:
    content = bytearray(gzip.compress(idx(VALUES)))
    content[10] ^= 0x07  # the first deflate block's type
    check_rejected(write(tmp_path, bytes(content)), "gzip")


def test_gzip_with_trailing_garbage(tmp_path: Path) -> None:
    check_rejected(write(tmp_path, gzip.compress(idx(VALUES)) + b"garbage"), "gzip")


def test_missing_file(tmp_path: Path) -> None:
    check_rejected(tmp_path / "absent", "does not exist")


def test_directory(tmp_path: Path) -> None:
    check_rejected(tmp_path, "is not a file")


@pytest.mark.parametrize("compressed", [False, True])
def test_sha256_is_of_the_uncompressed_bytes(tmp_path: Path, compressed: bool) -> None:
    content = idx(VALUES)
    path = write(tmp_path, gzip.compress(content) if compressed else content)
    digest = hashlib.sha256(content).hexdigest()
    np.testing.assert_array_equal(read_idx(path, 3, sha256=digest.upper()), VALUES)
    with pytest.raises(FileError, match=f"{path.name}: has SHA-256 {digest}, expected 00"):
        read_idx(path, 3, sha256="00")


@pytest.mark.parametrize("dimensions", [0, 256, 1.5])
def test_dimensions_must_be_possible(tmp_path: Path, dimensions: int) -> None:
    with pytest.raises(ParameterError, match="dimensions must be"):
        read_idx(tmp_path, dimensions)
