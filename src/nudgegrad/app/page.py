"""The page: header, language, dark or light, and the five tabs."""

from __future__ import annotations

import importlib
from typing import Any

from fastapi import Request
from nicegui import ui

from nudgegrad.app.context import Context
from nudgegrad.app.session import Session
from nudgegrad.app.style import BRAND, STYLE
from nudgegrad.app.texts import HTML_LANGUAGES, Texts, choose_language
from nudgegrad.messages import LANGUAGES

__all__ = ["TABS", "add_page"]

TABS = ("train", "draw", "nudge", "walk", "look")
LOOK_SECONDS = 0.2
THEMES: dict[str, tuple[bool | None, str]] = {
    "auto": (None, "brightness_auto"),
    "light": (False, "light_mode"),
    "dark": (True, "dark_mode"),
}
OBSERVE_DARK = """
const dark = () => document.body.classList.contains("body--dark");
new MutationObserver(() => emitEvent("nudgegrad_dark", dark()))
  .observe(document.body, {attributes: true, attributeFilter: ["class"]});
emitEvent("nudgegrad_dark", dark());
"""


def add_page(session: Session) -> None:
    """Have NiceGUI serve the page of a session at ``/``."""

    def page(request: Request) -> None:
        cookies = request.cookies
        language = choose_language(
            cookies.get("nudgegrad_language"), request.headers.get("accept-language", "")
        )
        theme = cookies.get("nudgegrad_theme", "auto")
        tab = request.query_params.get("tab", TABS[0])
        _View(
            session,
            Texts(language),
            theme=theme if theme in THEMES else "auto",
            tab=tab if tab in TABS else TABS[0],
        ).open()

    ui.page("/", title="nudgegrad", dark=None)(page)


class _View:
    """The page in one browser tab."""

    def __init__(self, session: Session, texts: Texts, *, theme: str, tab: str) -> None:
        self.session, self.texts, self.theme, self.tab = session, texts, theme, tab
        self.dark = theme == "dark"
        self.states: dict[str, dict[str, Any]] = {name: {} for name in TABS}
        self.contexts: dict[str, Context] = {}
        self.panels: dict[str, ui.tab_panel] = {}

    def open(self) -> None:
        """Make what stays, and render the rest."""
        ui.colors(**BRAND)
        ui.add_css(STYLE)
        ui.add_head_html(f"<script>{self._set_language()}</script>")
        self.dark_mode = ui.dark_mode(THEMES[self.theme][0])
        ui.on("nudgegrad_dark", lambda event: self._turn(bool(event.args)))
        self.header = ui.header(elevated=False).classes("ng-header gap-0")
        self.body = ui.element("div").classes("w-full")
        self.render()
        self.texts.on_switch(self._switched)
        ui.timer(LOOK_SECONDS, self._tick)
        ui.context.client.on_connect(lambda: ui.run_javascript(OBSERVE_DARK))

    def render(self) -> None:
        """Make everything that has words in it, in the language of now."""
        self.contexts.clear()
        self.header.clear()
        self.body.clear()
        with self.header:
            self._fill_header()
        with self.body, ui.tab_panels(
            self.tabs, value=self.tab, animated=False, on_change=lambda event: self._go(event.value)
        ).classes("ng-panels"):  # fmt: skip
            self.panels = {name: ui.tab_panel(name) for name in TABS}
        self._build(self.tab)

    def _fill_header(self) -> None:
        _ = self.texts
        titles = {
            "train": _("Train"),
            "draw": _("Draw"),
            "nudge": _("Nudge"),
            "walk": _("Walk"),
            "look": _("Look"),
        }
        with ui.row().classes("w-full items-center no-wrap"):
            ui.label("nudgegrad").props("role=heading aria-level=1").classes("ng-title")
            ui.space()
            self._languages()
            self._themes()
        with ui.tabs().classes("w-full") as self.tabs:
            self.tabs.props("align=left no-caps inline-label outside-arrows mobile-arrows")
            for name in TABS:
                ui.tab(name, titles[name])

    def _languages(self) -> None:
        _ = self.texts
        button = ui.button(LANGUAGES[_.language], icon="translate")
        button.props("flat dense no-caps color=white").props["aria-label"] = _("Language")
        with button, ui.menu():
            for code, name in LANGUAGES.items():
                item = ui.menu_item(name, lambda code=code: self.texts.switch(code))
                item.props(f"lang={HTML_LANGUAGES[code]}")

    def _themes(self) -> None:
        _ = self.texts
        names = {"auto": _("As the system"), "light": _("Light"), "dark": _("Dark")}
        button = ui.button(icon=THEMES[self.theme][1]).props("flat dense round color=white")
        button.props["aria-label"] = _("Dark or light")

        def choose(theme: str) -> None:
            self.theme = theme
            self.dark_mode.value, button.icon = THEMES[theme][0], THEMES[theme][1]
            ui.run_javascript(_cookie("nudgegrad_theme", theme))

        with button, ui.menu():
            for theme, name in names.items():
                ui.menu_item(name, lambda theme=theme: choose(theme))

    def _go(self, tab: Any) -> None:
        self.tab = str(tab)
        self._build(self.tab)
        ui.run_javascript(f"history.replaceState(null, '', '?tab={self.tab}')")

    def _build(self, tab: str) -> None:
        if tab in self.contexts:
            return
        context = Context(self.session, self.texts, self.states[tab], lambda: self.dark)
        self.contexts[tab] = context
        with self.panels[tab]:
            importlib.import_module(f"nudgegrad.app.tabs.{tab}").build(context)

    def _switched(self) -> None:
        self.render()
        keep = _cookie("nudgegrad_language", self.texts.language)
        self.body.client.run_javascript(f"{self._set_language()}; {keep}")

    def _set_language(self) -> str:
        return f"document.documentElement.lang = '{HTML_LANGUAGES[self.texts.language]}'"

    async def _tick(self) -> None:
        context = self.contexts.get(self.tab)
        if context is not None:
            await context.tick()

    def _turn(self, dark: bool) -> None:
        if dark == self.dark:
            return
        self.dark = dark
        for context in self.contexts.values():
            context.repaint()


def _cookie(name: str, value: str) -> str:
    return f"document.cookie = '{name}={value}; path=/; max-age=31536000; SameSite=Strict'"
