"""Downloads, from servers on this machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from nudgegrad.data import fetch as module
from nudgegrad.data.fetch import RemoteFile, fetch
from nudgegrad.files import FileError
from tests.data.mirror import Mirror, serve

CONTENT = np.random.default_rng(0).bytes(300_000)
NOWHERE = "http://127.0.0.1:9/"  # the port of "discard": nobody listens


@pytest.fixture
def mirrors() -> Iterator[list[Mirror]]:
    with ExitStack() as stack:
        yield [stack.enter_context(serve(Mirror({"a.bin": CONTENT}))) for _ in range(2)]


def remote(*mirrors: Mirror | str) -> RemoteFile:
    addresses = tuple(m if isinstance(m, str) else m.address for m in mirrors)
    return RemoteFile("a.bin", len(CONTENT), hashlib.sha256(CONTENT).hexdigest(), addresses)


def only_the_file_is_in(folder: Path) -> bool:
    return [p.name for p in folder.iterdir()] == ["a.bin"] and (
        (folder / "a.bin").read_bytes() == CONTENT
    )


def test_a_download_is_done_once_and_told_of(mirrors: list[Mirror], tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    folder = tmp_path / "new" / "folder"
    for _ in range(2):
        path = fetch(remote(*mirrors), folder, lambda *args: told.append(args))
        assert path == folder / "a.bin"
    assert only_the_file_is_in(folder)
    assert mirrors[0].asked == [("/a.bin", None)]
    assert mirrors[1].asked == []
    counts = [done for _, done, _ in told]
    assert counts == sorted(set(counts))
    assert told[-1] == ("a.bin", len(CONTENT), len(CONTENT))
    assert len(told) >= len(CONTENT) / module.CHUNK


def test_mirrors_that_fail_are_passed_over(mirrors: list[Mirror], tmp_path: Path) -> None:
    mirrors[0].files.clear()
    fetch(remote(NOWHERE, *mirrors), tmp_path)
    assert only_the_file_is_in(tmp_path)
    assert len(mirrors[0].asked) == len(mirrors[1].asked) == 1


def test_a_broken_connection_is_gone_on_with(mirrors: list[Mirror], tmp_path: Path) -> None:
    mirrors[0].breaks_after = 100_000
    fetch(remote(*mirrors), tmp_path)
    assert only_the_file_is_in(tmp_path)
    assert [asked for _, asked in mirrors[0].asked] == [None, "bytes=100000-", "bytes=200000-"]
    assert mirrors[1].asked == []


def test_the_next_mirror_goes_on(mirrors: list[Mirror], tmp_path: Path) -> None:
    mirrors[0].breaks_after, mirrors[0].ranges = 70_000, False  # so it gets no further
    fetch(remote(*mirrors), tmp_path)
    assert only_the_file_is_in(tmp_path)
    assert mirrors[1].asked == [("/a.bin", "bytes=70000-")]


def test_an_interruption_keeps_the_part(mirrors: list[Mirror], tmp_path: Path) -> None:
    def interrupt(_name: str, done: int, _size: int) -> None:
        if done > 150_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(remote(mirrors[0]), tmp_path, interrupt)
    (part,) = tmp_path.iterdir()
    assert part.name == "a.bin.part"
    here = part.stat().st_size
    assert 150_000 < here < len(CONTENT)
    assert part.read_bytes() == CONTENT[:here]
    fetch(remote(mirrors[0]), tmp_path)
    assert only_the_file_is_in(tmp_path)
    assert mirrors[0].asked[-1] == ("/a.bin", f"bytes={here}-")


@pytest.mark.parametrize("ranges", [True, False])
def test_a_part_of_something_else_is_given_up(
    mirrors: list[Mirror], tmp_path: Path, ranges: bool
) -> None:
    (tmp_path / "a.bin.part").write_bytes(bytes(1000))
    mirrors[0].ranges = ranges
    fetch(remote(mirrors[0]), tmp_path)
    assert only_the_file_is_in(tmp_path)
    assert len(mirrors[0].asked) == (2 if ranges else 1)


def test_a_whole_part_is_only_verified(tmp_path: Path) -> None:
    (tmp_path / "a.bin.part").write_bytes(CONTENT)
    fetch(remote(NOWHERE), tmp_path)
    assert only_the_file_is_in(tmp_path)


def test_a_part_that_is_too_long_is_removed(mirrors: list[Mirror], tmp_path: Path) -> None:
    (tmp_path / "a.bin.part").write_bytes(CONTENT + b"x")
    fetch(remote(mirrors[0]), tmp_path)
    assert only_the_file_is_in(tmp_path)
    assert mirrors[0].asked == [("/a.bin", None)]


def test_wrong_contents_are_refused_and_removed(mirrors: list[Mirror], tmp_path: Path) -> None:
    wrong = bytes(len(CONTENT))
    mirrors[0].files["a.bin"] = wrong
    mirrors[1].files["a.bin"] = CONTENT + b"more"
    with pytest.raises(FileError) as caught:
        fetch(remote(*mirrors), tmp_path)
    first, second, third = str(caught.value).splitlines()
    assert first == "a.bin: cannot be downloaded"
    assert hashlib.sha256(wrong).hexdigest() in second
    assert remote().sha256 in second
    assert "gives more than 300,000 bytes" in third
    assert not any(path.stat().st_size for path in tmp_path.iterdir())
    mirrors[1].files["a.bin"] = CONTENT
    fetch(remote(*mirrors), tmp_path)
    assert only_the_file_is_in(tmp_path)


def test_a_mirror_whose_file_is_shorter(mirrors: list[Mirror], tmp_path: Path) -> None:
    mirrors[0].files["a.bin"] = CONTENT[:1000]
    (tmp_path / "a.bin.part").write_bytes(CONTENT[:2000])
    with pytest.raises(FileError, match=r"stopped after 1,000 of 300,000 bytes"):
        fetch(remote(mirrors[0]), tmp_path)
    assert [asked for _, asked in mirrors[0].asked] == ["bytes=2000-", None]


def test_another_range_than_asked_for(mirrors: list[Mirror], tmp_path: Path) -> None:
    mirrors[0].wrong_range = True
    (tmp_path / "a.bin.part").write_bytes(CONTENT[:2000])
    with pytest.raises(FileError, match="answered with another range: bytes 1999-299999"):
        fetch(remote(mirrors[0]), tmp_path)
    fetch(remote(*mirrors), tmp_path)
    assert only_the_file_is_in(tmp_path)


def test_nobody_answers(tmp_path: Path) -> None:
    with pytest.raises(FileError) as caught:
        fetch(remote(NOWHERE), tmp_path)
    assert f"{NOWHERE}a.bin: " in str(caught.value)


def test_too_little_room(tmp_path: Path) -> None:
    file = RemoteFile("a.bin", 2**62, "0", (NOWHERE,))
    with pytest.raises(FileError, match=r"must have 4,611,686,018,427,387,904 bytes free"):
        fetch(file, tmp_path)


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(FileError, match="cannot be written"):
        fetch(remote(NOWHERE), tmp_path / "file")
