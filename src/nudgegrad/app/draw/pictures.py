"""From a drawing, a file or the test set to what a network is given; and what it answers."""

from __future__ import annotations

import base64
import binascii
import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nudgegrad.app.draw.frame import Frame, is_even
from nudgegrad.data import Dataset, as_inputs
from nudgegrad.network import Network
from nudgegrad.parts import parts, width_of
from nudgegrad.picture import PictureError, read_grey, read_ink

__all__ = [
    "MOST_BYTES",
    "MOST_RASTER",
    "Answer",
    "Picture",
    "answer",
    "base_of",
    "from_drawing",
    "from_file",
    "from_test_set",
    "next_wrong",
    "no_answer",
    "random_index",
    "ranked",
    "raster_of",
]

RASTER = 84  # pixels on each side of what the canvas sends, at least …
TIMES = 3  # … and so many for each of a picture's: a small digit needs some to spare
MOST_RASTER = 336
MOST_BYTES = 20_000_000  # of a file
FAINT = 26  # of 255; strokes end in a soft edge that should not count as the digit's border
MOST_BARS = 12
AT_ONCE = 500  # test images that are predicted together, at most


@dataclass(frozen=True, eq=False)
class Picture:
    """What a network is shown.

    Attributes
    ----------
    pixels
        (height, width), from 0 to 255: to look at.
    ink
        The same as what a drawing would have: 0 where there is none, at most 255.
    inputs
        One row, as the network takes it, in float64.
    origin
        ``"drawing"``, ``"file"`` or ``"test"``.
    name
        The file's name.
    index, label
        Of a test image: which one of the test set, and what it truly is.
    """

    pixels: NDArray[np.uint8]
    ink: NDArray[np.uint8]
    inputs: NDArray[Any]
    origin: str
    name: str = ""
    index: int = 0
    label: int | None = None

    def png(self) -> str:
        """Return the pixels as the address of a picture, with the picture in it."""
        stream = io.BytesIO()
        Image.fromarray(self.pixels).save(stream, "png")
        return f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"


@dataclass(frozen=True)
class Answer:
    """What a network says of a picture.

    Attributes
    ----------
    probabilities
        One a class; None where a number is not finite.
    best
        The class of the largest, None if any is not finite.
    """

    probabilities: tuple[float | None, ...]
    best: int | None


def answer(network: Network, picture: Picture) -> Answer:
    """Ask a network that takes pictures."""
    with np.errstate(all="ignore"):  # weights that have diverged
        row = network.predict(picture.inputs)[0]
    finite = np.isfinite(row)
    values = tuple(float(p) if ok else None for p, ok in zip(row, finite, strict=True))
    return Answer(values, int(row.argmax()) if finite.all() else None)


def no_answer(network: Network) -> Answer:
    """Return what stands for an answer while there is no picture."""
    return Answer((None,) * (network.layers[-1].output_size or 0), None)


def ranked(answer: Answer) -> list[int]:
    """Return the classes to show: all, in order, or the most probable if there are many."""
    values = answer.probabilities
    if len(values) <= MOST_BARS:
        return list(range(len(values)))
    return sorted(range(len(values)), key=lambda i: -(values[i] or 0.0))[:MOST_BARS]


def raster_of(frame: Frame) -> int:
    """Return how many pixels on each side the canvas is to send."""
    return min(max(RASTER, TIMES * max(frame.shape)), MOST_RASTER)


def from_drawing(raster: Any, frame: Frame) -> Picture | None:
    """Return the picture of what was drawn, or None if nothing was.

    Parameters
    ----------
    raster
        What the canvas sent: a square of bytes of ink in base 64, row by row. It comes from
        outside, and may be anything.
    frame
        What pictures the network knows.

    Raises
    ------
    PictureError
        If it is no such text.
    """
    if not isinstance(raster, str) or len(raster) > 4 * ((MOST_RASTER**2 + 2) // 3):
        raise PictureError(
            f"a drawing must be at most {MOST_RASTER} × {MOST_RASTER} bytes in base 64"
        )
    try:
        content = base64.b64decode(raster, validate=True)
    except (binascii.Error, ValueError) as error:
        raise PictureError(f"a drawing must be in base 64 ({error})") from error
    side = math.isqrt(len(content))
    if not side or side * side != len(content):
        raise PictureError(f"a drawing must be a square of bytes, got {len(content)}")
    ink = np.frombuffer(content, np.uint8).reshape(side, side)
    ink = np.where(ink < FAINT, 0, ink)
    return _of(frame.of_ink(ink), frame, "drawing") if ink.any() else None


def from_file(content: bytes, name: str, frame: Frame) -> Picture:
    """Return the picture in a PNG or JPEG file.

    What it shows on an even background is placed as in the pictures that the network knows, if
    they have one. Other pictures are only scaled.

    Raises
    ------
    PictureError
        If the file is too large, is no such picture, or shows nothing.
    """
    if len(content) > MOST_BYTES:
        raise PictureError(f"{name}: must have at most {MOST_BYTES:,} bytes, got {len(content):,}")
    if frame.placing is not None and (frame.ink_only or is_even(read_grey(content, None, name))):
        return _of(frame.of_ink(read_ink(content, name)), frame, "file", name)
    return _of(frame.of_grey(read_grey(content, frame.shape, name)), frame, "file", name)


def from_test_set(data: Dataset, index: int, frame: Frame) -> Picture:
    """Return a test image as it is."""
    inputs = as_inputs(data.x_test[index : index + 1], np.float64)
    return _of(inputs[0], frame, "test", index=index, label=int(data.t_test[index]))


def base_of(picture: Picture) -> str:
    """Return a picture's ink in base 64, for the canvas to draw on."""
    return base64.b64encode(picture.ink.tobytes()).decode()


def random_index(data: Dataset) -> int:
    """Return the number of any test image."""
    return int(np.random.default_rng().integers(len(data.x_test)))


def next_wrong(network: Network, data: Dataset, after: int) -> int | None:
    """Return the next test image that a network takes for something else.

    Parameters
    ----------
    network, data
    after
        The number of a test image. The search begins at the next one, goes on at the first after
        the last, and ends with this one.

    Returns
    -------
    int or None
        None if all are right.
    """
    count = len(data.x_test)
    order = (np.arange(count) + after + 1) % count
    for rows in parts(count, width_of(network.layers), AT_ONCE):
        indices = order[rows]
        with np.errstate(all="ignore"):
            rows = network.predict(as_inputs(data.x_test[indices], network.dtype))
        wrong = (rows.argmax(axis=1) != data.t_test[indices]) | ~np.isfinite(rows).all(axis=1)
        if wrong.any():
            return int(indices[wrong.argmax()])
    return None


def _of(numbers: NDArray[Any], frame: Frame, origin: str, name: str = "", **more: Any) -> Picture:
    """Return the picture of the numbers that a network is given."""
    image = numbers.reshape(frame.shape)
    row = np.asarray(numbers, dtype=np.float64).reshape(1, -1)
    return Picture(frame.visible(image), frame.ink_of(image), row, origin, name, **more)
