"""Series kept short."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudgegrad.app.thinned import Thinned


def test_a_short_series_is_kept_whole() -> None:
    series = Thinned(limit=4)
    series.extend([3.0, 1.0, 2.0])
    assert series.points() == [(1, 3.0), (2, 1.0), (3, 2.0)]
    assert series.means() == series.points()
    assert (len(series), series.last) == (3, 2.0)


def test_an_empty_series() -> None:
    assert Thinned().points() == Thinned().means() == []
    assert Thinned().last is None


def test_a_long_series_costs_what_a_short_one_does_and_keeps_its_peaks() -> None:
    values = np.random.default_rng(0).normal(size=10_000)
    values[1234], values[8000] = 50.0, -50.0
    series = Thinned()
    series.extend(values.tolist())
    points = series.points()
    assert 250 <= len(points) <= 500
    assert (1235, 50.0) in points
    assert (8001, -50.0) in points
    assert all(values[int(x) - 1] == y for x, y in points)


@given(
    st.lists(st.floats(width=32), max_size=200),
    st.integers(2, 7),
    st.lists(st.integers(1, 40), min_size=1, max_size=10),
)
def test_what_every_series_holds_to(values: list[float], limit: int, parts: list[int]) -> None:
    at_once, bit_by_bit = Thinned(limit), Thinned(limit)
    at_once.extend(values)
    position = 0
    while position < len(values):
        part = parts[position % len(parts)]
        bit_by_bit.extend(values[position : position + part])
        position += part
    points = at_once.points()
    assert points == bit_by_bit.points()
    assert len(points) <= 3 * limit
    numbers = [x for x, _ in points]
    assert numbers == sorted(numbers)
    finite = [value for value in values if math.isfinite(value)]
    drawn = [y for _, y in points if y is not None]
    if finite:
        assert (min(drawn), max(drawn)) == (min(finite), max(finite))
    assert (None in [y for _, y in points]) is (len(finite) < len(values))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_finite_is_a_gap(value: float) -> None:
    series = Thinned(limit=2)
    series.extend([1.0, value, 2.0, 3.0])
    assert series.points() == [(1, 1.0), (2, None), (3, 2.0), (4, 3.0)]
    assert series.means() == [(1.5, None), (3.5, 2.5)]
