"""Dividing samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudgegrad.data.split import split
from nudgegrad.validation import ParameterError


@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=60),
    st.floats(0.01, 0.99),
    st.integers(0, 2**32),
)
def test_every_class_gives_its_share(labels: list[int], share: float, seed: int) -> None:
    t = np.array(labels)
    if max(np.bincount(t)) < 2:
        with pytest.raises(ParameterError, match="two samples or more"):
            split(t, share, seed)
        return
    train, test = split(t, share, seed)
    assert sorted([*train, *test]) == list(range(len(t)))
    for label, count in enumerate(np.bincount(t)):
        tested = int((t[test] == label).sum())
        if count < 2:
            assert tested == 0
        else:
            assert 1 <= tested <= count - 1
            assert abs(tested - share * count) <= 1
    for again, first in zip(split(t, share, seed), (train, test), strict=True):
        np.testing.assert_array_equal(again, first)


@pytest.mark.parametrize("share", [0, 1, -0.1, "half", float("nan")])
def test_wrong_shares(share: float) -> None:
    with pytest.raises(ParameterError, match="test must be"):
        split(np.zeros(4, dtype=np.int64), share)
