"""The command line as a whole."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from nudgegrad import __version__
from nudgegrad.cli import COMMANDS
from nudgegrad.cli.durations import format_duration
from tests.cli.processes import call, environment, run


@pytest.mark.parametrize("option", ["--help", "-h"])
@pytest.mark.parametrize("command", COMMANDS)
def test_help(command: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, command, option)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Usage: nudgegrad {command} ")
    assert f"  Examples:\n    nudgegrad {command} " in done.out or (
        f"  Examples:\n    nudgegrad {command}\n" in done.out
    )


def test_help_of_all(capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "--help")
    assert (done.code, done.err) == (0, "")
    for command in COMMANDS:
        assert re.search(rf"^  {command} +[A-Z]", done.out, flags=re.MULTILINE)
    assert "  Examples:\n    nudgegrad train  " in done.out


def test_options_of_the_examples_exist(capsys: pytest.CaptureFixture[str]) -> None:
    for command in COMMANDS:
        text = call(capsys, command, "--help").out
        examples, options = text.split("Examples:")[1].split("Options:")
        for option in re.findall(r"--[a-z-]+", examples):
            assert f" {option} " in options or f" {option}\n" in options, (command, option)


def test_version(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call(capsys, "--version").out == f"nudgegrad, version {__version__}\n"
    done = run("--version", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, f"nudgegrad, version {__version__}\n")


def test_wrong_commands(capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys, "trian")
    assert (done.code, done.out) == (2, "")
    assert "Error: No such command 'trian'. Did you mean 'train'?" in done.err
    done = call(capsys, "xyz")
    assert (done.code, done.out) == (2, "")
    assert "Error: No such command 'xyz'.\n" in done.err
    done = call(capsys, "--verison")
    assert done.code == 2
    assert "No such option" in done.err


def test_without_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    done = call(capsys)
    assert done.code == 2
    assert "Usage: nudgegrad" in done.out + done.err


def test_unexpected_errors_are_not_hidden(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("a mistake of the program")

    monkeypatch.setattr("nudgegrad.data.load", fail)
    with pytest.raises(ValueError, match="a mistake of the program"):
        call(capsys, "data")


def imported(code: str, tmp_path: Path) -> set[str]:
    """Return the modules that some code imports in a new process."""
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print('modules:', *sys.modules)"],
        cwd=tmp_path, env=environment(), capture_output=True, encoding="utf-8", check=True,
    )  # fmt: skip
    return set(done.stdout.rpartition("modules:")[2].split())


def test_help_is_light(tmp_path: Path) -> None:
    for options in ("['--help']", "['train', '--help']", "['--version']"):
        modules = imported(f"from nudgegrad import cli; assert cli._run({options}) == 0", tmp_path)
        assert "nudgegrad.cli" in modules
        assert modules.isdisjoint({"matplotlib", "rich", "rich.progress", "PIL", "torch", "numba"})


def test_the_package_is_light(tmp_path: Path) -> None:
    modules = imported("import nudgegrad; nudgegrad.TwoLayerNet; nudgegrad.train", tmp_path)
    assert "nudgegrad.network" in modules
    heavy = {"matplotlib", "torch", "click", "rich", "PIL", "numba", "threadpoolctl"}
    assert modules.isdisjoint(heavy)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 µs"),
        (4.1e-4, "410 µs"),
        (0.0123, "12.3 ms"),
        (12.34, "12.3 s"),
        (99.94, "99.9 s"),
        (245, "4 min 05 s"),
        (3599.4, "59 min 59 s"),
        (3600, "1.0 h"),
        (100 * 3600, "4.2 days"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize("seconds", [0.99999e-3, 0.99999, 99.99, 3599.9, 48 * 3600 - 1])
def test_durations_just_below_a_unit(seconds: float) -> None:
    assert not re.search(r"e\+|60 min|60 s$|1000 [µm]", format_duration(seconds))
