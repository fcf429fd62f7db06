"""The digits that come with scikit-learn: 1,797 images of 8 × 8 pixels, no download."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nudgegrad.data.dataset import Dataset
from nudgegrad.data.fetch import OnProgress, RemoteFile
from nudgegrad.data.split import split
from nudgegrad.validation import ParameterError

__all__ = ["DIGITS", "Digits"]

GREATEST = 16  # the most ink of a pixel


@dataclass(frozen=True)
class Digits:
    """*Optical recognition of handwritten digits*, as scikit-learn has it.

    Source: E. Alpaydin and C. Kaynak, UCI machine learning repository, 1998. Ink from 0 to 16
    becomes numbers from 0 to 1. A fifth of each digit's images are the test data.
    """

    name = "digits"
    classes = 10
    class_names = None
    pictures = "grey"
    files: tuple[RemoteFile, ...] = ()

    def find(self) -> Path | None:
        """Return where scikit-learn is installed, None if it is not."""
        import importlib.util

        found = importlib.util.find_spec("sklearn")
        return Path(found.origin).parent if found is not None and found.origin else None

    def load(
        self, folder: Path | None, *, download: bool, on_progress: OnProgress | None
    ) -> Dataset:
        """Load it; nothing is ever downloaded.

        Raises
        ------
        ParameterError
            If scikit-learn is not installed, or a folder is named.
        """
        if folder is not None:
            raise ParameterError(f"digits come with scikit-learn, not from a folder, got {folder}")
        try:
            from sklearn.datasets import load_digits
        except ImportError as error:
            raise ParameterError(
                f"digits need scikit-learn, which cannot be imported ({error}): "
                "pip install scikit-learn"
            ) from error
        bunch = load_digits()
        images = np.asarray(bunch.images, dtype=np.float64) / GREATEST
        labels = np.asarray(bunch.target, dtype=np.int64)
        train, test = split(labels)
        return Dataset(
            name=self.name,
            x_train=images[train],
            t_train=labels[train],
            x_test=images[test],
            t_test=labels[test],
            classes=self.classes,
            source="comes with scikit-learn",
            pictures=self.pictures,
        )


DIGITS = Digits()
