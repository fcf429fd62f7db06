"""Pictures of weights: blue below zero, orange above, zero as neutral as the page.

They are small PNG files, one pixel a number, in a URL; the browser makes them large.
"""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

__all__ = [
    "MOST_TILES", "Tiles", "colour_bar", "common_scale", "ink_picture", "matrix", "tiles_of",
    "wrapped",
]  # fmt: skip

MOST_TILES = 100
ZERO, LARGEST, GAP = 127, 254, 255  # places in the palette
LIGHT = ((0, 74, 128), (86, 180, 233), (247, 247, 247), (240, 150, 60), (140, 50, 0))
DARK = ((150, 215, 255), (30, 110, 170), (38, 43, 48), (190, 95, 0), (255, 205, 120))
GREYS = {False: (205, 238), True: (48, 80)}
BACKGROUND = {False: (255, 255, 255), True: (29, 33, 37)}
Values = NDArray[Any]


@dataclass(frozen=True)
class Tiles:
    """A grid of equal tiles in one picture, with a pixel between them.

    Attributes
    ----------
    url : str
    columns, count : int
        Tiles to a line, and in all.
    first : int
        What the first one shows, of all that there are.
    rows_of_tile, columns_of_tile, pixels : int
        The numbers in a tile, and how many pixels wide and high each is.
    """

    url: str
    columns: int
    count: int
    first: int
    rows_of_tile: int
    columns_of_tile: int
    pixels: int = 1

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        lines = math.ceil(self.count / self.columns)
        return self.columns * self._width - 1, lines * self._height - 1

    @property
    def _width(self) -> int:
        return self.columns_of_tile * self.pixels + 1

    @property
    def _height(self) -> int:
        return self.rows_of_tile * self.pixels + 1

    def at(self, x: float, y: float) -> tuple[int, int] | None:
        """Return (tile, number within it) at a point, None where there is none."""
        column, left = divmod(int(x), self._width)
        line, top = divmod(int(y), self._height)
        place = line * self.columns + column
        if min(x, y) < 0 or column >= self.columns or place >= self.count:
            return None
        row = min(top // self.pixels, self.rows_of_tile - 1)
        return self.first + place, row * self.columns_of_tile + min(
            left // self.pixels, self.columns_of_tile - 1
        )

    def box(self, tile: int, number: int | None = None) -> tuple[int, int, int, int]:
        """Return left, top, width and height of a tile, or of one number in it."""
        line, column = divmod(tile - self.first, self.columns)
        left, top = column * self._width, line * self._height
        if number is None:
            return left, top, self._width - 1, self._height - 1
        row, place = divmod(number, self.columns_of_tile)
        return left + place * self.pixels, top + row * self.pixels, self.pixels, self.pixels


def common_scale(values: Values) -> float:
    """Return what is drawn in full colour: all but a few of the sizes are below it."""
    sizes = np.abs(values[np.isfinite(values)])
    if not sizes.size:
        return 1.0
    return float(np.quantile(sizes, 0.998)) or float(sizes.max()) or 1.0


def tiles_of(
    values: Values, shape: tuple[int, int], scale: float, *, dark: bool, first: int = 0,
    columns: int | None = None, pixels: int = 1,
) -> Tiles:  # fmt: skip
    """Draw tiles, each of one row of numbers.

    Parameters
    ----------
    values : (tiles, numbers) array
        At most `MOST_TILES` are best.
    shape
        Rows and columns of a tile; what its numbers do not fill stays empty.
    scale
        What is drawn in full colour.
    dark
        Whether the page is.
    first
        What the first tile shows, of all that there are.
    columns
        Tiles to a line; None makes a square of them.
    pixels
        Width and height of a number.
    """
    count = len(values)
    columns = columns or math.ceil(math.sqrt(count))
    made = Tiles("", columns, count, first, *shape, pixels)
    width, height = made.size
    canvas = np.full((height, width), GAP, dtype=np.uint8)
    indices = np.full((count, shape[0] * shape[1]), GAP, dtype=np.uint8)
    indices[:, : values.shape[1]] = _indices(values, scale)
    block = np.ones((pixels, pixels), dtype=np.uint8)
    for place, tile in enumerate(indices):
        left, top, wide, high = made.box(first + place)
        canvas[top : top + high, left : left + wide] = np.kron(tile.reshape(shape), block)
    image = Image.fromarray(canvas)
    image.putpalette(_palette(dark).tobytes())
    return Tiles(_url(image), columns, count, first, *shape, pixels)


def wrapped(count: int) -> tuple[int, int]:
    """Return rows and columns for numbers that are no image: about as wide as they read well."""
    columns = min(count, max(10, math.ceil(math.sqrt(2.5 * count))))
    return math.ceil(count / columns), columns


def matrix(before: Values, change: Values, *, dark: bool) -> str:
    """Draw numbers in faint greys, and those that change in colour; return the URL."""
    finite = np.nan_to_num(before, posinf=0, neginf=0)
    low, high = GREYS[dark]
    span = float(np.ptp(finite)) or 1.0
    grey = low + (high - low) * (finite - finite.min()) / span
    pixels = np.repeat(grey[..., None], 3, axis=2).astype(np.uint8)
    touched = np.isfinite(change) & (change != 0)
    if touched.any():
        # From a third of the colours on, so that the smallest change differs from a grey.
        size = np.abs(change) / np.abs(change[touched]).max()
        signed = np.sign(change) * (0.35 + 0.65 * np.sqrt(np.nan_to_num(size)))
        pixels[touched] = _palette(dark)[_indices(signed, 1.0)][touched]
    return _url(Image.fromarray(pixels))


def ink_picture(values: Values, shape: tuple[int, int], *, dark: bool) -> str:
    """Draw one sample in greys, zero as the page's background; return the URL."""
    low, high = float(values.min()), float(values.max())
    parts = (values.reshape(shape) - low) / ((high - low) or 1.0)
    grey = 255 * parts if dark else 255 * (1 - parts)
    return _url(Image.fromarray(np.nan_to_num(grey).astype(np.uint8)))


def colour_bar(*, dark: bool) -> str:
    """Draw the palette from left to right; return the URL."""
    line = np.arange(LARGEST + 1, dtype=np.uint8)[None, :]
    image = Image.fromarray(line)
    image.putpalette(_palette(dark).tobytes())
    return _url(image)


def _indices(values: Values, scale: float) -> NDArray[np.uint8]:
    """Return places in the palette; what is not a number is as zero."""
    parts = np.nan_to_num(values / scale, nan=0, posinf=1, neginf=-1)
    placed = np.rint(ZERO + ZERO * np.clip(parts, -1, 1))
    return placed.astype(np.uint8)


def _palette(dark: bool) -> NDArray[np.uint8]:
    stops = np.array(DARK if dark else LIGHT, dtype=float)
    places = np.linspace(0, LARGEST, len(stops))
    wanted = np.arange(LARGEST + 1)
    colours = [np.interp(wanted, places, channel) for channel in stops.T]
    return np.vstack([np.rint(np.transpose(colours)), BACKGROUND[dark]]).astype(np.uint8)


def _url(image: Image.Image) -> str:
    stream = io.BytesIO()
    image.save(stream, format="PNG", compress_level=1)
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()
