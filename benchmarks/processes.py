"""Programs run as from a shell: their seconds and their peak memory.

``python processes.py COMMAND…`` is the small parent of the program that is measured, and prints
JSON as its last line. The kernel counts a parent's memory at the moment of the fork into its
child's peak, so a parent with NumPy in it would be measured too; this one imports next to nothing.
"""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

__all__ = ["PYTHON", "command_line", "run_program"]

PYTHON = sys.executable


def command_line() -> list[str]:
    """Return how to call nudgegrad: the installed command, else the module."""
    command = Path(PYTHON).parent / "nudgegrad"
    return [str(command)] if command.exists() else [PYTHON, "-m", "nudgegrad"]


def run_program(command: list[str], folder: str | os.PathLike[str]) -> dict[str, float]:
    """Run a program in a folder, its output thrown away.

    Returns
    -------
    dict
        ``"seconds"`` from its start to its end, and ``"peak_mb"``, its largest resident memory in
        millions of bytes.

    Raises
    ------
    RuntimeError
        If it ends with another exit code than 0.
    """
    parent = [PYTHON, "-I", "-S", str(Path(__file__).resolve()), *command]
    done = subprocess.run(parent, cwd=folder, capture_output=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} could not be run:\n{done.stderr[-2000:]}")
    facts: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if facts.pop("code") != 0:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr[-2000:]}")
    return facts


def _measure(command: list[str]) -> dict[str, float]:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    started = time.perf_counter()
    process = os.posix_spawnp(
        command[0], command, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, nowhere, 1)]
    )
    _, status, usage = os.wait4(process, 0)
    seconds = time.perf_counter() - started
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes
    return {
        "code": os.waitstatus_to_exitcode(status),
        "seconds": seconds,
        "peak_mb": usage.ru_maxrss * unit / 1e6,
    }


if __name__ == "__main__":
    print(json.dumps(_measure(sys.argv[1:])))
