"""The tab *Draw* in a real browser."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.app.browser import draw, in_a_browser, open_page, serve, switch_language
from tests.cli.processes import write_data

pytest.importorskip("nicegui")
SEEN = "seen => document.querySelector('.ng-seen img').src "
HELPERS = [sys.executable, str(Path(__file__).with_name("all_helpers.py"))]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that trains on MNIST at a press of *Begin*."""
    yield from serve(HELPERS, "mnist", cwd=tmp_path_factory.mktemp("draw"))


@pytest.fixture
def other_data(tmp_path: Path) -> Iterator[str]:
    """The address of a server whose data are no pictures."""
    yield from serve(HELPERS, str(write_data(tmp_path / "data.npz")), cwd=tmp_path)


def values(page: Any) -> list[str]:
    meters = page.get_by_role("meter")
    return [str(meters.nth(i).get_attribute("aria-valuetext")) for i in range(meters.count())]


@in_a_browser
def test_drawing_and_training(page: Any, server: str) -> None:
    open_page(page, f"{server}?tab=draw")
    page.get_by_text("has not learned anything yet").wait_for()
    page.get_by_text("nothing yet").wait_for()
    draw(page, (0.3, 0.2))
    page.get_by_text("your drawing").wait_for()
    first = values(page)
    assert len(first) == 10
    assert "–" not in first
    seen = page.locator(".ng-seen img").get_attribute("src")
    draw(page, (0.3, 0.2), (0.7, 0.2), (0.4, 0.8))
    page.wait_for_function(SEEN + "!= seen", arg=seen)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_function(SEEN + "== seen", arg=seen)

    page.get_by_role("tab", name="Train").click()
    page.get_by_role("button", name="Begin").click()
    page.get_by_text("completed 300").wait_for()
    page.get_by_role("tab", name="Draw").click()
    page.get_by_text("completed · 300 of 300 iterations").wait_for()
    page.get_by_text("your drawing").wait_for()
    assert values(page) != first
    switch_language(page, "日本語", "ja")
    page.locator("canvas").wait_for()
    assert "–" not in values(page)  # what was drawn is kept


@in_a_browser
def test_by_keys_on_a_small_screen(page: Any, server: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_page(page, f"{server}?tab=draw")
    canvas = page.get_by_role("application", name="Drawing area")
    canvas.focus()
    for key in ["Space", *["ArrowDown"] * 8, "Space", "ArrowRight"]:
        page.keyboard.press(key)
    page.get_by_text("your drawing").wait_for()
    assert page.evaluate("scrollY") == 0
    page.keyboard.press("Control+z")
    page.get_by_text("nothing yet").wait_for()
    for name in ("Random test image", "Next wrong one"):
        page.get_by_role("button", name=name).focus()
        page.keyboard.press("Enter")
        page.get_by_text("its label is").wait_for()
    page.get_by_text("Wrong: its label is").wait_for()
    page.get_by_role("button", name="Clear").click()
    page.get_by_text("nothing yet").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("getComputedStyle(document.querySelector('canvas')).touchAction") == "none"


@in_a_browser
def test_files(page: Any, server: str, tmp_path: Path) -> None:
    picture, other, large = (tmp_path / name for name in ("one.png", "other.png", "large.png"))
    paper = Image.new("L", (100, 100), 255)
    paper.paste(0, (45, 10, 55, 90))
    paper.save(picture)
    other.write_text("no picture")
    with large.open("wb") as stream:
        stream.truncate(20_000_001)
    open_page(page, f"{server}?tab=draw")
    page.get_by_role("button", name="Open a picture").wait_for()  # which the data bring
    field = page.locator("input[type=file]")
    with page.expect_request(lambda request: request.method == "POST") as posted:
        field.set_input_files(picture)
    page.get_by_text("one.png").wait_for()
    field.set_input_files(other)
    page.get_by_text("other.png: is not a PNG or JPEG picture").wait_for()
    field.set_input_files(large)
    page.get_by_text("it may have at most 20 MB").wait_for()
    assert "one.png" in page.locator(".ng-seen").inner_text()
    request = urllib.request.Request(posted.value.url, data=bytes(20_000_001), method="POST")
    with pytest.raises((urllib.error.HTTPError, OSError)) as caught:
        urllib.request.urlopen(request)
    if isinstance(caught.value, urllib.error.HTTPError):
        caught.value.close()
        assert caught.value.code == 413


@in_a_browser
def test_classes_with_names(page: Any, tmp_path: Path) -> None:
    for part, count in (("train", 6), ("test", 3)):
        for name, grey in (("bright sky", 220), ("night", 30)):
            folder = tmp_path / "pictures" / part / name
            folder.mkdir(parents=True)
            for number in range(count):
                Image.new("L", (28, 28), grey + number).save(folder / f"{number}.png")
    for url in serve(HELPERS, str(tmp_path / "pictures"), cwd=tmp_path):
        open_page(page, f"{url}?tab=draw")
        page.get_by_text("The network knows pictures: bright sky, night.").wait_for()
        page.get_by_role("button", name="Random test image").click()
        page.get_by_text("its label is").wait_for()
        assert page.get_by_role("meter", name="bright sky").get_attribute("aria-valuetext") != "–"
        open_page(page, f"{url}?tab=look")
        page.get_by_role("gridcell", name="true night, predicted bright sky:").wait_for()
        page.goto("about:blank")  # before the server is gone


@in_a_browser
def test_pictures_of_another_size(page: Any, tmp_path: Path) -> None:
    for number in range(12):
        picture = Image.new("L", (12, 9), 255)
        picture.paste(0, (5, 1, 7 + number % 2, 8))
        folder = tmp_path / "pictures" / ("train" if number % 3 else "test") / "bar"
        folder.mkdir(parents=True, exist_ok=True)
        picture.save(folder / f"{number}.png")
    for url in serve(HELPERS, str(tmp_path / "pictures"), cwd=tmp_path):
        open_page(page, f"{url}?tab=draw")
        page.get_by_text("The network knows pictures: bar.").wait_for()
        draw(page, (0.5, 0.1), (0.5, 0.9))
        page.get_by_text("your drawing").wait_for()
        seen = page.get_by_alt_text("The picture as the network gets it, 9 × 12 pixels")
        assert seen.evaluate("image => [image.naturalWidth, image.naturalHeight]") == [12, 9]
        page.get_by_role("button", name="Random test image").click()
        page.get_by_text("its label is").wait_for()
        page.goto("about:blank")  # before the server is gone


@in_a_browser
def test_a_network_that_takes_no_pictures(other_data: str, page: Any) -> None:
    open_page(page, f"{other_data}?tab=draw")
    page.get_by_text("this network takes 16 other numbers").wait_for()
    assert not page.locator("canvas").is_visible()
