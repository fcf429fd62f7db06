"""Fixtures for the tests of the command line."""

from pathlib import Path

import pytest

from tests.cli.processes import write_data


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A small data set's file."""
    return write_data(tmp_path / "data.npz")
