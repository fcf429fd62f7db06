from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nudgegrad.data import bundled, load, load_mnist, names
from nudgegrad.files import FileError
from nudgegrad.validation import ParameterError


def test_mnist_is_whole() -> None:
    data = load("mnist")
    assert data.x_train.shape == (60000, 28, 28)
    assert data.x_test.shape == (10000, 28, 28)
    assert data.x_train.dtype == data.x_test.dtype == np.uint8
    assert data.classes == 10
    assert data.image_shape == (28, 28)
    assert data.t_train[:8].tolist() == [5, 0, 4, 1, 9, 2, 1, 3]
    assert data.t_test[:8].tolist() == [7, 2, 1, 0, 4, 1, 4, 9]
    assert np.bincount(data.t_train).tolist() == [
        *(5923, 6742, 5958, 6131, 5842),
        *(5421, 5918, 6265, 5851, 5949),
    ]


def test_mnist_is_read_once_and_shared() -> None:
    data = load("mnist")
    assert load("mnist") is data
    for values in (data.x_train, data.t_train, data.x_test, data.t_test):
        assert not values.flags.writeable


def test_mnist_may_be_given_more_classes() -> None:
    assert load("mnist", classes=12).classes == 12
    with pytest.raises(ParameterError, match="classes=6 or more"):
        load("mnist", classes=5)


def test_names() -> None:
    assert names()[0] == "mnist"
    assert load("mnist").sha256 == bundled.checksums()
    with pytest.raises(ParameterError, match="mnist comes with nudgegrad, not from a folder"):
        load("mnist", folder="somewhere")


def test_damaged_installation_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = files("nudgegrad.data") / "mnist"
    (tmp_path / "mnist").mkdir()
    for name in ("SHA256SUMS", "train-images-idx3-ubyte.gz"):
        (tmp_path / "mnist" / name).write_bytes((folder / name).read_bytes())
    (tmp_path / "mnist" / "SHA256SUMS").write_text(f"{'0' * 64}  train-images-idx3-ubyte\n")
    monkeypatch.setattr(bundled, "files", lambda _: tmp_path)
    with pytest.raises(FileError, match=r"train-images-idx3-ubyte\.gz: has SHA-256"):
        bundled.mnist.__wrapped__()


def test_load_mnist_as_in_the_book() -> None:
    (x_train, t_train), (x_test, t_test) = load_mnist(dtype="float32")
    assert x_train.shape == (60000, 784)
    assert x_test.shape == (10000, 784)
    assert x_train.dtype == np.float32
    assert (x_test.min(), x_test.max()) == (0, 1)
    assert t_train.shape == (60000,)
    assert t_test.dtype == np.int64


def test_load_mnist_gives_float64_unless_told() -> None:
    (_, _), (x_test, _) = load_mnist()
    expected = load("mnist").x_test.reshape(10000, 784) / 255
    np.testing.assert_array_equal(x_test, expected)


def test_load_mnist_as_bytes_in_channels_with_one_hot_labels() -> None:
    (x_train, t_train), (x_test, t_test) = load_mnist(False, False, True)
    assert x_train.shape == (60000, 1, 28, 28)
    assert x_train.dtype == np.uint8
    np.testing.assert_array_equal(x_test[:, 0], load("mnist").x_test)
    assert t_train.shape == (60000, 10)
    np.testing.assert_array_equal(t_test.argmax(axis=1), load("mnist").t_test)


def test_load_mnist_gives_arrays_of_ones_own() -> None:
    (x_train, t_train), (x_test, t_test) = load_mnist(normalize=False)
    for values in (x_train, t_train, x_test, t_test):
        values[0] = 3
    assert load("mnist").t_train[0] == 5
    assert load("mnist").x_test[0].max() > 3


@pytest.mark.parametrize(
    "arguments", [{"normalize": 1}, {"flatten": "no"}, {"one_hot_label": None}, {"dtype": "int8"}]
)
def test_load_mnist_checks_its_arguments(arguments: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match=f"{next(iter(arguments))} must be"):
        load_mnist(**arguments)
