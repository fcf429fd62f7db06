"""Data sets by name, as `load` and `available` know them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from nudgegrad.data import available, cache_folder, load, names, registry
from nudgegrad.data.split import split
from nudgegrad.validation import ParameterError
from tests.data.made_up import made_up_set, put
from tests.data.mirror import Mirror, serve


def test_what_is_available(cache: Path) -> None:
    found = {entry.name: entry for entry in available()}
    assert tuple(found) == names()
    assert not cache.exists()
    assert found["mnist"].location is not None
    assert found["kmnist"].location is None
    assert found["kmnist"].download_bytes == 21_240_888
    assert found["emnist-balanced"].classes == 47
    assert found["kmnist"].class_names == tuple("おきすつなはまやれを")


def test_the_cache_folder(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache_folder("kmnist") == cache / "kmnist"
    monkeypatch.delenv("NUDGEGRAD_DATA")
    assert cache_folder("kmnist").parts[-3:] == ("nudgegrad", "data", "kmnist")


def test_load_by_name(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, int, int]] = []
    with serve(Mirror()) as mirror:
        entry, mirror.files = made_up_set(mirror.address, name="kmnist")
        monkeypatch.setitem(registry.NAMED, "kmnist", entry)
        data = load("kmnist", on_progress=lambda *args: told.append(args))
        folder = put(tmp_path / "mine", mirror.files)
    assert [name for name, _, _ in told] == [file.name for file in entry.files]
    assert data.source == str(cache / "kmnist")
    assert load("kmnist", folder=folder, download=False).source == str(folder)
    more = load("kmnist", classes=12, download=False)
    assert (more.classes, more.class_names) == (12, None)
    assert load("kmnist", classes=10, download=False).class_names == entry.class_names


def test_digits() -> None:
    pytest.importorskip("sklearn")
    data = load("digits")
    assert data.image_shape == (8, 8)
    assert len(data.x_train) + len(data.x_test) == 1797
    assert data.x_train.min() == 0
    assert data.x_train.max() == 1
    assert np.bincount(data.t_test).min() >= 30
    assert len(split(np.concatenate([data.t_train, data.t_test]))[1]) == len(data.x_test)


def test_digits_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ParameterError, match="pip install scikit-learn"):
        load("digits")
    with pytest.raises(ParameterError, match="not from a folder"):
        load("digits", folder="somewhere")
