"""What the pictures of a data set are like, and drawings made like them."""

from __future__ import annotations

import base64
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import nudgegrad as ng
from nudgegrad.app.draw import pictures
from nudgegrad.app.draw.frame import Frame, frame_of
from nudgegrad.data import Dataset
from nudgegrad.picture import MNIST, Placing


def made_of(x: np.ndarray, pictures: str = "grey") -> Dataset:
    t = np.zeros(len(x), int)
    return Dataset("made up", x, t, x, t, 1, "here", pictures=pictures)


def bars(shape: tuple[int, int] = (16, 16), top: int = 3, height: int = 10) -> np.ndarray:
    """Return pictures of upright bars on an empty background, at one height, some wider."""
    x = np.zeros((20, *shape), dtype=np.uint8)
    for number, image in enumerate(x):
        image[top : top + height, 6 : 8 + number % 4] = 200
    return x


def found(data: Dataset) -> Frame:
    frame = frame_of(data)
    assert frame is not None
    return frame


def drawn(frame: Frame, ink: np.ndarray) -> pictures.Picture:
    picture = pictures.from_drawing(base64.b64encode(ink.tobytes()).decode(), frame)
    assert picture is not None
    return picture


def test_mnist_is_what_it_is_known_to_be() -> None:
    frame = found(ng.data.load("mnist").limit(500))
    assert frame == Frame((28, 28), MNIST, 0.0, 1.0, 0.0, 1.0, ink_only=True)
    assert pictures.raster_of(frame) == pictures.RASTER


def test_a_placing_is_measured_and_kept_to() -> None:
    frame = found(made_of(bars()))
    assert frame.placing is not None
    assert (frame.placing.box, frame.placing.by_mass) == ((10, 5), False)
    assert frame.placing.at[0] == 3 + 4.5
    ink = np.zeros((84, 84), np.uint8)
    ink[60:80, 2:10] = 255  # low, on the left, 20 × 8
    rows, columns = np.nonzero(drawn(frame, ink).pixels)
    assert (rows.min(), rows.max()) == (3, 12)
    assert (columns.min(), columns.max()) in ((5, 8), (6, 9))


def test_numbers_mean_what_they_mean_in_the_data() -> None:
    frame = found(made_of(bars()))
    ink = np.zeros((84, 84), np.uint8)
    ink[10:70, 30:50] = 255
    light = drawn(frame, ink)
    assert light.inputs.min() == 0
    assert light.inputs.max() == pytest.approx(200 / 255)
    dark = drawn(found(made_of(255 - bars())), ink)
    np.testing.assert_allclose(dark.inputs, 1 - light.inputs)
    np.testing.assert_array_equal(dark.ink, light.ink)
    floats = drawn(found(made_of(bars() / 12.5 - 3)), ink)
    assert (floats.inputs.min(), floats.inputs.max()) == (-3, 13)
    np.testing.assert_array_equal(floats.pixels, light.pixels)


def test_test_images_can_be_drawn_on() -> None:
    data = made_of(255 - bars())
    shown = pictures.from_test_set(data, 1, found(data))
    assert shown.ink.max() == 255
    assert shown.ink[0, 0] == 0
    assert shown.pixels[0, 0] == 255
    assert base64.b64decode(pictures.base_of(shown)) == shown.ink.tobytes()


def test_an_uneven_background_is_noticed() -> None:
    x = np.random.default_rng(0).integers(0, 256, (20, 12, 20), dtype=np.uint8)
    frame = found(made_of(x))
    assert frame.placing is None
    ink = np.zeros((84, 84), np.uint8)
    ink[:16] = 255  # above the picture, which is wider than high
    ink[17:42] = 255
    picture = drawn(frame, ink)
    assert picture.pixels.shape == (12, 20)
    assert (picture.pixels[:5] == 255).all()
    assert not picture.pixels[7:].any()


def test_files_are_placed_where_their_background_is_even() -> None:
    frame = found(made_of(bars()))
    noise = np.random.default_rng(0).integers(0, 256, (60, 60), dtype=np.uint8)
    paper = np.full((60, 60), 255, np.uint8)
    paper[5:25, 40:48] = 0
    seen = {}
    for name, content in (("noise", noise), ("paper", paper)):
        stream = io.BytesIO()
        Image.fromarray(content).save(stream, "png")
        seen[name] = pictures.from_file(stream.getvalue(), name, frame)
    rows, _ = np.nonzero(seen["paper"].pixels)
    assert (rows.min(), rows.max()) == (3, 12)
    assert seen["noise"].pixels.std() > 10
    assert (seen["noise"].pixels > 0).mean() > 0.9


def test_samples_that_are_no_pictures() -> None:
    assert frame_of(made_of(np.zeros((3, 4)), "ink")) is None  # 2 × 2 at most
    assert frame_of(made_of(np.zeros((3, 100)), "none")) is None
    assert found(made_of(np.zeros((3, 8, 8)))).placing is None  # nothing is anywhere


def test_large_pictures_get_a_finer_raster() -> None:
    frame = Frame((50, 40), None, 0.0, 1.0, 0.0, 1.0)
    assert pictures.raster_of(frame) == 150
    assert pictures.raster_of(replace(frame, shape=(9, 900))) == pictures.MOST_RASTER


def test_digits_of_scikit_learn() -> None:
    pytest.importorskip("sklearn")
    data = ng.data.load("digits")
    frame = found(data)
    assert frame.placing is not None
    assert frame.placing.shape == (8, 8)
    assert frame.placing.box[0] == 8
    assert frame.placing.by_mass is False
    assert (frame.background, frame.strongest) == (0.0, 1.0)
    ink = np.zeros((84, 84), np.uint8)
    ink[20:60, 40:48] = 255
    one = drawn(frame, ink)
    assert one.inputs.shape == (1, 64)
    assert (one.pixels[:, 3:5].max(axis=1) > 0).all()  # from top to bottom
    assert isinstance(frame.placing, Placing)
