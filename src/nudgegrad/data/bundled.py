"""The data that comes with the package: MNIST.

The module is not called ``mnist``, because the folder of the files beside it is.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from nudgegrad.data.dataset import Dataset, as_inputs, one_hot
from nudgegrad.data.idx import read_idx
from nudgegrad.validation import check_boolean, check_dtype

__all__ = ["checksums", "load_mnist", "mnist"]

Pair = tuple[NDArray[Any], NDArray[Any]]


def checksums() -> dict[str, str]:
    """Return file name → SHA-256 of its uncompressed bytes."""
    lines = (files("nudgegrad.data") / "mnist" / "SHA256SUMS").read_text(encoding="ascii")
    return {name: checksum for checksum, name in map(str.split, lines.splitlines())}


@cache
def mnist() -> Dataset:
    """Return MNIST: 60,000 training and 10,000 test images of 28 × 28 bytes.

    It is read, and compared with its SHA-256 checksums, once per process. Its arrays are
    read-only, since all callers share them.

    Raises
    ------
    FileError
        If the installed files are damaged.
    """
    folder, sums = files("nudgegrad.data") / "mnist", checksums()

    def read(name: str, dimensions: int) -> NDArray[np.uint8]:
        with as_file(folder / f"{name}.gz") as path:
            return read_idx(path, dimensions, sha256=sums[name])

    def labels(name: str) -> NDArray[np.int64]:
        values = read(name, 1).astype(np.int64)
        values.flags.writeable = False
        return values

    return Dataset(
        name="mnist",
        x_train=read("train-images-idx3-ubyte", 3),
        t_train=labels("train-labels-idx1-ubyte"),
        x_test=read("t10k-images-idx3-ubyte", 3),
        t_test=labels("t10k-labels-idx1-ubyte"),
        classes=10,
        source="bundled with nudgegrad",
        sha256=sums,
    )


def load_mnist(
    normalize: bool = True,
    flatten: bool = True,
    one_hot_label: bool = False,
    *,
    dtype: DTypeLike = "float64",
) -> tuple[Pair, Pair]:
    """Load MNIST in the way of the book *Deep Learning from Scratch*.

    Parameters
    ----------
    normalize
        Images as numbers from 0 to 1 of type `dtype`, or else as bytes from 0 to 255.
    flatten
        Images of shape (samples, 784), or else (samples, 1, 28, 28).
    one_hot_label
        Labels as one-hot rows of type `dtype`, or else as integers.
    dtype
        float64 or float32.

    Returns
    -------
    (x_train, t_train), (x_test, t_test)
        Arrays of your own, free to be changed.

    Notes
    -----
    Normalized training images take 376 MB in float64 and 188 MB in float32; as bytes they take
    47 MB.
    """
    normalize = check_boolean("normalize", normalize)
    flatten = check_boolean("flatten", flatten)
    one_hot_label = check_boolean("one_hot_label", one_hot_label)
    kind = check_dtype(dtype)

    def pair(x: NDArray[Any], t: NDArray[np.int64]) -> Pair:
        shape = (len(x), 784) if flatten else (len(x), 1, 28, 28)
        images = as_inputs(x, kind) if normalize else x.copy()
        return images.reshape(shape), one_hot(t, 10, kind) if one_hot_label else t.copy()

    data = mnist()
    return pair(data.x_train, data.t_train), pair(data.x_test, data.t_test)
