"""Fixtures for the tests of the command line."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.processes import write_data


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A small data set's file."""
    return write_data(tmp_path / "data.npz")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that is the current one; what was imported from it is forgotten."""
    monkeypatch.chdir(tmp_path)
    before, paths = set(sys.modules), list(sys.path)
    yield tmp_path
    assert sys.path == paths
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]
