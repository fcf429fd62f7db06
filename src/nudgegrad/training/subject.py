"""What a run's samples are, as its configuration file says: pictures of which kind, which classes.

Runs made before this was noted are taken for ones of MNIST if they have as many inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.files import FileError

__all__ = ["Subject"]

MNIST_SIDE = 28


@dataclass(frozen=True)
class Subject:
    """What a run is about.

    Attributes
    ----------
    path
        Of the file that says it.
    features
        How many numbers make up a sample.
    image_shape
        Height and width of a picture, None if samples are none.
    pictures
        As of `nudgegrad.data.Dataset`.
    class_names
        What each class is called; None where they are but numbers.
    """

    path: Path
    features: int
    image_shape: tuple[int, int] | None
    pictures: str
    class_names: tuple[str, ...] | None

    @classmethod
    def of(cls, path: Path, facts: Mapping[str, Any]) -> Subject:
        """Return what the further facts of a configuration file say.

        Raises
        ------
        FileError
            If they are not such facts.
        """
        try:
            features, classes = int(facts["input_size"]), int(facts["output_size"])
            names, shape = facts.get("class_names"), facts.get("image_shape")
            class_names = None if names is None else tuple(map(str, names))
            if class_names is not None and len(class_names) != classes:
                raise ValueError(f"{len(class_names)} class_names for {classes} classes")
            image_shape = None
            if shape is not None:
                height, width = map(int, shape)
                if height * width != features:
                    raise ValueError(f"image_shape {height} × {width} for {features} features")
                image_shape = height, width
            elif "pictures" not in facts and features == MNIST_SIDE**2:
                image_shape = MNIST_SIDE, MNIST_SIDE
            return cls(path, features, image_shape, str(facts.get("pictures", "ink")), class_names)
        except (KeyError, TypeError, ValueError) as error:
            raise FileError(f"{path}: does not say what the run is about ({error})") from error

    def reader(self) -> Callable[[str], NDArray[np.uint8]]:
        """Return what reads a picture file into bytes of a sample's shape.

        Raises
        ------
        FileError
            If the network's inputs are no such pictures.
        """
        from nudgegrad.picture import read_digit, read_grey

        if self.pictures == "grey" and self.image_shape is not None:
            return partial(read_grey, size=self.image_shape)
        if self.pictures == "ink" and self.image_shape == (MNIST_SIDE, MNIST_SIDE):
            return read_digit
        kind = "numbers that are no pictures" if self.image_shape is None else "features"
        raise FileError(
            f"{self.path.parent}: its network takes {self.features} {kind}; pictures become "
            f"{MNIST_SIDE}×{MNIST_SIDE} = {MNIST_SIDE**2}"
        )
