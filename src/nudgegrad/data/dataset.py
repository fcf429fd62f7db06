"""A data set: images and labels for training and testing, checked once and for all."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from nudgegrad.validation import ParameterError, check_choice, check_dtype, check_integer

__all__ = ["PICTURES", "Dataset", "as_inputs", "as_parts", "check_labels", "one_hot"]

PICTURES = ("ink", "grey", "none")
"""What samples are: ink on an empty field as MNIST's, pictures of any kind, or no pictures."""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and labels for training and testing.

    Parameters
    ----------
    name
        What to call it in reports.
    x_train, x_test
        Samples along the first axis, of bytes (0 to 255) or finite floats.
    t_train, t_test
        The label of each sample, from 0 to ``classes - 1``; kept as int64.
    classes
        How many classes there are.
    source
        Where the data came from, such as a path.
    class_names
        What each class is called; None where they are but numbers.
    pictures
        One of `PICTURES`. ``"ink"`` also holds samples that may be pictures or not; a picture that
        someone brings is made like MNIST's for it, and for ``"grey"`` only scaled.
    sha256
        File name → the SHA-256 checksum that the file was found to have; None if there is none to
        compare with.

    Raises
    ------
    ParameterError
        If the arrays are not of such content or do not fit each other.
    """

    name: str
    x_train: NDArray[Any]
    t_train: NDArray[np.int64]
    x_test: NDArray[Any]
    t_test: NDArray[np.int64]
    classes: int
    source: str
    class_names: tuple[str, ...] | None = None
    pictures: str = "ink"
    sha256: Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        check_integer("classes", self.classes, 1)
        check_choice("pictures", self.pictures, PICTURES)
        if self.class_names is not None:
            object.__setattr__(self, "class_names", tuple(map(str, self.class_names)))
            if len(self.class_names) != self.classes:
                raise ParameterError(
                    f"class_names must name each of the {self.classes} classes, "
                    f"got {len(self.class_names)} names"
                )
        for part in ("train", "test"):
            x = _check_samples(f"x_{part}", getattr(self, f"x_{part}"))
            t = check_labels(f"t_{part}", getattr(self, f"t_{part}"), self.classes)
            if len(t) != len(x):
                raise ParameterError(
                    f"t_{part} has {len(t)} labels, x_{part} has {len(x)} images; "
                    f"every image needs one label"
                )
            object.__setattr__(self, f"x_{part}", x)  # frozen for users, not yet for us
            object.__setattr__(self, f"t_{part}", t)
        if self.x_train.shape[1:] != self.x_test.shape[1:]:
            raise ParameterError(
                f"x_train and x_test must hold images of one shape, "
                f"got {self.x_train.shape[1:]} and {self.x_test.shape[1:]}"
            )

    @property
    def features(self) -> int:
        """How many numbers make up one sample."""
        return math.prod(self.x_train.shape[1:])

    @property
    def image_shape(self) -> tuple[int, int] | None:
        """Height and width of a sample drawn as an image, or None if it is no image.

        Samples without two axes of their own count as square images if their size allows it,
        unless they are known to be no pictures.
        """
        if self.pictures == "none":
            return None
        shape = self.x_train.shape[1:]
        if len(shape) == 2:
            return shape[0], shape[1]
        side = math.isqrt(self.features)
        return (side, side) if side * side == self.features else None

    def class_name(self, label: int) -> str:
        """Return what a class is called, its number where it has no name."""
        return str(label) if self.class_names is None else self.class_names[label]

    def with_classes(self, classes: int) -> Dataset:
        """Return the same data with that many classes; names stay if they are as many."""
        names = self.class_names if classes == self.classes else None
        return replace(self, classes=classes, class_names=names)

    def limit(self, samples: int) -> Dataset:
        """Return the same data with only the first `samples` training samples."""
        samples = check_integer("train_limit", samples, 1, len(self.x_train))
        return replace(self, x_train=self.x_train[:samples], t_train=self.t_train[:samples])


def as_parts(
    data: Any,
) -> tuple[tuple[NDArray[Any], NDArray[Any]], tuple[NDArray[Any], NDArray[Any]]]:
    """Return ((x_train, t_train), (x_test, t_test)) of a `Dataset`, or of what `load_mnist` gives.

    Targets other than a `Dataset`'s may be one-hot rows or numbers. Samples may be a sparse array
    or matrix of SciPy's; it becomes CSR, of which some rows can be taken.
    """
    if isinstance(data, Dataset):
        return (data.x_train, data.t_train), (data.x_test, data.t_test)
    try:
        (x_train, t_train), (x_test, t_test) = data
    except (TypeError, ValueError):
        raise ParameterError(
            "data must be a Dataset or ((x_train, t_train), (x_test, t_test)), got "
            f"{type(data).__name__}"
        ) from None
    train = _rows(x_train), np.asarray(t_train)
    test = _rows(x_test), np.asarray(t_test)
    for name, (x, t) in (("train", train), ("test", test)):
        if x.ndim == 0 or t.ndim == 0 or x.shape[0] != len(t):
            raise ParameterError(
                f"x_{name} and t_{name} must be as long, got shapes {x.shape} and {t.shape}"
            )
    if len(train[1]) == 0:
        raise ParameterError("x_train must hold at least one sample, got none")
    return train, test


def _rows(x: Any) -> Any:
    return x.tocsr() if hasattr(x, "tocsr") else np.asarray(x)


def check_labels(name: str, labels: ArrayLike, classes: int) -> NDArray[np.int64]:
    """Return `labels` as int64 if each is one of ``0..classes-1``, or raise."""
    values = np.asarray(labels)
    if values.ndim != 1 or values.dtype.kind not in "iu":
        raise ParameterError(
            f"{name} must hold one integer label per sample, "
            f"got shape {values.shape} and dtype {values.dtype}"
        )
    if values.size == 0:
        raise ParameterError(f"{name} is empty; at least one label is needed")
    wrong = (values < 0) | (values >= classes)
    if wrong.any():
        first = int(wrong.argmax())
        value = int(values[first])
        hint = (
            f"for more classes pass classes={value + 1} or more (command line: --classes)"
            if value >= 0
            else "labels count from 0"
        )
        raise ParameterError(
            f"{name} must hold labels from 0 to {classes - 1}, got {value} at index {first}; {hint}"
        )
    return values.astype(np.int64, copy=False)


def _check_samples(name: str, samples: ArrayLike) -> NDArray[Any]:
    values = np.asarray(samples)
    if values.dtype != np.uint8 and values.dtype.kind != "f":
        raise ParameterError(
            f"{name} must be of dtype uint8 (0 to 255) or floating, got {values.dtype}; "
            f"convert it with {name}.astype('uint8') or {name}.astype('float64')"
        )
    if values.ndim < 2:
        raise ParameterError(
            f"{name} must have samples along its first axis and features along others, "
            f"got shape {values.shape}"
        )
    if values.size == 0:
        raise ParameterError(f"{name} is empty: its shape is {values.shape}")
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        first = int(np.isfinite(values).reshape(len(values), -1).all(axis=1).argmin())
        raise ParameterError(
            f"{name} must hold finite numbers, got NaN or infinity in sample {first}"
        )
    return values


def as_inputs(x: Any, dtype: DTypeLike) -> NDArray[Any]:
    """Return samples as rows of `dtype`, as a network takes them.

    Parameters
    ----------
    x
        Samples along the first axis. Bytes become ``byte / 255``, rounded once; floats keep
        their values. Sparse rows of SciPy's become ordinary ones.
    dtype
        float32 or float64.

    Returns
    -------
    ndarray
        Of shape (samples, features). It shares memory with `x` where nothing had to change.
    """
    kind = check_dtype(dtype)
    values = x.toarray() if hasattr(x, "toarray") else np.asarray(x)
    rows = values.reshape(len(values), math.prod(values.shape[1:]))
    if rows.dtype == np.uint8:
        # Casts in small blocks while it divides; a table of 256 quotients is slower to look up.
        scaled: NDArray[Any] = np.divide(rows, kind.type(255), dtype=kind)
        return scaled
    _check_samples("x", rows)
    with np.errstate(over="ignore"):  # reported below, with a remedy
        result: NDArray[Any] = rows.astype(kind, copy=False)
    if not np.isfinite(result).all():
        raise ParameterError(f"x holds numbers too large for {kind}; scale them or use float64")
    return result


def one_hot(labels: ArrayLike, classes: int, dtype: DTypeLike = np.float64) -> NDArray[Any]:
    """Return one row for each label, 1 in the label's column and 0 in the others."""
    classes = check_integer("classes", classes, 1)
    values = check_labels("labels", labels, classes)
    rows = np.zeros((len(values), classes), dtype=check_dtype(dtype))
    rows[np.arange(len(values)), values] = 1
    return rows
