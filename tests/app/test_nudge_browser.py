"""The tab Nudge in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.app import browser as shared
from tests.cli.processes import COMMAND

pytest.importorskip("nicegui")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server."""
    yield from shared.serve(
        COMMAND, "app", "--no-open", "--port", cwd=tmp_path_factory.mktemp("nudge")
    )


def open_tab(page: Any, server: str) -> None:
    page.set_default_timeout(40_000)
    shared.open_page(page, f"{server}?tab=nudge")
    page.get_by_text("All 100 units").wait_for()


@shared.in_a_browser
def test_a_weight_is_chosen_nudged_and_moved_by_keys(page: Any, server: str) -> None:
    open_tab(page, server)
    page.get_by_label("Unit", exact=True).fill("3")
    page.get_by_label("Pixel or input", exact=True).fill("0")
    page.get_by_text("Unit 3, pixel 0: row 0, column 0").wait_for()
    page.get_by_text("The slope is zero").wait_for()
    page.get_by_role("button", name="Steepest", exact=True).click()
    page.get_by_text("Truncation dominates").wait_for()
    page.get_by_label("The nudge h").locator("[tabindex='0']").first.focus()
    for _ in range(5):
        page.keyboard.press("PageDown")
    page.get_by_text("Rounding dominates").wait_for()
    page.get_by_text("Not moved; the copy follows the training.").wait_for()
    page.get_by_label("Moved by").locator("[tabindex='0']").first.focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("A copy with w moved").wait_for()
    page.get_by_role("button", name="Put w back").click()
    page.get_by_text("Not moved; the copy follows the training.").wait_for()


@shared.in_a_browser
def test_pictures_are_clicked_and_errors_measured(page: Any, server: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_tab(page, server)
    units = page.get_by_role("img", name="Weights of all units")
    box = units.bounding_box()
    units.click(position={"x": 0.95 * box["width"], "y": 0.95 * box["height"]})
    page.get_by_text("Unit 99, pixel").wait_for()
    unit = page.get_by_role("img", name="Weights of the unit chosen")
    box = unit.bounding_box()
    unit.click(position={"x": 0.5 * box["width"] + 2, "y": 0.5 * box["height"] + 2})
    page.get_by_text("Unit 99, pixel 406: row 14, column 14").wait_for()
    page.get_by_role("button", name="Measure").click()
    page.get_by_text("of W1[406, 99], whose slope is").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
