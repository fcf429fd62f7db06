"""Make the pictures of the page: ``python docs/screenshots.py``.

Every tab in every language, at the widths of a laptop and a telephone, of a server that has just
trained the lesson's network. Needs the extras ``app`` and ``browser``, Chromium, and fonts for
Chinese and Japanese.
"""

from __future__ import annotations

import io
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

IMAGES = Path(__file__).parent / "images"
LOCALES = {"en": "en-US", "zh_CN": "zh-CN", "ja": "ja-JP"}
WIDTHS = {"wide": (1440, 900), "narrow": (390, 844)}
TABS = ("train", "draw", "nudge", "walk", "look")


def main() -> int:
    """Serve, train, and take the pictures."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("Chromium must be on the path: install Debian's package chromium", file=sys.stderr)
        return 1
    IMAGES.mkdir(exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(
            [sys.executable, "-m", "nudgegrad", "app", "--no-open", "--port", str(port)],
            cwd=folder,
        )
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=chromium, args=["--no-sandbox"]
                )
                _pictures(browser, f"http://127.0.0.1:{port}/")
                browser.close()
        finally:
            server.terminate()
            server.wait()
    return 0


def _pictures(browser: Any, url: str) -> None:
    first = browser.new_page(locale=LOCALES["en"])
    _open(first, url)
    first.get_by_role("button", name="Start").first.click()
    first.get_by_text("completed").first.wait_for(timeout=120_000)
    for language, locale in LOCALES.items():
        for width, (across, down) in WIDTHS.items():
            page = browser.new_page(locale=locale, viewport={"width": across, "height": down})
            for tab in TABS:
                _open(page, f"{url}?tab={tab}")
                if tab == "draw":
                    _draw_seven(page)
                page.wait_for_timeout(4000)  # until everything is drawn
                picture = IMAGES / f"app-{tab}-{language}-{width}.webp"
                with Image.open(io.BytesIO(page.screenshot())) as image:
                    image.save(picture, lossless=True, quality=100, method=6)
            page.close()


def _draw_seven(page: Page) -> None:
    page.locator("canvas").wait_for()
    box = page.locator("canvas").bounding_box()
    assert box is not None
    places = [(0.3, 0.25), (0.7, 0.25), (0.45, 0.85)]
    corners = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in corners[1:]:
        page.mouse.move(*corner, steps=8)
    page.mouse.up()


def _open(page: Page, url: str) -> None:
    """Open the page; the server may still be starting."""
    deadline = time.monotonic() + 30
    while True:
        try:
            page.goto(url)
            break
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.3)
    page.get_by_role("tab").first.wait_for()


if __name__ == "__main__":
    sys.exit(main())
