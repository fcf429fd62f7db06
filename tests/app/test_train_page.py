"""The tab Train in a browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.app.browser import draw, in_a_browser, open_page, serve
from tests.cli.processes import COMMAND, write_data

pytest.importorskip("nicegui")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a running server, whose runs are in this test's folder."""
    yield from serve(COMMAND, "app", "--no-open", "--port", cwd=tmp_path)


def pick(page: Any, label: str, option: str) -> None:
    """Choose one of several."""
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option).click()


def choose_data(page: Any, path: Path) -> None:
    """Have a small data set and network."""
    pick(page, "Data set", "a file or folder")
    page.get_by_label("Path of the data", exact=True).fill("nowhere")
    page.keyboard.press("Enter")
    wrong = page.get_by_text("which does not exist")
    wrong.wait_for()
    said, below = wrong.bounding_box(), page.get_by_label("Model", exact=True).bounding_box()
    assert said["y"] + said["height"] <= below["y"]  # however long it is
    page.get_by_label("Path of the data", exact=True).fill(str(path))
    page.keyboard.press("Enter")
    page.get_by_text("which does not exist").wait_for(state="detached")
    page.get_by_label("Hidden sizes", exact=True).fill("5, x")
    page.get_by_text("hidden sizes must be").wait_for()
    page.get_by_label("Hidden sizes", exact=True).fill("5")
    page.get_by_label("Batch size", exact=True).fill("10")


@in_a_browser
def test_a_training_from_start_to_runs(server: str, page: Any, tmp_path: Path) -> None:
    open_page(page, server)
    page.get_by_text("Ready. Press Start").wait_for()
    choose_data(page, write_data(tmp_path / "data.npz"))
    page.get_by_label("Iterations", exact=True).fill("100000000")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_text("Training. The learning rate may").wait_for()
    page.get_by_text("only the learning rate can change").wait_for()
    assert page.get_by_label("Seed", exact=True).is_disabled()
    page.locator(".q-slider [tabindex='0']").focus()
    page.keyboard.press("ArrowLeft")
    page.get_by_text("0.098", exact=True).nth(1).wait_for()  # beside the slider, and in the card
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("Paused: the clock stands still").wait_for()
    second = page.context.new_page()  # sees the same
    open_page(second, server)
    second.get_by_text("Paused: the clock stands still").wait_for()
    second.get_by_role("button", name="Continue").click()
    page.get_by_text("Training. The learning rate may").wait_for()
    second.close()
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Stopped and saved").wait_for()
    for kind, name, start in (("PNG", "loss", b"\x89PNG"), ("CSV", "history", b"method,")):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Download {kind}").first.click()
        assert download.value.suggested_filename == f"{name}.{kind.lower()}"
        assert Path(download.value.path()).read_bytes().startswith(start)
    page.get_by_role("button", name="Reset").click()
    page.get_by_text("Ready. Press Start").wait_for()
    row = page.get_by_role("button", name="Open 2")
    row.click()
    page.get_by_text("Stopped and saved").wait_for()
    shutil.rmtree(tmp_path / "runs")
    row.click()
    page.get_by_text("it was deleted meanwhile").wait_for()
    page.get_by_text("No runs yet").wait_for()


@in_a_browser
def test_a_race_on_a_narrow_page(server: str, page: Any, tmp_path: Path) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    open_page(page, server)
    choose_data(page, write_data(tmp_path / "data.npz"))
    page.get_by_label("Iterations", exact=True).fill("5")
    page.get_by_role("button", name="Race: all four").click()
    page.get_by_text("100 %", exact=True).nth(3).wait_for()
    page.get_by_text("Done.", exact=True).wait_for()
    for method in ("naive", "weight", "node", "backprop"):
        page.get_by_role("group", name=method).get_by_text("completed").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.reload()  # loses nothing
    page.get_by_text("100 %", exact=True).nth(3).wait_for()


@in_a_browser
def test_a_convolutional_network_that_stops_early(server: str, page: Any) -> None:
    pytest.importorskip("sklearn")
    open_page(page, server)
    pick(page, "Data set", "digits")
    pick(page, "Model", "simple-convnet")
    page.get_by_text("Ready. Press Start.", exact=True).wait_for()
    page.get_by_text("More settings").click()
    assert page.get_by_label("Patience", exact=True).is_hidden()
    assert page.get_by_label("Decay", exact=True).input_value().startswith("linear")
    page.get_by_label("Hidden sizes", exact=True).fill("5, 5")
    page.get_by_text("must have one hidden size").wait_for()
    page.get_by_label("Hidden sizes", exact=True).fill("10")
    page.get_by_label("Held out", exact=True).fill("0.3")
    page.get_by_label("Patience", exact=True).fill("1")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_text("Stopped early").wait_for(timeout=120_000)
    page.get_by_text("The weights kept are the best, after iteration").wait_for()
    open_page(page, f"{server}?tab=nudge")
    page.get_by_text("All 30 units").wait_for()
    page.get_by_text("one of 30 channels changes").first.wait_for()
    page.get_by_label("Unit", exact=True).fill("29")
    page.get_by_label("Pixel or input", exact=True).fill("7")
    page.get_by_text("Kernel 29, input channel 0: row 1, column 2").wait_for()
    open_page(page, f"{server}?tab=draw")
    page.get_by_text("The network knows digits: 0, 1").wait_for()
    draw(page, (0.5, 0.2), (0.5, 0.8))
    page.get_by_text("The network says:").wait_for()


@in_a_browser
def test_a_table_is_asked_for_its_labels(server: str, page: Any, tmp_path: Path) -> None:
    table = tmp_path / "kinds.csv"
    rows = [f"{k / 60},{(k % 7) / 7},{'low' if k < 30 else 'high'}" for k in range(60)]
    table.write_text("\n".join(["height,width,kind", *rows]) + "\n")
    open_page(page, server)
    pick(page, "Data set", "a file or folder")
    page.get_by_label("Path of the data", exact=True).fill(str(table))
    page.keyboard.press("Enter")
    page.get_by_text("label must be one of height, width, kind").wait_for()
    page.get_by_label("Column of the labels", exact=True).fill("kind")
    page.keyboard.press("Enter")
    page.get_by_text("label must be one of").wait_for(state="detached")
    page.get_by_role("button", name="Best", exact=True).wait_for()
    page.get_by_label("Batch size", exact=True).fill("10")
    page.get_by_label("Iterations", exact=True).fill("20")
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_text("of the test samples are classified correctly").wait_for()
    page.get_by_role("tab", name="Draw").click()
    page.get_by_text("kinds has no pictures that could be drawn").wait_for()
