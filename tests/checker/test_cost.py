"""What a check is going to cost: with entries in doubt, and told again if it was too little."""

from __future__ import annotations

from typing import Any

import pytest

from nudgegrad.checker import cost as costs
from nudgegrad.checker.cost import Budget, Cost, announce_cost


class Clock:
    """A second for each evaluation."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(costs, "time", made)
    return made


def spend(budget: Budget, clock: Clock, evaluations: int, **more: Any) -> None:
    clock.now += evaluations
    budget.spend(evaluations, **more)


def test_entries_in_doubt_are_part_of_the_estimate(clock: Clock) -> None:
    told: list[Cost] = []
    moves: list[tuple[int, int]] = []
    budget = Budget(1000, announce=told.append, progress=lambda *move: moves.append(move))
    budget.begin()
    # 20 evaluations were planned for 10 entries; half of these took 2 more, and will take 8.
    spend(budget, clock, 30, planned=20, later=40)
    assert told == [Cost(3500, 3470.0, None)]
    assert moves == [(30, 3500)]


def test_it_is_told_again_if_it_takes_much_longer(clock: Clock) -> None:
    told: list[Cost] = []
    budget = Budget(100, announce=told.append)
    budget.begin()
    spend(budget, clock, 10)
    assert told == [Cost(100, 90.0, None)]
    spend(budget, clock, 10)
    assert len(told) == 1
    spend(budget, clock, 30, later=90)  # nothing was in doubt up to here
    assert told[1:] == [Cost(280, 230.0, None)]
    spend(budget, clock, 50)
    assert len(told) == 2  # less than was told
    assert budget.expected == 190
    spend(budget, clock, 90, planned=0, later=-90)
    assert (budget.evaluations, budget.expected) == (190, 190)


def test_within_a_budget_it_is_told_once(clock: Clock) -> None:
    told: list[Cost] = []
    budget = Budget(100, max_seconds=20.0, announce=told.append)
    budget.begin()
    for _ in range(3):
        spend(budget, clock, 10, later=50)
    assert told == [Cost(600, 590.0, 20.0)]


def test_what_is_short_is_not_told(clock: Clock) -> None:
    told: list[Cost] = []
    budget = Budget(5, announce=told.append)
    budget.begin()
    for _ in range(5):
        spend(budget, clock, 1)
    assert told == []


def test_more_than_was_planned_moves_the_end(clock: Clock) -> None:
    moves: list[tuple[int, int]] = []
    budget = Budget(10, progress=lambda *move: moves.append(move))
    for _ in range(3):
        spend(budget, clock, 5)
    assert moves == [(5, 10), (10, 10), (15, 15)]


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (Cost(3500, 12.3, None), "about 3,500 evaluations and 12 s, more if many entries are in "
                                 "doubt; max_seconds= or sample= would check a part"),
        (Cost(3500, 700.0, 60.0), "about 3,500 evaluations and 12 min, more if many entries are in "
                                  "doubt; a part of them within 60 s"),
        (Cost(3500, 12.0, 60.0), "about 3,500 evaluations and 12 s, more if many entries are in "
                                 "doubt"),
    ],
)  # fmt: skip
def test_announcements(cost: Cost, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    announce_cost(cost)
    assert capsys.readouterr().err == f"nudgegrad check: {text}\n"
