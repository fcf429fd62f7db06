"""Pictures of a digit, made into what MNIST's images are, or those of another data set.

MNIST's digits were scaled to fit 20 × 20 pixels, and placed in 28 × 28 with their centre of mass
in the middle. A network that learnt from them expects the same of every picture.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

__all__ = [
    "MOST_PIXELS",
    "PictureError",
    "Placing",
    "centre",
    "read_digit",
    "read_grey",
    "read_ink",
    "size_of",
]  # fmt: skip

MOST_PIXELS = 25_000_000
LEAST_CONTRAST = 8  # grey levels of 255 between ink and background
FAINT = 0.1  # the part of the strongest ink below which there is none
NOISE_FACTOR = 8  # standard deviations that noise stays below, however many pixels there are
SHADE_FACTOR = 5  # how far beyond the border's unevenness ink begins, up to half of the strongest


class PictureError(ValueError):
    """A picture from which no digit can be read; the message says why."""


@dataclass(frozen=True)
class Placing:
    """Where a data set's pictures have what they show; the defaults are MNIST's.

    Attributes
    ----------
    shape
        Height and width of a picture, in pixels.
    box
        Height and width that what is shown is scaled to fit.
    at
        Row and column of its centre, on average.
    by_mass
        Whether that is its centre of mass, or the middle of its borders.
    """

    shape: tuple[int, int] = (28, 28)
    box: tuple[int, int] = (20, 20)
    at: tuple[float, float] = (14.0, 14.0)
    by_mass: bool = True


MNIST = Placing()


def read_digit(
    source: str | os.PathLike[str] | bytes, name: str | None = None
) -> NDArray[np.uint8]:
    """Read a digit from a PNG or JPEG picture as MNIST would have it: `centre` of `read_ink`.

    Parameters, and errors, are those of `read_ink`.

    Returns
    -------
    ndarray of uint8
        28 × 28, from 0 (background) to 255 (the strongest ink).
    """
    return centre(read_ink(source, name))


def read_ink(
    source: str | os.PathLike[str] | bytes, name: str | None = None
) -> NDArray[np.float32]:
    """Read how much ink is where in a PNG or JPEG picture.

    What it shows may be dark on light or light on dark, of any size and anywhere in the picture,
    on an even or transparent background.

    Parameters
    ----------
    source
        The picture's path or its bytes, of at most 25 million pixels.
    name
        What errors call it: the path unless told.

    Returns
    -------
    ndarray of float32
        As large as the picture, 0 where there is none.

    Raises
    ------
    PictureError
        If the file is no such picture, is damaged, or shows nothing.
    """
    if isinstance(source, bytes):
        name = "the picture" if name is None else name
        grey = _grey(_open(io.BytesIO(source), name))
    else:
        name = os.fspath(source) if name is None else name
        grey = _grey(_open(os.fspath(source), name))
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    background = np.median(border)
    deviation = grey - background
    # Squares, so that strong ink outweighs a slightly uneven background however large that is.
    darker = np.square(np.minimum(deviation, 0)).sum(dtype=np.float64)
    lighter = np.square(np.maximum(deviation, 0)).sum(dtype=np.float64)
    ink: NDArray[np.float32] = np.maximum(deviation if lighter > darker else -deviation, 0)

    # Neighbours differ by noise, not by shade; their median difference is 0.95 of its deviation.
    noise = NOISE_FACTOR * float(np.median(np.abs(np.diff(border)))) / 0.95
    peak = float(ink.max())
    if peak < max(LEAST_CONTRAST, noise):
        raise PictureError(
            f"{name}: is empty; a digit must differ from its background by at least "
            f"{max(LEAST_CONTRAST, noise):.0f} grey levels of 255, got {peak:.0f}"
        )
    # Uneven light and JPEG's blotches show at the border, where a digit seldom is.
    shade = min(SHADE_FACTOR * float(np.quantile(np.abs(border - background), 0.9)), 0.5 * peak)
    ink[ink < max(FAINT * peak, noise, shade)] = 0
    return ink


def read_grey(
    source: str | os.PathLike[str] | bytes, size: tuple[int, int] | None = None,
    name: str | None = None,
) -> NDArray[np.uint8]:  # fmt: skip
    """Read a PNG or JPEG picture as grey levels, upright and otherwise as it is.

    Parameters
    ----------
    source
        The picture's path or its bytes; it may have at most 25 million pixels.
    size
        Height and width to scale it to, without regard to its proportions; None: its own.
    name
        What errors call it: the path unless told.

    Returns
    -------
    ndarray of uint8
        (height, width), from 0 (black) to 255 (white).

    Raises
    ------
    PictureError
        If the file is no such picture or is damaged.
    """
    if isinstance(source, bytes):
        name = "the picture" if name is None else name
        grey = _grey(_open(io.BytesIO(source), name))
    else:
        grey = _grey(_open(os.fspath(source), os.fspath(source) if name is None else name))
    if size is not None and grey.shape != size:
        # Bilinear, which Pillow widens to an average of areas where a picture shrinks.
        scaled = Image.fromarray(grey).resize((size[1], size[0]), Image.Resampling.BILINEAR)
        grey = np.asarray(scaled, dtype=np.float32)
    result: NDArray[np.uint8] = np.rint(grey).clip(0, 255).astype(np.uint8)
    return result


def size_of(source: str | os.PathLike[str]) -> tuple[int, int]:
    """Return height and width of a PNG or JPEG picture, upright, from its header.

    Raises
    ------
    PictureError
        If the file is no such picture or has more than 25 million pixels.
    """
    name = os.fspath(source)
    with _opened(name, name) as image:
        turned = image.getexif().get(ExifTags.Base.Orientation, 1) in range(5, 9)
        return (image.width, image.height) if turned else (image.height, image.width)


def centre(ink: NDArray[Any], placing: Placing = MNIST) -> NDArray[np.uint8]:
    """Scale and place ink as a data set's pictures have it.

    Parameters
    ----------
    ink
        How much ink is at each point of a picture of any size; 0 where there is none.
    placing
        As MNIST's digits unless told: fitted into 20 × 20 pixels, with the centre of mass in the
        middle of 28 × 28.

    Returns
    -------
    ndarray of uint8
        Of the placing's shape. It is moved as far as it does not reach over the edge; the
        strongest ink is 255.

    Raises
    ------
    PictureError
        If there is no ink.
    """
    values = np.asarray(ink, dtype=np.float32)
    if values.ndim != 2 or not np.isfinite(values).all() or (values < 0).any():
        raise PictureError(
            f"ink must be a 2-dimensional array of finite numbers, at least 0, "
            f"got shape {values.shape}"
        )
    rows, columns = np.flatnonzero(values.any(axis=1)), np.flatnonzero(values.any(axis=0))
    if rows.size == 0:
        raise PictureError("the picture is empty: there is no ink in it")
    digit = values[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    digit = _fit(digit / digit.max(), placing.box)

    field = np.zeros(placing.shape, dtype=np.float32)
    top, left = (_offset(digit.sum(axis=1 - axis), axis, placing) for axis in (0, 1))
    field[top : top + digit.shape[0], left : left + digit.shape[1]] = digit
    result: NDArray[np.uint8] = np.rint(field * (255 / field.max())).astype(np.uint8)
    return result


def _fit(digit: NDArray[np.float32], box: tuple[int, int]) -> NDArray[np.float32]:
    """Scale to the largest that fits a box, keeping the aspect ratio."""
    height, width = digit.shape
    scale = min(box[0] / height, box[1] / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Averages of areas keep thin strokes and, unlike filters with negative lobes, add no rings.
    method = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
    return np.asarray(Image.fromarray(digit).resize(size, method), dtype=np.float32)


def _offset(profile: NDArray[np.float32], axis: int, placing: Placing) -> int:
    """Return where a digit with this profile begins, so that its centre is where it belongs."""
    middle = (len(profile) - 1) / 2
    if placing.by_mass:
        middle = float(np.average(np.arange(len(profile)), weights=profile))
    return min(max(round(placing.at[axis] - middle), 0), placing.shape[axis] - len(profile))


def _open(file: str | IO[bytes], name: str) -> Image.Image:
    """Decode a picture, upright, unless it is too large."""
    with _opened(file, name) as image:
        image.load()
        return ImageOps.exif_transpose(image)


@contextmanager
def _opened(file: str | IO[bytes], name: str) -> Iterator[Image.Image]:
    """Open a picture that is not too large; whatever fails meanwhile is a `PictureError`."""
    try:
        with warnings.catch_warnings():
            # Pillow warns of sizes that are refused below, and of metadata that is not needed.
            warnings.simplefilter("ignore")
            with Image.open(file, formats=("PNG", "JPEG")) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise PictureError(
                        f"{name}: must have at most {MOST_PIXELS:,} pixels, "
                        f"got {image.width} × {image.height}; make it smaller"
                    )
                yield image
    except (PictureError, MemoryError):
        raise
    except UnidentifiedImageError as error:
        raise PictureError(f"{name}: is not a PNG or JPEG picture") from error
    except Exception as error:  # damage surfaces as whatever the decoder stumbled upon
        reason = getattr(error, "strerror", None) or error
        raise PictureError(f"{name}: cannot be read as a picture ({reason})") from error


def _grey(image: Image.Image) -> NDArray[np.float32]:
    """Return grey levels from 0 to 255."""
    if image.mode.startswith("I"):  # 16 bits, which convert() would cut off at 255
        return np.asarray(image, dtype=np.float32) / np.float32(257)
    if not image.has_transparency_data:
        return np.asarray(image.convert("RGB").convert("L"), dtype=np.float32)
    layers = np.asarray(image.convert("RGBA").convert("LA"), dtype=np.float32)
    return _over_background(layers[..., 0], layers[..., 1] / np.float32(255))


def _over_background(
    grey: NDArray[np.float32], opacity: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Lay a partly transparent picture over a background that lets its ink be seen."""
    if not opacity.any():
        return np.zeros_like(grey)
    mean = np.average(grey, weights=opacity)
    spread = np.sqrt(np.average(np.square(grey - mean), weights=opacity))
    if spread > 32:
        # Ink on paper that does not fill the picture, such as a card with round corners:
        # extend the paper.
        background = np.median(grey[opacity > 0.5 * opacity.max()])
    else:
        background = np.float32(0 if mean > 127 else 255)  # ink alone
    return np.asarray(grey * opacity + background * (1 - opacity), dtype=np.float32)
