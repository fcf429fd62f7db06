"""The lesson on the page, as somebody new to it would go through it, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nudgegrad as ng
from nudgegrad.data import as_inputs
from nudgegrad.training.run_folder import RunFolder
from tests.app.browser import draw, in_a_browser, open_page, serve
from tests.cli.processes import COMMAND

pytest.importorskip("nicegui")
SLOW = 120_000  # milliseconds: kernels may have to be compiled


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lesson")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[str]:
    """The address of a server; the tests here are one visit, each goes on where the last ended."""
    yield from serve(COMMAND, "app", "--no-open", "--port", cwd=folder)


def number(page: Any, name: str) -> float:
    """Return the percentage that stands under a name in the training's card."""
    lines = page.get_by_role("group", name="node").inner_text().split("\n")
    return float(lines[lines.index(name) + 1].rstrip(" %"))


def row(page: Any, name: str) -> Any:
    """Return a line of the table of numbers."""
    return page.get_by_role("row").filter(has_text=name).first


def points(page: Any, title: str) -> list[list[Any]]:
    """Return the drawn points of a chart's lines."""
    chart = page.get_by_role("img", name=title).first
    lines: list[list[Any]] = chart.evaluate(
        "e => getElement(Number(e.id.slice(1))).chart.getOption().series.map(line => line.data)"
    )
    return lines


@in_a_browser
def test_the_lesson_is_trained_to_nine_in_ten(page: Any, server: str) -> None:
    page.set_default_timeout(SLOW)
    open_page(page, server)
    page.get_by_role("button", name="Start", exact=True).click()
    page.get_by_text("Training. The learning rate may").wait_for()
    page.get_by_role("button", name="Pause").click()
    page.get_by_text("Paused: the clock stands still").wait_for()
    before = page.get_by_role("group", name="node").inner_text()
    page.reload()  # in the middle of a run
    page.get_by_text("Paused: the clock stands still").wait_for()
    assert page.get_by_role("group", name="node").inner_text() == before
    page.get_by_role("button", name="Continue").click()
    other = page.context.new_page()
    open_page(other, server)
    for view in (page, other):  # see the same
        view.set_default_timeout(SLOW)
        view.get_by_text("Done: ").wait_for()
        assert number(view, "test accuracy") > 90
        assert number(view, "train accuracy") > 90
    other.close()
    page.wait_for_timeout(1000)  # until the last points are drawn
    accuracies = points(page, "Accuracy")[1]
    assert accuracies[0][1] < 0.2
    assert accuracies[-1][1] > 0.9
    losses = points(page, "Loss")[0]
    assert losses[0][1] > 2
    assert losses[-1][1] < 0.6
    assert len(losses) < 1500  # thinned by the server


@in_a_browser
def test_a_one_is_drawn_and_read(page: Any, server: str) -> None:
    open_page(page, f"{server}?tab=draw")
    page.locator("canvas").wait_for()
    draw(page, (0.5, 0.15), (0.48, 0.85))
    page.locator(".ng-digit", has_text="1").wait_for()  # a stroke begins as something else
    one = page.get_by_role("meter", name="1", exact=True)
    assert float(one.get_attribute("aria-valuenow")) > 50


@in_a_browser
def test_the_secant_shown_is_the_librarys_number(page: Any, server: str, folder: Path) -> None:
    page.set_default_timeout(SLOW)
    open_page(page, f"{server}?tab=nudge")
    unit = page.get_by_role("img", name="Weights of the unit chosen")
    page.get_by_text(re.compile(r"Unit \d+, pixel")).wait_for()
    unit.locator("img[alt='']").wait_for()  # which it has once it is loaded
    box = unit.bounding_box()
    unit.click(position={"x": 14.5 / 28 * box["width"], "y": 12.5 / 28 * box["height"]})
    page.get_by_text("pixel 350: row 12, column 14").wait_for()
    column = int(page.get_by_label("Unit", exact=True).input_value())
    (run,) = (folder / "runs").iterdir()
    network = RunFolder.open(run).network().copy("float64")
    (x_train, t_train), _ = ng.load_mnist(normalize=False)
    chosen = np.random.default_rng(0).choice(len(x_train), 100, replace=False)
    x, t = as_inputs(x_train[chosen], "float64"), t_train[chosen]
    weights = network.params["W1"]

    def loss(w: np.ndarray) -> float:
        weights[350, column] = w[0]
        return network.loss(x, t)

    start = np.array([weights[350, column]])
    h, slider = 0.1, page.get_by_role("slider", name="The nudge h")
    for _ in range(2):  # with the first h, and with the next
        expected = float(ng.numerical_gradient(loss, start, h=h)[0])
        upper = loss(start + h)
        weights[350, column] = start[0]
        page.wait_for_function(
            "([row, text]) => row.innerText.includes(text)",
            arg=[row(page, "L(w + h)").element_handle(), f"{upper:.12g}"[:-1]],
        )
        shown = row(page, "secant (plain)").get_by_role("cell").first.inner_text()
        assert float(shown) == pytest.approx(expected, rel=1e-6)
        slider.locator("[tabindex='0']").first.focus()
        page.keyboard.press("ArrowLeft")
        h = 10 ** float(slider.get_attribute("aria-valuenow"))
