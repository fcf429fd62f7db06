"""The three READMEs say the same, and what they point at is there."""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ENGLISH = "README.md"
TRANSLATIONS = ["README.zh-CN.md", "README.ja.md"]
ALL = [ENGLISH, *TRANSLATIONS]

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
LINK = re.compile(r"(!?)\[[^\]]*\]\(([^)\s]+)\)")
INLINE_CODE = re.compile(r"`[^`\n]+`")
NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)*|[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+")


@dataclass
class Readme:
    """A README taken apart; prose is what is left without code, comments and link targets."""

    text: str
    code: list[tuple[str, str]]
    images: list[str]
    links: list[str]
    headings: list[int]
    table_rows: list[int]
    inline_code: Counter[str]
    numbers: Counter[str]


def read(name: str) -> Readme:
    text = (ROOT / name).read_text(encoding="utf-8")
    rest = COMMENT.sub("", FENCE.sub("", text))
    targets = [(bool(mark), target) for mark, target in LINK.findall(rest)]
    lines = rest.splitlines()
    prose = INLINE_CODE.sub("", re.sub(r"\]\([^)\s]+\)", "]", rest))
    return Readme(
        text=text,
        code=[(language, code) for language, code in FENCE.findall(text)],
        images=[target for image, target in targets if image],
        links=[target for image, target in targets if not image and ":" not in target],
        headings=[len(match[0]) for line in lines if (match := re.match(r"#+(?= )", line))],
        table_rows=[line.count("|") for line in lines if line.startswith("|")],
        inline_code=Counter(INLINE_CODE.findall(rest)),
        numbers=Counter(NUMBER.findall(prose)),
    )


def without_comments(blocks: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(language, re.sub(r"[ \t]*#.*", "", code)) for language, code in blocks]


def command_after(text: str, mark: str) -> str:
    found = re.findall(rf"^<!-- {mark} -->\n```\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"<!-- {mark} --> must stand once, just before a code block"
    return str(found[0])


@pytest.mark.parametrize("name", TRANSLATIONS)
def test_a_translation_is_built_like_the_english_one(name: str) -> None:
    english, other = read(ENGLISH), read(name)
    assert english.headings
    assert english.table_rows
    assert other.headings == english.headings
    assert other.table_rows == english.table_rows
    own = {"README.zh-CN.md": "-zh_CN-", "README.ja.md": "-ja-"}[name]  # pictures with words
    assert [image.replace(own, "-en-") for image in other.images] == english.images
    assert other.inline_code == english.inline_code


@pytest.mark.parametrize("name", TRANSLATIONS)
def test_a_translation_has_the_same_code(name: str) -> None:
    english = without_comments(read(ENGLISH).code)
    assert english
    assert without_comments(read(name).code) == english


@pytest.mark.parametrize("name", TRANSLATIONS)
def test_a_translation_has_the_same_numbers(name: str) -> None:
    english = read(ENGLISH).numbers
    assert english
    assert read(name).numbers == english


@pytest.mark.parametrize("name", ALL)
def test_links(name: str) -> None:
    readme, english = read(name), read(ENGLISH)
    assert [link for link in readme.links if link in ALL] == [
        other for other in ALL if other != name
    ]
    assert [link for link in readme.links if link not in ALL] == [
        link for link in english.links if link not in ALL
    ]
    missing = [
        target
        for target in [*readme.links, *readme.images]
        if ":" not in target and not (ROOT / target.partition("#")[0]).exists()
    ]
    assert not missing


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("mark", ["run command", "test command"])
def test_commands(name: str, mark: str) -> None:
    command = command_after(read(name).text, mark)
    assert command.startswith("pip install")
    assert command == command_after(read(ENGLISH).text, mark)


@pytest.mark.parametrize("name", ALL)
def test_python_blocks_parse(name: str) -> None:
    blocks = [code for language, code in read(name).code if language == "python"]
    assert blocks
    for block in blocks:
        ast.parse(block)
