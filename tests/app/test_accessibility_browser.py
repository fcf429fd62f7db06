"""An audit of every tab: names, roles and contrast (axe-core)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.app.browser import draw, in_a_browser, open_page, serve
from tests.cli.processes import COMMAND

pytest.importorskip("nicegui")
FILLED = {  # what a tab shows when it is filled
    "train": "Done: ",
    "draw": "The network says:",
    "nudge": "Truncation dominates",
    "walk": "Step 0: Data, a batch and a network",
    "look": "True ",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, browser: Any) -> Iterator[str]:
    """The address of a server that has trained a network."""
    folder = tmp_path_factory.mktemp("audit")
    for url in serve(COMMAND, "app", "--no-open", "--port", cwd=folder):
        page = browser.new_page(locale="en-US")
        open_page(page, url)
        page.get_by_label("Iterations", exact=True).fill("1200")
        page.get_by_role("button", name="Start", exact=True).click()
        page.get_by_text("Done: ").wait_for(timeout=120_000)
        page.close()
        yield url


@in_a_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("tab", FILLED)
def test_nothing_is_found(page: Any, server: str, tab: str, width: int, scheme: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.set_default_timeout(60_000)
    page.set_viewport_size({"width": width, "height": 844})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    open_page(page, f"{server}?tab={tab}")
    if tab == "draw":
        page.locator("canvas").wait_for()
        draw(page, (0.5, 0.2), (0.5, 0.8))
    page.get_by_text(FILLED[tab]).first.wait_for()
    page.wait_for_timeout(500)  # colours fade in
    found = Axe().run(page)
    assert [
        (violation["impact"], violation["id"], node["html"][:200])
        for violation in found.response["violations"]
        for node in violation["nodes"]
    ] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
