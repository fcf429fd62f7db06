"""How a network does on test data: confusion matrix, accuracy by class, the worst mistakes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nudgegrad.app.session import Session
from nudgegrad.app.shown import Shown, look_at
from nudgegrad.data import Dataset, as_inputs
from nudgegrad.network import Network
from nudgegrad.parts import parts, width_of

__all__ = ["ClassAccuracy", "Findings", "Prediction", "examine", "is_of_images", "look"]

MOST_SAMPLES = 20_000
LEAST_SIDE = 8  # pixels; fewer numbers in a row are rather features than a picture


@dataclass(frozen=True)
class Prediction:
    """What a network makes of one sample; probabilities are None where they are not finite."""

    index: int
    true: int
    predicted: int
    probability: float | None
    probability_of_true: float | None


@dataclass(frozen=True)
class ClassAccuracy:
    """How many samples of a class were told to be of it."""

    label: int
    right: int
    samples: int

    @property
    def share(self) -> float | None:
        """The accuracy, None for a class without samples."""
        return self.right / self.samples if self.samples else None


@dataclass(frozen=True, eq=False)
class Findings:
    """A network's predictions of test samples.

    Attributes
    ----------
    data
    probabilities : (samples, classes) array
    labels : (samples,) array of int
        The true ones.
    """

    data: Dataset
    probabilities: NDArray[Any]
    labels: NDArray[np.int64]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What the classes are called."""
        return tuple(map(self.data.class_name, range(self.probabilities.shape[1])))

    @cached_property
    def predicted(self) -> NDArray[np.int64]:
        """The most probable class of each sample, counted as `nudgegrad.train` does."""
        predicted: NDArray[np.int64] = self.probabilities.argmax(axis=1)
        return predicted

    @cached_property
    def confusion(self) -> NDArray[np.int64]:
        """How many samples of class i were taken for class j: (classes, classes)."""
        classes = self.probabilities.shape[1]
        counts = np.bincount(self.labels * classes + self.predicted, minlength=classes**2)
        return counts.reshape(classes, classes)

    @property
    def mistakes(self) -> int:
        """How many samples were taken for another class."""
        return int((self.labels != self.predicted).sum())

    @property
    def accuracy(self) -> float:
        """The share of samples classified correctly."""
        return 1 - self.mistakes / len(self.labels)

    @cached_property
    def undefined(self) -> int:
        """How many samples have probabilities that are not finite."""
        return int((~np.isfinite(self.probabilities).all(axis=1)).sum())

    def by_class(self) -> list[ClassAccuracy]:
        """Return the accuracy of each class."""
        counts = self.confusion
        return [
            ClassAccuracy(label, int(counts[label, label]), int(counts[label].sum()))
            for label in range(len(counts))
        ]

    def most_confused(self) -> tuple[int, int]:
        """Return the class and the class that it was mistaken for most often, if at all."""
        wrong = self.confusion.copy()
        np.fill_diagonal(wrong, 0)
        true, predicted = divmod(int(wrong.argmax()), len(wrong))
        return true, predicted

    def members(self, true: int, predicted: int) -> NDArray[np.intp]:
        """Return indices of the samples of a class taken for one, the most confident first."""
        return self._by_confidence((self.labels == true) & (self.predicted == predicted))

    def worst(self) -> NDArray[np.intp]:
        """Return indices of all mistakes, the most confident first."""
        return self._by_confidence(self.labels != self.predicted)

    def prediction(self, index: int) -> Prediction:
        """Return what was made of a sample."""
        true, predicted = int(self.labels[index]), int(self.predicted[index])
        row = self.probabilities[index]
        return Prediction(index, true, predicted, _finite(row[predicted]), _finite(row[true]))

    def predictions(self, indices: Iterable[int]) -> list[Prediction]:
        """Return what was made of several samples."""
        return [self.prediction(int(index)) for index in indices]

    def _by_confidence(self, chosen: NDArray[np.bool_]) -> NDArray[np.intp]:
        indices = np.flatnonzero(chosen)
        confidence = np.nan_to_num(self.probabilities[indices, self.predicted[indices]], nan=-1.0)
        return indices[np.argsort(-confidence, kind="stable")]

    # As text

    def confusion_csv(self) -> str:
        """Return the confusion matrix as CSV."""
        classes = range(len(self.confusion))
        head = ["true \\ predicted", *self.names]
        return _csv([head, *([self.names[k], *self.confusion[k].tolist()] for k in classes)])

    def by_class_csv(self) -> str:
        """Return the accuracies as CSV."""
        rows = [(self.names[c.label], c.right, c.samples, c.share) for c in self.by_class()]
        return _csv([("class", "right", "samples", "accuracy"), *rows])

    def predictions_csv(self, indices: Iterable[int]) -> str:
        """Return samples' predictions, with every class's probability, as CSV."""
        named = self.data.class_names is not None
        columns = self.names if named else [f"p{name}" for name in self.names]
        head = ["index", "true", "predicted", *columns]
        rows = [
            [
                p.index,
                self.names[p.true],
                self.names[p.predicted],
                *map(_finite, self.probabilities[p.index]),
            ]
            for p in self.predictions(indices)
        ]
        return _csv([head, *rows])


def look(session: Session) -> tuple[Shown, Findings]:
    """Examine the network that a session shows; it takes a moment, so call it in a thread."""
    shown = look_at(session)
    return shown, examine(shown.network, shown.data)


def examine(network: Network, data: Dataset, most: int = MOST_SAMPLES) -> Findings:
    """Let a network predict test samples, the first ones if there are more than `most`."""
    x = data.x_test[:most]
    with np.errstate(all="ignore"):  # weights of a training that diverged
        predicted = [
            network.predict(as_inputs(x[rows], network.dtype))
            for rows in parts(len(x), width_of(network.layers))
        ]
    return Findings(data, np.concatenate(predicted), data.t_test[:most])


def is_of_images(data: Dataset) -> bool:
    """Tell whether samples are to be shown as pictures: rows of numbers only from 8 × 8 on."""
    shape = data.image_shape
    return shape is not None and (data.x_test.ndim == 3 or min(shape) >= LEAST_SIDE)


def _finite(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _csv(rows: Sequence[Sequence[Any]]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(rows)
    return stream.getvalue()
