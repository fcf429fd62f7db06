"""How fast a training goes."""

from __future__ import annotations

import pytest

from nudgegrad.app.pace import WARM_UP, WINDOW, Pace


def test_short_steps_are_counted_once_they_are_warm() -> None:
    pace = Pace(0, within_steps=False)
    for k in range(WARM_UP):
        pace.look(0.01 * k**2, k)
        assert pace.rate is None
    pace.look(10.0, 100)
    pace.look(10.2, 300)
    assert pace.rate == pytest.approx(1000)
    for k in range(WINDOW):
        pace.look(11.0 + 0.2 * k, 1000 + 20 * k)
    assert pace.rate == pytest.approx(100)  # and no longer what was before


def test_long_steps_are_counted_at_once_and_whole() -> None:
    pace = Pace(7, within_steps=False)
    for k in range(4):
        for part in (0.0, 0.01, 0.02):  # a step under way says nothing
            pace.look(4.0 * k + 100 * part, 7 + k, part)
    assert pace.rate == pytest.approx(0.25)


def test_naive_is_counted_within_its_step() -> None:
    pace = Pace(0, within_steps=True)
    pace.look(1.0, 0, 0.001)
    assert pace.rate is None
    pace.look(2.0, 0, 0.002)
    assert pace.rate == pytest.approx(0.001)
    pace.look(60.0, 0, 0.002)
    assert pace.rate == pytest.approx(0.001)
    pace.clear()
    assert pace.rate is None
