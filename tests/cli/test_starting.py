"""Ctrl-C while the command line is still importing what it needs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.processes import PATIENCE, environment, start, wait_for_line

SLOW = "print('importing', flush=True)\nimport time\ntime.sleep(600)\n"
posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")


@posix
@pytest.mark.parametrize("command", ["check", "train"])
def test_no_traceback(command: str, tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text(SLOW)  # found first: the current folder's
    process = start(command, cwd=tmp_path)
    wait_for_line("importing", process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (130, "Interrupted.\n")


@posix
def test_the_installed_command(tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text(SLOW)
    script = tmp_path / "nudgegrad"
    script.write_text("import sys\nfrom nudgegrad.cli import main\nsys.exit(main())\n")
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            [sys.executable, str(script), "check"], cwd=tmp_path, env=environment(),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8",
        )  # fmt: skip
    finally:
        signal.signal(signal.SIGINT, before)
    wait_for_line("importing", process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (130, "Interrupted.\n")


def test_other_programs_keep_their_handler(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(
        "import signal\nbefore = signal.getsignal(signal.SIGINT)\nimport nudgegrad\n"
        "print(signal.getsignal(signal.SIGINT) is before)\n"
    )
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, env=environment(), capture_output=True,
        encoding="utf-8", timeout=PATIENCE, check=True,
    )  # fmt: skip
    assert done.stdout == "True\n"
