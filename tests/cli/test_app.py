"""``nudgegrad app``, but for the page itself."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.processes import call, start, wait_for_line

needs_nicegui = pytest.mark.skipif(
    importlib.util.find_spec("nicegui") is None, reason="needs NiceGUI"
)


def test_without_nicegui(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = importlib.util.find_spec

    def find_spec(name: str, package: str | None = None) -> Any:
        return None if name == "nicegui" else found(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)
    answer = call(capsys, "app")
    assert answer.code == 2
    assert 'pip install "nudgegrad[app]"' in answer.err


@needs_nicegui
@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.1", "::"])
def test_other_machines_need_a_token(capsys: pytest.CaptureFixture[str], host: str) -> None:
    answer = call(capsys, "app", "--host", host)
    assert answer.code == 2
    assert "--token must be given too" in answer.err
    assert call(capsys, "app", "--host", host, "--token", "").code == 2


@needs_nicegui
def test_a_port_in_use(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = start("app", "--no-open", "--port", port, cwd=tmp_path)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"cannot listen on 127.0.0.1, port {port}" in errors
    assert "--port" in errors
    assert "Traceback" not in errors


@needs_nicegui
@pytest.mark.skipif(os.name != "posix" or sys.platform == "darwin", reason="signals of Linux")
def test_ctrl_c_ends_it(tmp_path: Path) -> None:
    process = start("app", "--no-open", "--port", 0, cwd=tmp_path)
    wait_for_line("nudgegrad: http://127.0.0.1:", process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []
