"""From a drawing, a file or the test set to what a network is given; and what it answers."""

from __future__ import annotations

import base64
import binascii
import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nudgegrad.data import Dataset, as_inputs
from nudgegrad.network import Network
from nudgegrad.picture import PictureError, centre, read_digit, read_grey

__all__ = [
    "MOST_BYTES",
    "RASTER",
    "SIDE",
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
    "takes_pictures",
]

SIDE = 28
RASTER = 84  # pixels on each side of what the canvas sends: a small digit needs some to spare
MOST_BYTES = 20_000_000  # of a file
FAINT = 26  # of 255; strokes end in a soft edge that should not count as the digit's border
MOST_BARS = 12
AT_ONCE = 500  # test images that are predicted together


@dataclass(frozen=True, eq=False)
class Picture:
    """What a network is shown.

    Attributes
    ----------
    pixels
        28 × 28, from 0 (background) to 255 (ink): to look at.
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


def takes_pictures(network: Network) -> bool:
    """Tell whether a network has 28 × 28 inputs."""
    return network.layers[0].input_size == SIDE * SIDE


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


def from_drawing(raster: Any, kind: str = "ink") -> Picture | None:
    """Return the picture of what was drawn, or None if nothing was.

    Parameters
    ----------
    raster
        What the canvas sent: `RASTER` × `RASTER` bytes of ink in base 64, row by row. It comes
        from outside, and may be anything.
    kind
        What pictures the network knows, as of `Dataset`: ``"ink"`` is centred as MNIST's is,
        others are only scaled.

    Raises
    ------
    PictureError
        If it is no such text.
    """
    size = RASTER * RASTER
    if not isinstance(raster, str) or len(raster) != 4 * ((size + 2) // 3):
        raise PictureError(f"a drawing must be {RASTER} × {RASTER} bytes in base 64")
    try:
        content = base64.b64decode(raster, validate=True)
    except (binascii.Error, ValueError) as error:
        raise PictureError(f"a drawing must be in base 64 ({error})") from error
    if len(content) != size:
        raise PictureError(f"a drawing must have {size} bytes, got {len(content)}")
    ink = np.frombuffer(content, np.uint8).reshape(RASTER, RASTER)
    ink = np.where(ink < FAINT, 0, ink)
    if not ink.any():
        return None
    if kind == "ink":
        return _of_pixels(centre(ink), "drawing")
    times = RASTER // SIDE
    means = ink.reshape(SIDE, times, SIDE, times).mean(axis=(1, 3))
    return _of_pixels(np.rint(means).astype(np.uint8), "drawing")


def from_file(content: bytes, name: str, kind: str = "ink") -> Picture:
    """Return the picture in a PNG or JPEG file; `kind` is as for `from_drawing`.

    Raises
    ------
    PictureError
        If the file is too large, is no such picture, or shows nothing.
    """
    if len(content) > MOST_BYTES:
        raise PictureError(f"{name}: must have at most {MOST_BYTES:,} bytes, got {len(content):,}")
    if kind == "ink":
        return _of_pixels(read_digit(content, name), "file", name)
    return _of_pixels(read_grey(content, (SIDE, SIDE), name), "file", name)


def from_test_set(data: Dataset, index: int) -> Picture:
    """Return a test image as it is.

    Raises
    ------
    PictureError
        If the images are not 28 × 28.
    """
    if data.features != SIDE * SIDE:
        raise PictureError(
            f"the data set {data.name} has {data.features} numbers a sample, and no images of "
            f"{SIDE} × {SIDE} pixels"
        )
    x = data.x_test[index : index + 1]
    return Picture(
        _visible(x[0].reshape(SIDE, SIDE)), as_inputs(x, np.float64), "test", index=index,
        label=int(data.t_test[index]),
    )  # fmt: skip


def base_of(picture: Picture) -> str:
    """Return a picture's pixels in base 64, for the canvas to draw on."""
    return base64.b64encode(picture.pixels.tobytes()).decode()


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
    for start in range(0, count, AT_ONCE):
        indices = order[start : start + AT_ONCE]
        with np.errstate(all="ignore"):
            rows = network.predict(as_inputs(data.x_test[indices], network.dtype))
        wrong = (rows.argmax(axis=1) != data.t_test[indices]) | ~np.isfinite(rows).all(axis=1)
        if wrong.any():
            return int(indices[wrong.argmax()])
    return None


def _of_pixels(pixels: NDArray[np.uint8], origin: str, name: str = "") -> Picture:
    return Picture(pixels, as_inputs(pixels[None], np.float64), origin, name)


def _visible(image: NDArray[Any]) -> NDArray[np.uint8]:
    """Return an image in bytes; floats are stretched between the least and the largest."""
    if image.dtype == np.uint8:
        return image
    values = image.astype(np.float64)
    values -= values.min()
    return np.rint(values * (255 / (values.max() or 1.0))).astype(np.uint8)
