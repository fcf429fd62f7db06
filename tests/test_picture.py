from __future__ import annotations

import io
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from nudgegrad.data import load
from nudgegrad.picture import PictureError, centre, read_digit

Pixels = NDArray[np.uint8]


@pytest.fixture(scope="module")
def digit() -> Pixels:
    """MNIST's first test image, a 7."""
    return np.asarray(load("mnist").x_test[0])


def on_paper(digit: Pixels, size: tuple[int, int] = (400, 500)) -> Pixels:
    """Return the digit ten times as large, dark on light, off the centre."""
    paper = np.full(size, 255, np.uint8)
    paper[15:295, 200:480] = 255 - digit.repeat(10, axis=0).repeat(10, axis=1)
    return paper


def save(folder: Path, image: Image.Image | NDArray[Any], suffix: str = "png", **how: Any) -> Path:
    path = folder / f"digit.{suffix}"
    (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(path, **how)
    return path


def likeness(result: Pixels, digit: Pixels) -> float:
    assert result.shape == (28, 28)
    assert result.dtype == np.uint8
    assert result.max() == 255
    return float(np.corrcoef(result.ravel(), digit.ravel())[0, 1])


def rejected(path: Path, fact: str) -> None:
    with pytest.raises(PictureError, match=fact) as caught:
        read_digit(path)
    assert str(path) in str(caught.value)


def test_digit_comes_back(tmp_path: Path, digit: Pixels) -> None:
    result = read_digit(save(tmp_path, on_paper(digit)))
    assert likeness(result, digit) > 0.99
    assert np.abs(result.astype(float) - digit).mean() < 2


def test_many_digits_come_back(tmp_path: Path) -> None:
    # A centre of mass half-way between two pixels may be placed on either of them.
    digits = load("mnist").x_test[:50]
    alike = [likeness(read_digit(save(tmp_path, on_paper(digit))), digit) for digit in digits]
    assert sum(one > 0.95 for one in alike) >= 48


def test_mnist_image_itself_stays(tmp_path: Path, digit: Pixels) -> None:
    assert likeness(read_digit(save(tmp_path, digit)), digit) > 0.99


def test_polarity_does_not_matter(tmp_path: Path, digit: Pixels) -> None:
    paper = on_paper(digit)
    dark = read_digit(save(tmp_path, paper))
    light = read_digit(save(tmp_path, 255 - paper))
    np.testing.assert_array_equal(dark, light)


@pytest.mark.parametrize("mode", ["1", "P", "L", "LA", "RGB", "RGBA"])
def test_png_modes(tmp_path: Path, digit: Pixels, mode: str) -> None:
    image = Image.fromarray(on_paper(digit)).convert(mode)
    assert likeness(read_digit(save(tmp_path, image)), digit) > 0.9


@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_jpeg_modes(tmp_path: Path, digit: Pixels, mode: str) -> None:
    image = Image.fromarray(on_paper(digit)).convert(mode)
    assert likeness(read_digit(save(tmp_path, image, "jpg")), digit) > 0.95


def test_16_bit_png(tmp_path: Path, digit: Pixels) -> None:
    path = save(tmp_path, on_paper(digit).astype(np.uint16) * 257)
    with Image.open(path) as image:
        assert image.mode.startswith("I")
    assert likeness(read_digit(path), digit) > 0.95


def transparent(digit: Pixels, grey: int) -> Image.Image:
    opacity = 255 - on_paper(digit)
    return Image.merge(
        "LA", [Image.new("L", (500, 400), grey), Image.fromarray(np.ascontiguousarray(opacity))]
    )


@pytest.mark.parametrize("mode", ["LA", "RGBA"])
@pytest.mark.parametrize("grey", [0, 60, 200, 255])
def test_ink_on_transparency(tmp_path: Path, digit: Pixels, grey: int, mode: str) -> None:
    path = save(tmp_path, transparent(digit, grey).convert(mode))
    assert likeness(read_digit(path), digit) > 0.95


def test_paper_with_a_transparent_margin(tmp_path: Path, digit: Pixels) -> None:
    paper = Image.fromarray(on_paper(digit))
    opacity = Image.new("L", paper.size, 0)
    opacity.paste(255, (10, 10, 490, 390))
    path = save(tmp_path, Image.merge("LA", [paper, opacity]))
    assert likeness(read_digit(path), digit) > 0.95


def test_palette_with_a_transparent_colour(tmp_path: Path, digit: Pixels) -> None:
    image = Image.fromarray((on_paper(digit) < 128).astype(np.uint8)).convert("P")
    image.putpalette([255, 255, 255, 10, 10, 10])
    path = save(tmp_path, image, transparency=0)
    assert likeness(read_digit(path), digit) > 0.9


def test_orientation_is_applied(tmp_path: Path, digit: Pixels) -> None:
    image = Image.fromarray(on_paper(digit)).transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 270° counter-clockwise
    path = save(tmp_path, image, "jpg", exif=exif)
    assert likeness(read_digit(path), digit) > 0.95


def test_faint_noise_is_suppressed(tmp_path: Path, digit: Pixels) -> None:
    noise = np.random.default_rng(0).normal(0, 3, (400, 500))
    paper = (on_paper(digit) * 0.8 + 20 + noise).clip(0, 255).astype(np.uint8)
    assert likeness(read_digit(save(tmp_path, paper)), digit) > 0.95


def test_uneven_light_is_suppressed(tmp_path: Path, digit: Pixels) -> None:
    paper = on_paper(digit) * 0.7 + 30 + np.linspace(-25, 25, 500)
    assert likeness(read_digit(save(tmp_path, paper.astype(np.uint8))), digit) > 0.9


@pytest.mark.parametrize("level", [0, 127, 255])
@pytest.mark.parametrize("size", [(1, 1), (1, 90), (300, 200)])
def test_uniform_picture_is_empty(tmp_path: Path, size: tuple[int, int], level: int) -> None:
    rejected(save(tmp_path, np.full(size, level, np.uint8)), "is empty")


def test_wholly_transparent_picture_is_empty(tmp_path: Path) -> None:
    rejected(save(tmp_path, Image.new("RGBA", (50, 50), (255, 0, 0, 0))), "is empty")


def test_noise_alone_is_empty(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(128, 6, (400, 500)).astype(np.uint8)
    rejected(save(tmp_path, noise), "is empty")


@pytest.mark.parametrize("width", [1, 3])
def test_thin_stroke(tmp_path: Path, width: int) -> None:
    image = Image.new("L", (1500, 1500), 255)
    ImageDraw.Draw(image).line((200, 900, 260, 100), fill=0, width=width)
    result = read_digit(save(tmp_path, image))
    assert (result > 60).any(axis=1).sum() == 20  # as high as the box, and unbroken


def test_single_point(tmp_path: Path) -> None:
    pixels = np.zeros((5, 5), np.uint8)
    pixels[1, 3] = 255
    assert read_digit(save(tmp_path, pixels)).max() == 255


def test_large_picture(tmp_path: Path, digit: Pixels) -> None:
    paper = on_paper(digit).repeat(10, axis=0).repeat(10, axis=1)  # 20 million pixels
    assert likeness(read_digit(save(tmp_path, paper, compress_level=1)), digit) > 0.99


@pytest.mark.parametrize("size", [(5001, 5000), (10_000, 10_000), (30_000, 30_000)])
def test_too_large_picture_is_never_decoded(tmp_path: Path, size: tuple[int, int]) -> None:
    # The header of one pixel's picture is made to declare the size, so decoding would fail.
    buffer = io.BytesIO()
    Image.new("1", (1, 1)).save(buffer, "PNG")
    content = bytearray(buffer.getvalue())
    content[16:24] = size[0].to_bytes(4, "big") + size[1].to_bytes(4, "big")
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    path = tmp_path / "large.png"
    path.write_bytes(content)
    rejected(path, "pixels")


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_truncated_picture(tmp_path: Path, digit: Pixels, suffix: str) -> None:
    path = save(tmp_path, on_paper(digit), suffix)
    content = path.read_bytes()
    for part in (0.01, 0.3, 0.6, 0.9):
        path.write_bytes(content[: int(len(content) * part)])
        rejected(path, "picture")


@pytest.mark.parametrize("content", [b"", b"hello", bytes(1000)])
def test_no_picture(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "digit.png"
    path.write_bytes(content)
    rejected(path, "is not a PNG or JPEG picture")


@pytest.mark.parametrize("suffix", ["gif", "bmp", "tiff", "webp"])
def test_other_formats_are_refused(tmp_path: Path, digit: Pixels, suffix: str) -> None:
    rejected(save(tmp_path, on_paper(digit), suffix), "is not a PNG or JPEG picture")


def test_missing_picture_and_directory(tmp_path: Path) -> None:
    rejected(tmp_path / "absent.png", "No such file")
    rejected(tmp_path, "cannot be read")


@settings(deadline=None, max_examples=100)
@given(
    hnp.arrays(
        np.float64,
        hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=60),
        elements=st.just(0.0) | st.floats(50, 255),
    ).filter(lambda ink: ink.max() > 0)
)
def test_centre_fits_box_and_middle(ink: NDArray[np.float64]) -> None:
    result = centre(ink)
    assert result.shape == (28, 28)
    assert result.max() == 255
    rows, columns = np.flatnonzero(result.any(axis=1)), np.flatnonzero(result.any(axis=0))
    assert np.ptp(rows) < 20
    assert np.ptp(columns) < 20
    for other, spread in ((1, rows), (0, columns)):
        middle = np.average(np.arange(28), weights=result.sum(axis=other))
        at_edge = spread[0] == 0 or spread[-1] == 27
        # Half a pixel is the placement's; the rest is due to rounding to bytes.
        assert at_edge or abs(middle - 14) < 0.55


def test_centre_keeps_the_aspect_ratio() -> None:
    result = centre(np.ones((50, 10)))
    assert (result.any(axis=1).sum(), result.any(axis=0).sum()) == (20, 4)


def test_centre_lets_nothing_fall_off() -> None:
    ink = np.zeros((200, 200))
    ink[:, :10] = 100  # nearly all mass at the left
    ink[100, :] = 1
    result = centre(ink)
    assert (result[:, -1] == 0).all() or result.any(axis=0).sum() == 20


@pytest.mark.parametrize(
    "ink", [np.zeros(5), np.zeros((2, 2, 2)), np.full((3, 3), np.nan), np.full((3, 3), -1.0)]
)
def test_centre_rejects_what_is_no_ink(ink: NDArray[Any]) -> None:
    with pytest.raises(PictureError, match="ink must be"):
        centre(ink)


def test_centre_of_nothing_is_empty() -> None:
    with pytest.raises(PictureError, match="empty"):
        centre(np.zeros((10, 10)))
