"""Dividing samples into training and test ones, where the data do not say which are which."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from nudgegrad.validation import ParameterError, check_integer, check_real

__all__ = ["TEST_SHARE", "split"]

TEST_SHARE = 0.2


def split(
    labels: NDArray[np.int64], share: float = TEST_SHARE, seed: int = 0
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return indices of training and of test samples.

    Each class gives the same share, at least one test and one training sample if it has two or
    more; a single one is for training. The same labels and seed give the same parts.

    Parameters
    ----------
    labels
        The class of each sample, of shape (samples,).
    share
        The share of test samples, between 0 and 1.
    seed
        Of the random order.

    Raises
    ------
    ParameterError
        If no class has two samples.
    """
    share = check_real("test", share, above=0, below=1)
    rng = np.random.default_rng(check_integer("seed", seed, 0))
    chosen = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        if len(members) > 1:
            count = min(max(round(share * len(members)), 1), len(members) - 1)
            chosen[rng.permutation(members)[:count]] = True
    if not chosen.any():
        raise ParameterError(
            f"a class must have two samples or more to be divided into training and test samples, "
            f"got {len(labels)} samples with a label of its own each; give the test data apart"
        )
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)
