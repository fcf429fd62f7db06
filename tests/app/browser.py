"""What the tests of the page in a real browser share."""

from __future__ import annotations

import importlib.util
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.processes import PATIENCE, environment

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
NEEDED = ("nicegui", "playwright", "axe_playwright_python")
in_a_browser = pytest.mark.skipif(
    CHROMIUM is None or any(importlib.util.find_spec(name) is None for name in NEEDED),
    reason=f"needs Chromium, {', '.join(NEEDED)}",
)


def serve(command: list[str], *arguments: str, cwd: Path) -> Iterator[str]:
    """Run a server, and yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [*command, *arguments, str(port)], cwd=cwd, env=environment(), encoding="utf-8",
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
    )  # fmt: skip
    url = f"http://127.0.0.1:{port}/"
    deadline = time.monotonic() + PATIENCE
    while status(url) != 200:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield url
    process.terminate()
    errors = process.communicate(timeout=PATIENCE)[1]
    assert errors == ""


def status(url: str, **headers: str) -> int:
    """Return the status of an answer, 0 if there is none."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


def open_page(page: Any, url: str) -> None:
    page.goto(url)
    page.get_by_role("tab").first.wait_for()


def switch_language(page: Any, name: str, code: str) -> None:
    page.get_by_role("banner").get_by_role("button").first.click()
    page.get_by_role("menuitem", name=name).or_(
        page.get_by_text(name, exact=True).last
    ).last.click()
    page.wait_for_function(f"document.documentElement.lang === '{code}'")


def draw(page: Any, *points: tuple[float, float]) -> None:
    """Draw one stroke on the page's canvas; points are parts of its width and height."""
    box = page.locator("canvas").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in points]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=5)
    page.mouse.up()
