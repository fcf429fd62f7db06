"""The tabs *Walk* and *Look* in a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.app.browser import in_a_browser, open_page, serve, switch_language
from tests.cli.processes import COMMAND

pytest.importorskip("nicegui")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server."""
    folder = tmp_path_factory.mktemp("walk")
    yield from serve(COMMAND, "app", "--no-open", "--port", cwd=folder)


@in_a_browser
def test_walking_by_keys_and_numbers(page: Any, server: str) -> None:
    open_page(page, f"{server}?tab=walk")
    heading = page.locator(".ng-step-heading")
    page.get_by_text("Step 0: Data, a batch and a network").wait_for()
    page.keyboard.press("ArrowRight")
    page.get_by_text("Step 1: A loss function and one parameter").wait_for()
    page.get_by_role("button", name="7 Two errors make a derivative").click()
    page.get_by_text("Step 7: Two errors make a derivative").wait_for()
    page.keyboard.press("End")
    page.get_by_text("Step 10: The accuracy").wait_for()
    page.get_by_role("button", name="Back").click()
    page.get_by_text("Step 9: The loss after the update").wait_for()
    # In a field the arrows are the field's.
    page.get_by_label("Entry, such as 3, 5", exact=True).fill("500, 3")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="1 A loss function and one parameter").click()
    page.get_by_text("W1[500, 3] = ").wait_for()
    page.get_by_label("Entry, such as 3, 5", exact=True).fill("784, 3")
    page.get_by_text("index[0] of W1 (784, 100) must be").wait_for()
    page.get_by_role("combobox", name="Network").click()
    page.get_by_role("option", name="3-2-2, to check by hand").click()
    page.get_by_text("Affine").first.wait_for()
    page.get_by_text("W1 3 × 2").wait_for()
    switch_language(page, "日本語", "ja")
    page.get_by_text("W1 3 × 2").wait_for()
    assert heading.inner_text().startswith("ステップ 1")


@in_a_browser
def test_looking_at_cells_by_keys(page: Any, server: str) -> None:
    open_page(page, f"{server}?tab=look")
    grid = page.get_by_role("grid", name="Confusion matrix")
    grid.wait_for()
    pictures = page.locator(".ng-gallery").first.get_by_role("img")
    pictures.first.wait_for()
    assert pictures.count() == 12
    grid.get_by_role("gridcell").first.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_text("True 1, predicted 9:").wait_for()
    chosen = grid.locator("[aria-selected=true]")
    assert chosen.get_attribute("aria-label").startswith("true 1, predicted 9: ")
    more = page.get_by_role("button", name="Show more").last
    more.click()
    page.get_by_text("24 of ").wait_for()
    starts = {"PNG": b"\x89PNG", "SVG": b"<?xml", "CSV": b"index,true,predicted,p0"}
    for kind, start in starts.items():
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Download {kind}").last.click()
        assert download.value.suggested_filename == f"worst-mistakes.{kind.lower()}"
        assert Path(download.value.path()).read_bytes().startswith(start)
