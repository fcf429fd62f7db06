"""Folders of pictures, right and wrong ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nudgegrad.data import image_folder, load, load_image_folder
from nudgegrad.files import FileError
from nudgegrad.validation import ParameterError


def paint(path: Path, value: int, size: tuple[int, int] = (6, 4), mode: str = "L") -> None:
    """Write a picture (width, height) of one grey, with a white pixel at the upper left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new(mode, size, value if mode == "L" else (value, value, value))
    image.putpixel((0, 0), 255 if mode == "L" else (255, 255, 255))
    image.save(path)


def fill(folder: Path, count: int = 5) -> Path:
    """Write cats, which are dark, and dogs, which are light."""
    for name, grey in (("cats", 10), ("dogs", 200)):
        for number in range(count):
            paint(folder / name / f"{number}.png", grey + number)
    return folder


def test_classes_are_folders(tmp_path: Path) -> None:
    folder = fill(tmp_path / "animals")
    (folder / "readme.txt").write_text("no picture")
    (folder / "cats" / "Thumbs.db").write_bytes(b"")
    (folder / ".git").mkdir()
    data = load_image_folder(folder)
    assert (data.name, data.class_names, data.pictures) == ("animals", ("cats", "dogs"), "grey")
    assert data.x_train.shape == (8, 4, 6)
    assert data.x_train.dtype == np.uint8
    assert (data.t_train.tolist(), data.t_test.tolist()) == ([0] * 4 + [1] * 4, [0, 1])
    assert data.image_shape == (4, 6)
    greys = sorted([*data.x_train[:, 1, 1].tolist(), *data.x_test[:, 1, 1].tolist()])
    assert greys == [10, 11, 12, 13, 14, 200, 201, 202, 203, 204]
    assert (data.x_train[:, 0, 0] == 255).all()


def test_training_and_test_folders(tmp_path: Path) -> None:
    fill(tmp_path / "train", 3)
    fill(tmp_path / "test", 2)
    data = load_image_folder(tmp_path)
    assert data.t_train.tolist() == [0, 0, 0, 1, 1, 1]
    assert data.t_test.tolist() == [0, 0, 1, 1]
    (tmp_path / "test" / "dogs").rename(tmp_path / "test" / "wolves")
    with pytest.raises(FileError, match="must have a folder for each of cats, dogs, has cats, w"):
        load_image_folder(tmp_path)


def test_kinds_and_sizes(tmp_path: Path) -> None:
    paint(tmp_path / "a" / "1.png", 100, (3, 5), "RGB")
    paint(tmp_path / "a" / "2.JPG", 100, (3, 5))
    paint(tmp_path / "a" / "3.png", 100, (5, 3))
    with pytest.raises(FileError, match=r"3\.png: is 5 wide and 3 high, 1\.png 3 and 5; .*image-s"):
        load_image_folder(tmp_path)
    for size, shape in ((8, (8, 8)), ((2, 7), (2, 7))):
        data = load_image_folder(tmp_path, size)
        assert data.x_train.shape[1:] == shape
        assert data.x_train.max() <= 255
    assert load(tmp_path, image_size=8).features == 64
    for wrong in (0, 2.5, (1, 2, 3), "8"):
        with pytest.raises(ParameterError, match="size must be"):
            load_image_folder(tmp_path, wrong)  # type: ignore[arg-type]


def test_turned_pictures(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    for number in range(2):
        path = tmp_path / "a" / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.new("L", (6, 4)).save(path, exif=exif)
    assert load_image_folder(tmp_path).image_shape == (6, 4)


def test_wrong_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileError, match="must have a folder of pictures for each class"):
        load_image_folder(tmp_path)
    with pytest.raises(FileError, match="is no readable folder"):
        load_image_folder(tmp_path / "none")
    folder = fill(tmp_path / "animals")
    (folder / "birds").mkdir()
    with pytest.raises(FileError, match=r"birds: must hold pictures \(\.png"):
        load_image_folder(folder)
    (folder / "birds" / "1.png").write_bytes(b"no picture")
    for size in (None, 8):
        with pytest.raises(FileError, match=r"birds/1\.png: is not a PNG or JPEG picture"):
            load_image_folder(folder, size)
    (folder / "birds" / "1.png").unlink()
    paint(folder / "birds" / "1.png", 0, (6, 4))
    monkeypatch.setattr(image_folder, "MOST_BYTES", 6 * 4 * 11 - 1)
    with pytest.raises(FileError, match="11 pictures of 6 × 4 pixels are 264 bytes"):
        load_image_folder(folder)


def test_single_pictures(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    with pytest.raises(FileError, match="a class must have two samples or more"):
        load_image_folder(tmp_path)


def test_by_load(tmp_path: Path) -> None:
    folder = fill(tmp_path / "animals")
    assert load(folder).class_names == ("cats", "dogs")
    data = load(folder, classes=3)
    assert (data.classes, data.class_names) == (3, None)
    fill(tmp_path / "divided" / "train")
    fill(tmp_path / "divided" / "test")
    assert len(load(tmp_path / "divided").x_test) == 10
    with pytest.raises(ParameterError, match="image_size is only for a folder of pictures"):
        load("mnist", image_size=8)
    with pytest.raises(ParameterError, match="folder is only for a data set's name"):
        load(folder, folder=folder)
    with pytest.raises(ParameterError, match=r"data must be .*, which does not exist"):
        load(tmp_path / "none.csv", label="species")
    (tmp_path / "webp" / "cats").mkdir(parents=True)
    (tmp_path / "webp" / "cats" / "1.webp").touch()
    with pytest.raises(FileError, match=r"webp: must hold four IDX files, .* or PNG and JPEG pic"):
        load(tmp_path / "webp")
