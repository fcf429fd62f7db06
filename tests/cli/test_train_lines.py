"""What ``nudgegrad train`` prints of an epoch, and which options it refuses since they are idle."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from nudgegrad.training import History
from tests.cli.processes import call

BASE = ("--hidden-size", 3, "--batch-size", 5)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    x, t = rng.random((20, 4)), np.arange(20) % 2
    path = tmp_path / "small.npz"
    np.savez(path, x_train=x, t_train=t, x_test=x, t_test=t)
    return path


def epochs_of(out: str) -> list[float]:
    return [float(epoch) for epoch in re.findall(r"\(epoch ([0-9.]+), iteration", out)]


def test_of_many_epochs_some_are_told_and_the_last(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--data", data, *BASE, "--out", tmp_path / "run")
    done = call(capsys, "train", *options, "--iterations", 4 * 250 + 2)  # 4 batches an epoch
    assert done.code == 0
    assert "a line every 3 epochs; history.csv has all of them" in done.out.splitlines()
    assert epochs_of(done.out) == [*range(0, 250, 3), 250.5]
    history = History.load(tmp_path / "run" / "history.json")
    assert [record.epoch for record in history.epochs] == [*range(251), 250.5]


def test_of_a_hundred_epochs_all_are_told(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--data", data, *BASE, "--out", tmp_path / "run", "--iterations", 400)
    done = call(capsys, "train", *options)
    assert epochs_of(done.out) == list(range(101))
    assert "a line every" not in done.out


def test_the_last_line_of_a_run_that_ends_early(
    tmp_path: Path, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The labels of what is held out are chance, so that the loss soon rises.
    options = ("--data", data, *BASE, "--out", tmp_path / "run", "--iterations", 4000)
    done = call(capsys, "train", *options, "--validation-fraction", 0.2, "--patience", 2,
                "--optimizer", "adam", "--learning-rate", 0.1)  # fmt: skip
    assert "stopped early" in done.out
    told = epochs_of(done.out)
    history = History.load(tmp_path / "run" / "history.json")
    assert told[-1] == history.epochs[-1].epoch
    assert len(told) == len(set(told)) < len(history.epochs)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--decay-every", 5), "--decay-every does nothing without --decay step"),
        (("--decay-every", 5, "--decay", "cosine"), "--decay-every does nothing without --decay"),
        (("--monitor", "loss"), "--monitor does nothing without --validation-fraction"),
        (("--min-delta", 0.1), "--min-delta does nothing without --validation-fraction"),
    ],
)
def test_idle_options(
    options: tuple[str, ...], message: str, data: Path, tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    done = call(capsys, "train", "--data", data, *BASE, *options, "--out", tmp_path / "run")
    assert done.code == 2
    assert message in done.err
    assert not (tmp_path / "run").exists()
