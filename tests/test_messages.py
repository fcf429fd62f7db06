"""The catalogues: complete, in step with the code, and compiled."""

from __future__ import annotations

import ast
import importlib.util
import string
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nudgegrad.messages import DOMAIN, LANGUAGES, LOCALE_FOLDER, default_language, translator
from nudgegrad.validation import ParameterError
from nudgegrad.walkthrough import hand_example, walk

SCRIPT = Path(__file__).parents[1] / "docs" / "translations.py"


@pytest.fixture(scope="module")
def script() -> ModuleType:
    pytest.importorskip("babel")
    spec = importlib.util.spec_from_file_location("translations", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def placeholders(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


def sources(catalog: Any) -> dict[str, list[str]]:
    """Return text → the files it is in."""
    return {m.id: sorted({file for file, _ in m.locations}) for m in catalog if m.id}


def test_template_is_up_to_date_with_the_code(script: ModuleType) -> None:
    with script.TEMPLATE.open("rb") as stream:
        template = sources(script.read_po(stream))
    assert template == sources(script.extract()), (
        "run python docs/translations.py and translate what it lists"
    )


def test_no_text_is_where_the_script_does_not_look(script: ModuleType) -> None:
    hidden = [
        f"{file.relative_to(script.SOURCE)}:{outer.lineno}"
        for file in script.SOURCE.rglob("*.py")
        for outer in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(outer, ast.JoinedStr)
        for inner in ast.walk(outer)
        if isinstance(inner, ast.Call) and ast.unparse(inner.func) == "_"
    ]
    assert hidden == [], "take the text out of the f-string"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated(script: ModuleType, language: str) -> None:
    texts = script.read(language)
    assert sources(texts) == sources(script.extract())
    for message in texts:
        if message.id:
            assert message.string, message.id
            assert not message.fuzzy, message.id
            assert placeholders(message.string) == placeholders(message.id), message.id
            assert (message.string == message.id) is (language == "en"), message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_compiled_catalogue_is_that_of_the_po_file(script: ModuleType, language: str) -> None:
    compiled = script.po_file(language).with_suffix(".mo").read_bytes()
    assert compiled == script.mo_bytes(script.read(language)), "run python docs/translations.py"


def test_script_adds_new_texts_and_drops_old_ones(script: ModuleType) -> None:
    template, texts = script.Texts(), script.read("ja")
    for text in ("parameter", "a new text"):
        template.add(text, locations=[("new.py", 0)])
    script.update(texts, template)
    assert {m.id: m.string for m in texts if m.id} == {
        "parameter": "パラメータ",
        "a new text": None,
    }


def test_catalogues_are_those_of_the_languages() -> None:
    folders = {path.name for path in LOCALE_FOLDER.iterdir() if path.is_dir()}
    assert folders == set(LANGUAGES)
    for language in LANGUAGES:
        assert (LOCALE_FOLDER / language / "LC_MESSAGES" / f"{DOMAIN}.mo").is_file()


@pytest.mark.parametrize(
    ("language", "title", "label"),
    [
        ("en", "The loss function is called", "gradient of W1"),
        ("zh_CN", "调用损失函数", "W1 的梯度"),
        ("ja", "損失関数を呼び出す", "W1 の勾配"),
    ],
)
def test_a_walk_in_each_language(language: str, title: str, label: str) -> None:
    steps = walk(*hand_example(), data_name="", translate=translator(language))
    assert steps[3].title == title
    assert label in dict(steps[7].facts)
    assert not any("{" in text for step in steps for text in (step.explanation, step.title))


@pytest.mark.parametrize(
    ("language", "terms"),
    [
        (
            "zh_CN",
            "数值微分 梯度 权重 偏置 损失函数 交叉熵误差 激活函数 批数据 学习率 反向误差传播 "
            "正确解标签 准确率",
        ),
        (
            "ja",
            "数値微分 勾配 重み バイアス 損失関数 交差エントロピー誤差 活性化関数 ミニバッチ "
            "学習率 誤差逆伝播法 正解ラベル 認識精度",
        ),
    ],
)
def test_terms_of_the_lesson(language: str, terms: str) -> None:
    text = str(walk(*hand_example(), data_name="", translate=translator(language)))
    assert [term for term in terms.split() if term not in text] == []


def test_unknown_language_is_refused() -> None:
    with pytest.raises(ParameterError, match="language must be one of en, zh_CN, ja, got 'de'"):
        translator("de")


def test_a_text_of_no_catalogue_comes_back() -> None:
    assert translator("ja")("no such text") == "no such text"


def test_language_of_the_locale_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "ja")
    assert translator()("parameter") == "パラメータ"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh_CN"),
        ({"LANG": "zh_TW"}, "zh_CN"),
        ({"LANG": "zh-Hans"}, "zh_CN"),
        ({"LANG": "ja_JP.eucJP"}, "ja"),
        ({"LANG": "ja"}, "ja"),
        ({"LANG": "jam_JM"}, "en"),
        ({"LANG": "ja_JP", "LC_MESSAGES": "zh_CN"}, "zh_CN"),
        ({"LANG": "ja_JP", "LC_MESSAGES": "zh_CN", "LC_ALL": "en_US"}, "en"),
        ({"LANG": "zh_CN", "LC_ALL": ""}, "zh_CN"),
        ({"LANG": "en_US", "LANGUAGE": "fr:ja:zh"}, "ja"),
        ({"LANG": "ja_JP", "LANGUAGE": "en_GB:en"}, "en"),
    ],
)
def test_default_language(environment: dict[str, str], language: str) -> None:
    assert default_language(environment) == language
