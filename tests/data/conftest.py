"""Data sets with names are looked for in an empty cache folder, and no proxy is asked."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder into which is downloaded; it does not exist yet."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("NUDGEGRAD_DATA", str(folder))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "*")
    return folder
