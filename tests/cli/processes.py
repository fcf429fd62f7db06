"""The command line as a process of its own, and in this process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nudgegrad
from nudgegrad.cli import main
from nudgegrad.files import read_npz

COMMAND = [sys.executable, "-m", "nudgegrad"]
PATIENCE = 120  # seconds after which a process is taken to hang
FILES = {  # of a run's folder
    "accuracy.png",
    "checkpoint.npz",
    "config.json",
    "history.csv",
    "history.json",
    "loss.png",
    "summary.json",
}


def environment(**changes: str) -> dict[str, str]:
    """Return this process's environment, in which the package that is tested is found first."""
    source = str(Path(nudgegrad.__file__).resolve().parents[1])
    paths = [source, *filter(None, [os.environ.get("PYTHONPATH")])]
    inherited = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    return {**inherited, "PYTHONPATH": os.pathsep.join(paths), **changes}


def run(*args: Any, cwd: Path, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end, with changes of the environment."""
    return subprocess.run(
        [*COMMAND, *map(str, args)], cwd=cwd, env=environment(**changes), capture_output=True,
        encoding="utf-8", timeout=PATIENCE, check=False,
    )  # fmt: skip


def start(*args: Any, cwd: Path) -> subprocess.Popen[str]:
    """Start the command line, which hears SIGINT even if the tests are a shell's background job.

    A process inherits that a signal is ignored, not how it is handled: so it is handled here for a
    moment. (``preexec_fn`` would run the hooks of ``os.fork``, and JAX warns in its own.)
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            [*COMMAND, *map(str, args)], cwd=cwd, env=environment(), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, encoding="utf-8",
        )  # fmt: skip
    finally:
        signal.signal(signal.SIGINT, before)


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[Any]) -> None:
    """Wait until something holds, while the process lives."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)


def wait_for_line(start_of_line: str, process: subprocess.Popen[Any]) -> None:
    """Read the output up to a line that starts so."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(start_of_line):
            return
    raise AssertionError(f"no line {start_of_line!r}")


def saved_iteration(folder: Path) -> int:
    """Return the iteration of a run's checkpoint, -1 if there is none."""
    if not (folder / "checkpoint.npz").exists():
        return -1
    return int(read_npz(folder / "checkpoint.npz")[1]["iteration"])


@dataclass
class Answer:
    """What a call of the command line left."""

    code: int | str | None
    out: str
    err: str


def call(capsys: pytest.CaptureFixture[str], *args: Any) -> Answer:
    """Call the command line within this process."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as caught:
        main([str(arg) for arg in args])
    captured = capsys.readouterr()
    return Answer(caught.value.code, captured.out, captured.err)


def write_data(path: Path, features: int = 16, classes: int = 4) -> Path:
    """Write a made-up data set of 200 training and 80 test samples."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(280, features))
    t = x[:, :classes].argmax(axis=1)
    np.savez(path, x_train=x[:200], t_train=t[:200], x_test=x[200:], t_test=t[200:])
    return path
