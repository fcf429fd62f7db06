"""What the pictures of a data set are like, so that a drawing can be made one of them.

It is measured on some of the training pictures: whether they show something on an even background,
dark on light or light on dark, how large that is and where, and what their numbers mean.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from nudgegrad.app.looking import is_of_images
from nudgegrad.data import Dataset, as_inputs
from nudgegrad.picture import MNIST, Placing, centre

__all__ = ["EVEN", "NEAR", "Frame", "border_of", "frame_of", "is_even"]

SAMPLES = 500
NEAR = 0.1  # the part of the range of numbers within which one is as good as another
EVEN = (
    0.5  # the share of an even background's border that is near its median: some ink may reach it
)

Floats = NDArray[Any]
Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Frame:
    """The pictures that a network takes.

    Attributes
    ----------
    shape
        Their height and width.
    placing
        Where they have what they show; None where they have no even background.
    background, strongest
        The numbers of the background, and of the strongest ink.
    low, high
        The least and the largest number.
    ink_only
        Whether they are known to show ink, whatever their background looks like.
    """

    shape: tuple[int, int]
    placing: Placing | None
    background: float
    strongest: float
    low: float
    high: float
    ink_only: bool = False

    def of_ink(self, ink: Floats) -> Floats:
        """Return numbers for a square of ink of any size, 0 where there is none, at most 255.

        Parameters
        ----------
        ink : (side, side) array

        Returns
        -------
        array of `shape`
        """
        if self.placing is not None:
            part = centre(ink, self.placing)
        else:
            part = np.rint(_scaled(_within(ink, self.shape), self.shape)).astype(np.uint8)
        return self.background + (self.strongest - self.background) * (part / 255)

    def of_grey(self, grey: Bytes) -> Floats:
        """Return numbers for a grey picture of `shape`, from 0 to 255."""
        return self.low + (self.high - self.low) * (grey / 255)

    def ink_of(self, numbers: Floats) -> Bytes:
        """Return the ink of a picture in bytes."""
        return _bytes(numbers, self.background, self.strongest)

    def visible(self, numbers: Floats) -> Bytes:
        """Return a picture in bytes, to look at."""
        return _bytes(numbers, self.low, self.high)


def frame_of(data: Dataset) -> Frame | None:
    """Return what the pictures of a data set are like; None if its samples are none."""
    shape = data.image_shape
    if shape is None or not is_of_images(data):
        return None
    some = data.x_train[:: max(1, len(data.x_train) // SAMPLES)]
    x = as_inputs(some, np.float64).reshape(-1, *shape)
    low, high = float(x.min()), float(x.max())
    even = is_even(x)
    background = float(np.median(border_of(x))) if even else low
    darker, lighter = np.minimum(x - background, 0), np.maximum(x - background, 0)
    light = bool(np.square(lighter).sum() >= np.square(darker).sum())
    ink_only = data.pictures == "ink"
    if ink_only and shape == MNIST.shape:
        placing: Placing | None = MNIST
    else:
        placing = _measured(lighter if light else -darker) if even else None
    return Frame(shape, placing, background, high if light else low, low, high, ink_only)


def border_of(pictures: Floats) -> Floats:
    """Return the numbers along the borders of (…, height, width) pictures, in one row."""
    sides = pictures[..., 0, :], pictures[..., -1, :], pictures[..., :, 0], pictures[..., :, -1]
    return np.concatenate([side.ravel() for side in sides])


def is_even(pictures: Floats) -> bool:
    """Tell whether pictures have one background, as most of their borders show."""
    border = border_of(pictures)
    reach = NEAR * float(np.ptp(pictures))
    return bool(np.mean(np.abs(border - np.median(border)) <= reach) >= EVEN)


def _measured(ink: Floats) -> Placing | None:
    """Return how ink is placed in most of some pictures; None if none is anywhere."""
    ink = ink[ink.any(axis=(1, 2))]
    if not len(ink):
        return None
    there = ink > NEAR * ink.max(axis=(1, 2), keepdims=True)
    sizes, middles, masses = [], [], []
    for axis in (1, 2):
        along = there.any(axis=3 - axis)
        first, last = along.argmax(axis=1), along.shape[1] - 1 - along[:, ::-1].argmax(axis=1)
        profile = ink.sum(axis=3 - axis)
        sizes.append(round(float(np.quantile(last - first + 1, 0.9))))
        middles.append((first + last) / 2)
        masses.append(profile @ np.arange(profile.shape[1]) / profile.sum(axis=1))
    # What the data set's makers brought to one place varies least.
    by_mass = sum(map(np.std, masses)) < sum(map(np.std, middles))
    row, column = (float(np.mean(each)) for each in (masses if by_mass else middles))
    return Placing(tuple(ink.shape[1:]), (sizes[0], sizes[1]), (row, column), bool(by_mass))


def _within(square: Floats, shape: tuple[int, int]) -> Floats:
    """Return the middle of a square that has a picture's proportions."""
    side, longest = len(square), max(shape)
    height, width = (max(1, round(side * length / longest)) for length in shape)
    top, left = (side - height) // 2, (side - width) // 2
    return square[top : top + height, left : left + width]


def _scaled(values: Floats, shape: tuple[int, int]) -> Floats:
    image = Image.fromarray(values.astype(np.float32))
    smaller = values.shape[0] > shape[0]
    method = Image.Resampling.BOX if smaller else Image.Resampling.BILINEAR
    return np.asarray(image.resize((shape[1], shape[0]), method), dtype=np.float64)


def _bytes(numbers: Floats, dark: float, bright: float) -> Bytes:
    parts = (numbers - dark) / ((bright - dark) or 1.0)
    result: Bytes = np.rint(255 * parts.clip(0, 1)).astype(np.uint8)
    return result
