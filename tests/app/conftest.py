"""A session, a browser, and pages in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nudgegrad.app.session import Session
from tests.app.browser import CHROMIUM
from tests.cli.processes import write_data


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session on small data, without trainings."""
    made = Session(tmp_path / "runs")
    made.change(data=str(write_data(tmp_path / "data.npz")), hidden_sizes=(5,), batch_size=10)
    yield made
    made.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """A page that may neither complain nor ask anybody but the server."""
    context = browser.new_context(locale="en-US", viewport={"width": 1440, "height": 900})
    made = context.new_page()
    faults: list[str] = []
    made.on("console", lambda m: faults.append(m.text) if m.type in ("error", "warning") else None)
    made.on("pageerror", lambda error: faults.append(str(error)))
    made.on(
        "request",
        lambda request: (
            None
            if request.url.startswith(("http://127.0.0.1:", "data:", "blob:"))
            else faults.append(request.url)
        ),
    )
    yield made
    context.close()
    assert faults == []
