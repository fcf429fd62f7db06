"""Ctrl-C during a check: a report in a session, the exception in a script."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.checker.cost import Budget
from nudgegrad.differentiate import stopping
from nudgegrad.differentiate.evaluate import InPlace
from nudgegrad.differentiate.leaves import flatten

STOPPED = "the check was stopped before its end"


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    """Python's own way with SIGINT, which a shell's background job does not have."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if somebody typed."""
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)


class Square:
    """The sum of squares, during whose calls Ctrl-C is pressed."""

    def __init__(self, *pressed: int) -> None:
        self.pressed, self.calls = pressed, 0

    def __call__(self, w: Any) -> float:
        self.calls += 1
        if self.calls in self.pressed:
            signal.raise_signal(signal.SIGINT)
        return float((w**2).sum())


@pytest.fixture
def w() -> Any:
    return np.random.default_rng(0).normal(size=1000)


@pytest.mark.usefixtures("session")
def test_in_a_session_the_report_of_what_was_seen(w: Any) -> None:
    before = w.tobytes()
    f = Square(900)
    report = ng.check(f, w, 2 * w)
    assert 0 < report.checked < 1000
    assert STOPPED in report.notes
    assert report.passed
    assert "not checked" in report.outcome
    assert f.calls < 1100
    assert w.tobytes() == before


@pytest.mark.usefixtures("session")
def test_a_second_time_raises(w: Any) -> None:
    before = w.tobytes()
    with pytest.raises(KeyboardInterrupt):
        ng.check(Square(900, 901), w, 2 * w)
    assert w.tobytes() == before


def test_in_a_script_the_exception(w: Any) -> None:
    before = w.tobytes()
    with pytest.raises(KeyboardInterrupt):
        ng.check(Square(900), w, 2 * w)
    assert w.tobytes() == before
    with pytest.raises(KeyboardInterrupt):
        ng.check(Square(900), w, lambda w: 2 * w, max_seconds=60, only="params")
    assert w.tobytes() == before


@pytest.mark.usefixtures("session")
def test_the_own_cancel_is_heard_too(w: Any) -> None:
    f = Square()
    report = ng.check(f, w, 2 * w, cancel=lambda: f.calls > 900)
    assert 0 < report.checked < 1000
    assert STOPPED in report.notes


@pytest.mark.usefixtures("session")
def test_somebody_elses_handler_stays(w: Any) -> None:
    heard: list[int] = []
    signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
    try:
        report = ng.check(Square(900), w, 2 * w)
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    assert heard == [signal.SIGINT]
    assert report.coverage == 1


@pytest.mark.usefixtures("session")
def test_in_a_thread_nothing_changes(w: Any) -> None:
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(ng.check(Square(), w[:5], 2 * w[:5])))
    thread.start()
    thread.join()
    assert found[0].passed


@pytest.mark.usefixtures("session")
def test_a_network_is_left_between_its_layers() -> None:
    class Pressed(ng.Tanh):
        def difference(self, x: Any, y: Any, d: Any) -> Any:
            signal.raise_signal(signal.SIGINT)
            return super().difference(x, y, d)

    net = ng.Network([ng.Affine(4, 5), Pressed(), ng.Affine(5, 3)], seed=0)
    with pytest.raises(KeyboardInterrupt):  # it is pressed again and again
        ng.check(net, np.ones((2, 4)), np.array([0, 1]))


def test_a_slow_function_is_left_after_the_call(w: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stopping, "BETWEEN", 0.0)
    before = w.tobytes()
    f = Square()
    budget = Budget(100, cancel=lambda: f.calls >= 3)
    evaluate = InPlace(f, w, flatten(w, "w"))
    with budget.stoppable():
        evaluate.at(0, np.arange(16), np.zeros((16, 4)))
        raise AssertionError("it was not left")
    assert (f.calls, budget.cancelled) == (3, True)
    assert w.tobytes() == before
    f.calls = 0
    with budget.stoppable():
        evaluate.along([np.ones_like(w)], np.linspace(0, 1, 9))
    assert f.calls == 1
    assert w.tobytes() == before
    assert evaluate.at(0, np.arange(2), np.zeros((2, 4))).shape == (2, 4)  # elsewhere it goes on


def test_the_question_is_asked_now_and_then(w: Any) -> None:
    asked: list[int] = []

    def never() -> bool:
        asked.append(1)
        return False

    with stopping.stoppable(never):
        for _ in range(1000):
            stopping.leave_if_asked()
    assert len(asked) < 1000
