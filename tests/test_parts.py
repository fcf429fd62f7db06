"""Many samples, some at a time."""

from __future__ import annotations

import nudgegrad as ng
from nudgegrad.parts import ROWS, WIDE_NUMBERS, parts, width_of


def test_parts_cover_all_samples_once() -> None:
    for samples, width, most in ((0, 5, 10), (7, 0, 3), (2500, 784, ROWS), (70, WIDE_NUMBERS, 9)):
        numbers = [k for rows in parts(samples, width, most) for k in range(rows.start, rows.stop)]
        assert numbers == list(range(samples))


def test_wide_samples_are_taken_few_at_a_time() -> None:
    assert [rows.stop for rows in parts(2500)] == [1000, 2000, 2500]
    assert len(parts(100, WIDE_NUMBERS // 10)) == 10
    assert len(parts(3, 2 * WIDE_NUMBERS)) == 3


def test_the_width_of_a_network() -> None:
    assert width_of(ng.TwoLayerNet(784, 100, 10, seed=0).layers) == 100
    assert width_of([ng.ReLU()]) == 0
