"""The page in a real browser, served by a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.app.browser import in_a_browser, open_page, serve, status, switch_language
from tests.cli.processes import COMMAND, write_data

pytest.importorskip("nicegui")
TABS = {
    "en": ["Train", "Draw", "Nudge", "Walk", "Look"],
    "zh-CN": ["训练", "手写", "微小变化", "步骤", "观察"],
    "ja": ["訓練", "手書き", "微小変化", "手順", "観察"],
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a running server."""
    folder = tmp_path_factory.mktemp("app")
    yield from serve(COMMAND, "app", "--no-open", "--port", cwd=folder)


@pytest.fixture
def helpers(tmp_path: Path) -> Iterator[str]:
    """The address of a server whose first tab uses every helper."""
    script, data = Path(__file__).with_name("all_helpers.py"), write_data(tmp_path / "data.npz")
    yield from serve([sys.executable, str(script)], str(data), cwd=tmp_path)


def test_strangers_are_refused(server: str) -> None:
    assert status(server, Host="evil.example") == 403
    assert status(server, Origin="http://evil.example") == 403
    assert status(server, Origin=server.rstrip("/")) == 200
    socket_io = f"{server}_nicegui_ws/socket.io/?EIO=4&transport=polling"
    assert status(socket_io, Origin="http://evil.example") == 403


@in_a_browser
@pytest.mark.parametrize("width", [1440, 390])
def test_all_tabs_fit_and_are_reached_by_keys(page: Any, server: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    open_page(page, server)
    assert page.title() == "nudgegrad"
    tabs = page.get_by_role("tab")
    assert tabs.all_inner_texts() == TABS["en"]
    tabs.first.focus()
    for number, name in enumerate(TABS["en"]):
        if number:
            page.keyboard.press("ArrowRight")
            page.keyboard.press("Enter")
        page.get_by_role("tab", name=name, selected=True).wait_for()
        page.get_by_role("tabpanel").last.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@in_a_browser
def test_the_language_is_switched_and_kept(page: Any, server: str) -> None:
    open_page(page, f"{server}?tab=walk")
    for name, code in (("简体中文", "zh-CN"), ("日本語", "ja")):
        switch_language(page, name, code)
        page.get_by_role("tab", name=TABS[code][0]).wait_for()
        assert page.get_by_role("tab").all_inner_texts() == TABS[code]
    page.reload()
    page.get_by_role("tab", name=TABS["ja"][3], selected=True).wait_for()
    assert page.evaluate("document.documentElement.lang") == "ja"


@in_a_browser
def test_the_browser_says_the_first_language(browser: Any, server: str) -> None:
    with browser.new_context(locale="zh-CN") as context:
        page = context.new_page()
        open_page(page, server)
        assert page.get_by_role("tab").all_inner_texts() == TABS["zh-CN"]


@in_a_browser
def test_dark_and_light(page: Any, server: str) -> None:
    open_page(page, server)
    is_dark = "document.body.classList.contains('body--dark')"
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(is_dark)
    page.get_by_role("button", name="Dark or light").click()
    page.get_by_text("Light", exact=True).click()
    page.wait_for_function(f"!{is_dark}")
    page.reload()
    page.get_by_role("tab").first.wait_for()
    page.wait_for_function(f"!{is_dark}")


@in_a_browser
def test_a_foreign_page_gets_no_websocket(page: Any, browser: Any, server: str) -> None:
    foreign = browser.new_page()
    address = f"{server.replace('http', 'ws', 1)}_nicegui_ws/socket.io/?EIO=4&transport=websocket"
    opened = foreign.evaluate(
        """address => new Promise(done => {
          const socket = new WebSocket(address);
          socket.onopen = () => done(true);
          socket.onerror = () => done(false);
        })""",
        address,
    )
    foreign.close()
    assert opened is False
    open_page(page, server)


@in_a_browser
def test_helpers_of_tabs(helpers: str, page: Any) -> None:
    open_page(page, helpers)
    page.get_by_text("built 1 in en").wait_for()
    page.get_by_text("W1 (16, 5)").wait_for()
    page.get_by_label("Number", exact=True).fill("7")
    page.get_by_text("changed to 7", exact=True).wait_for()
    page.locator(".q-slider [tabindex='0']").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_text("changed to 0.6").wait_for()
    page.get_by_role("switch").click()
    page.get_by_text("changed to True").wait_for()
    page.get_by_role("button", name="? Number").focus()
    page.keyboard.press("Enter")
    page.get_by_text("A", exact=True).wait_for()
    page.keyboard.press("Escape")
    page.emulate_media(color_scheme="dark")
    page.get_by_text("changed to 'dark'").wait_for()
    page.get_by_role("button", name="Refused").click()
    page.get_by_text("run must be the name of a folder").wait_for()
    page.get_by_role("button", name="Begin").click()
    page.get_by_text("completed 300").wait_for()
    page.get_by_role("img", name="chart").wait_for()
    for kind, start in (("PNG", b"\x89PNG"), ("SVG", b"<?xml"), ("CSV", b"a,b")):
        with page.expect_download() as download:
            page.get_by_role("button", name=f"Download {kind}").click()
        assert download.value.suggested_filename == f"figure.{kind.lower()}"
        assert Path(download.value.path()).read_bytes().startswith(start)
    switch_language(page, "日本語", "ja")
    page.get_by_text("built 2 in ja").wait_for()
    page.get_by_text("完了 300").wait_for()
    page.reload()  # loses nothing
    page.get_by_text("完了 300").wait_for()
