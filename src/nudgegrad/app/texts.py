"""The language of a browser, and texts in it."""

from __future__ import annotations

from collections.abc import Callable

from nudgegrad.messages import LANGUAGES, translator
from nudgegrad.validation import check_choice

__all__ = ["HTML_LANGUAGES", "Texts", "choose_language"]

HTML_LANGUAGES = {"en": "en", "zh_CN": "zh-CN", "ja": "ja"}
"""Language code → what HTML calls it."""


def choose_language(kept: str | None, accepted: str) -> str:
    """Return the language kept from an earlier visit, or the dearest one that the browser names.

    Parameters
    ----------
    kept
        A code of `nudgegrad.messages.LANGUAGES`; anything else counts as nothing.
    accepted
        The header Accept-Language.
    """
    if kept in LANGUAGES:
        return kept
    known = {code[:2]: code for code in LANGUAGES}
    best, weight = "en", 0.0
    for part in accepted.split(","):
        name, _, quality = part.partition(";")
        code = known.get(name.strip().lower().split("-")[0])
        try:
            here = float(quality.strip().removeprefix("q=") or 1)
        except ValueError:
            here = 0.0
        if code is not None and here > weight:
            best, weight = code, here
    return best


class Texts:
    """The translator of one browser tab.

    Parameters
    ----------
    language
        One of `nudgegrad.messages.LANGUAGES`.
    """

    def __init__(self, language: str = "en") -> None:
        self._on_switch: list[Callable[[], object]] = []
        self._set(language)

    def _set(self, language: str) -> None:
        self.language = check_choice("language", language, tuple(LANGUAGES))
        self._translate = translator(language)

    def __call__(self, text: str) -> str:
        """Return an English text of this package in the language."""
        return self._translate(text)

    def on_switch(self, callback: Callable[[], object]) -> None:
        """Have the callback called after every switch; the page renders itself anew by it."""
        self._on_switch.append(callback)

    def switch(self, language: str) -> None:
        """Change the language."""
        if language == self.language:
            return
        self._set(language)
        for callback in self._on_switch:
            callback()
