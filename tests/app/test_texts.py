"""The language of a browser."""

from __future__ import annotations

import pytest

from nudgegrad.app.texts import Texts, choose_language
from nudgegrad.validation import ParameterError


@pytest.mark.parametrize(
    ("kept", "accepted", "language"),
    [
        (None, "", "en"),
        (None, "de-DE,de;q=0.9", "en"),
        (None, "ja", "ja"),
        (None, "zh-Hant-TW,zh;q=0.9,en;q=0.8", "zh_CN"),
        (None, "en;q=0.5,ja;q=0.9", "ja"),
        (None, "fr,ja;q=0.2,en;q=0.1", "ja"),
        (None, "ja;q=broken,en", "en"),
        (None, "ja;q=0", "en"),
        ("zh_CN", "ja", "zh_CN"),
        ("../../etc", "ja", "ja"),
    ],
)
def test_language_of_a_browser(kept: str | None, accepted: str, language: str) -> None:
    assert choose_language(kept, accepted) == language


def test_switching_tells_who_asked() -> None:
    texts = Texts("en")
    told: list[str] = []
    texts.on_switch(lambda: told.append(texts("parameter")))
    texts.switch("ja")
    texts.switch("ja")
    assert told == ["パラメータ"]
    with pytest.raises(ParameterError):
        texts.switch("xx")
    assert texts.language == "ja"
