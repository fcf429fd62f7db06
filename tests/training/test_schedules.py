"""Learning-rate schedules."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nudgegrad.training import CosineDecay, LinearDecay, Schedule, StepDecay
from nudgegrad.training.configuration import Configuration
from nudgegrad.validation import ParameterError
from tests.training.small import make_data, make_trainer


def factors(schedule: Schedule, iterations: int) -> list[float]:
    return [schedule.factor(k) for k in range(iterations)]


def test_by_hand() -> None:
    assert factors(Schedule(), 3) == [1, 1, 1]
    assert factors(Schedule(warm_up=4), 6) == [0.25, 0.5, 0.75, 1, 1, 1]
    assert factors(LinearDecay(4), 6) == [1, 0.75, 0.5, 0.25, 0, 0]
    assert factors(LinearDecay(4, warm_up=2), 4) == [0.5, 0.75, 0.5, 0.25]
    np.testing.assert_allclose(
        factors(CosineDecay(4), 6),
        [1, 0.5 + 0.5**1.5, 0.5, 0.5 - 0.5**1.5, 0, 0],
        atol=1e-15,
    )
    assert factors(StepDecay(2, 0.5), 6) == [1, 1, 0.5, 0.5, 0.25, 0.25]


@given(st.integers(1, 50), st.integers(0, 20))
def test_all_stay_between_zero_and_one(iterations: int, warm_up: int) -> None:
    for schedule in (
        LinearDecay(iterations, warm_up=warm_up),
        CosineDecay(iterations, warm_up=warm_up),
        StepDecay(iterations, warm_up=warm_up),
    ):
        told = factors(schedule, 2 * iterations)
        assert all(0 <= factor <= 1 for factor in told)
        after = told[warm_up:]
        assert after == sorted(after, reverse=True)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam"])
def test_the_trainer_takes_the_rate_of_the_iteration(optimizer: str) -> None:
    schedule = StepDecay(3, 0.5, warm_up=2)
    trainer = make_trainer(schedule=schedule, optimizer=optimizer, learning_rate=0.2)
    by_hand = make_trainer(optimizer=optimizer, learning_rate=0.2)
    for k in range(8):
        by_hand.optimizer.learning_rate = 0.2 * schedule.factor(k)
        assert trainer.step() == by_hand.step()
        assert trainer.optimizer.learning_rate == 0.2


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, None),
        ({"warm_up": 3}, Schedule(warm_up=3)),
        ({"decay": "linear"}, LinearDecay(60)),
        ({"decay": "cosine", "warm_up": 2}, CosineDecay(60, warm_up=2)),
        ({"decay": "step"}, StepDecay(20)),
        ({"decay": "step", "decay_every": 7}, StepDecay(7)),
    ],
)
def test_configurations(settings: dict[str, object], expected: Schedule | None) -> None:
    configuration = Configuration(iterations=60, batch_size=10, **settings)  # type: ignore[arg-type]
    schedule = configuration.build_trainer(make_data()).schedule
    assert repr(schedule) == repr(expected)


def test_errors() -> None:
    with pytest.raises(ParameterError, match="iterations must be at least 1, got 0"):
        LinearDecay(0)
    with pytest.raises(ParameterError, match="warm_up must be at least 0, got -1"):
        Schedule(warm_up=-1)
    with pytest.raises(ParameterError, match="by must be a finite number, above 0, got 0"):
        StepDecay(3, 0)
    with pytest.raises(ParameterError, match=r"schedule must be a .*Schedule or None, got 'cos'"):
        make_trainer(schedule="cos")
    with pytest.raises(ParameterError, match=r"decay must be one of .*; did you mean 'cosine'"):
        Configuration(decay="cosin")
