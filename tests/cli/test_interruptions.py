"""``nudgegrad train`` as signals, kills and closed pipes end it, and how it goes on."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from nudgegrad.files import read_npz
from nudgegrad.training import History
from tests.cli.processes import (
    COMMAND,
    FILES,
    PATIENCE,
    environment,
    run,
    saved_iteration,
    start,
    wait_for,
    wait_for_line,
    write_data,
)

posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


LONG = ("--hidden-size", 200, "--batch-size", 100, "--checkpoint-every", 5, "--iterations", 300)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run never stopped."""
    home = tmp_path_factory.mktemp("whole")
    data = write_data(home / "data.npz")
    done = run("train", "--data", data, *LONG, "--out", "run", "--quiet", cwd=home)
    assert done.returncode == 0, done.stderr
    return home / "run"


def has_reached(folder: Path, iteration: int) -> bool:
    return saved_iteration(folder) >= iteration


def assert_same_run(folder: Path, whole: Path) -> None:
    """Compare everything but times, bit for bit."""
    history, expected = (History.load(path / "history.json") for path in (folder, whole))
    assert history.outcome == "completed"
    assert history.train_loss == expected.train_loss
    assert history.epochs == expected.epochs
    assert history.loss_evaluations == expected.loss_evaluations
    (arrays, document), (others, other) = (
        read_npz(path / "checkpoint.npz") for path in (folder, whole)
    )
    assert list(arrays) == list(others)
    for name, array in others.items():
        assert arrays[name].tobytes() == array.tobytes(), name
    assert document["random_state"] == other["random_state"]
    csvs = [(path / "history.csv").read_bytes() for path in (folder, whole)]
    assert csvs[0] == csvs[1]
    assert {path.name for path in folder.iterdir()} == FILES


@posix
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_and_resume(
    tmp_path: Path, whole: Path, number: signal.Signals, code: int
) -> None:
    folder = tmp_path / "run"
    process = start("train", "--data", whole.parent / "data.npz", *LONG, "--out", folder,
                    cwd=tmp_path)  # fmt: skip
    wait_for(partial(has_reached, folder, 5), process)
    process.send_signal(number)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (code, "")
    assert "interrupted: stopped before its end; resume it to go on" in out
    assert {path.name for path in folder.iterdir()} == FILES
    history = History.load(folder / "history.json")
    assert history.outcome == "interrupted"
    assert 5 <= history.iterations < 300
    assert saved_iteration(folder) == history.iterations == history.epochs[-1].iteration
    assert (
        history.train_loss
        == (History.load(whole / "history.json").train_loss[: history.iterations])
    )
    done = run("train", "--resume", folder, "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["iterations"] == 300
    assert_same_run(folder, whole)


@posix
def test_kills_at_any_moment_and_resume(tmp_path: Path, whole: Path) -> None:
    folder = tmp_path / "run"
    moments = random.Random(0)
    options: tuple[Any, ...] = ("--data", whole.parent / "data.npz", *LONG, "--out", folder)
    reached = 0
    for _ in range(4):
        process = start("train", *options, "--quiet", cwd=tmp_path)
        goal = reached + moments.randrange(5, 50)
        wait_for(partial(has_reached, folder, goal), process)
        time.sleep(0.05 * moments.random())  # in a step, in a checkpoint, between: anywhere
        process.kill()
        process.communicate(timeout=PATIENCE)
        assert process.returncode == -signal.SIGKILL
        reached = saved_iteration(folder)  # readable
        assert reached % 5 == 0
        options = ("--resume", folder)
    done = run("train", "--resume", folder, "--quiet", cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert_same_run(folder, whole)


@posix
def test_a_second_signal_leaves_at_once(tmp_path: Path, data: Path) -> None:
    # One step takes far longer than it takes to send two signals.
    options = ("--hidden-size", 4000, "--batch-size", 200, "--iterations", 100)
    process = start("train", "--data", data, *options, "--out", "run", cwd=tmp_path)
    wait_for_line("train acc, test acc | ", process)
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (143, "")
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {"config.json", "checkpoint.npz"}


@posix
def test_a_step_of_naive_is_abandoned(tmp_path: Path, data: Path) -> None:
    # A step takes minutes.
    options = ("--method", "naive", "--hidden-size", 5000, "--batch-size", 50, "--iterations", 9)
    process = start("train", "--data", data, *options, "--out", "run", cwd=tmp_path)
    wait_for_line("train acc, test acc | ", process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (130, "")
    history = History.load(tmp_path / "run" / "history.json")
    assert (history.outcome, history.iterations) == ("interrupted", 0)
    assert saved_iteration(tmp_path / "run") == 0


def test_a_reader_who_leaves(tmp_path: Path, data: Path) -> None:
    process = start("train", "--data", data, *LONG, "--out", "run", cwd=tmp_path)
    wait_for_line("training", process)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    assert process.wait(PATIENCE) == 1


@posix
def test_a_signal_reaches_a_job_that_was_started_to_ignore_it(tmp_path: Path, data: Path) -> None:
    ignoring = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]  # as a shell starts background jobs
    train = [*COMMAND, "train", "--data", str(data), *map(str, LONG), "--out", "run", "--quiet"]
    process = subprocess.Popen([*ignoring, *train], cwd=tmp_path, env=environment())
    wait_for(partial(has_reached, tmp_path / "run", 5), process)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 130


@posix
def test_sigterm_before_the_first_step(tmp_path: Path) -> None:
    process = start("train", "--quiet", "--out", "run", cwd=tmp_path)  # MNIST takes time to read
    wait_for((tmp_path / "run").exists, process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 143
    process.communicate()
